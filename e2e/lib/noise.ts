/** The viewer's side of `Noise_IK_25519_ChaChaPoly_BLAKE2s`, written from the specification and not from the product. */

import { createCipheriv, createDecipheriv, createHash, createHmac, createPublicKey, diffieHellman, generateKeyPairSync, type KeyObject } from 'node:crypto';

const NAME = 'Noise_IK_25519_ChaChaPoly_BLAKE2s';
const KEY_BYTES = 32;
const TAG_BYTES = 16;
const NOTHING: Buffer = Buffer.alloc(0);

export interface KeyPair {
  privateKey: KeyObject;
  /** 32 bytes. */
  publicKey: Buffer;
}

export function makeKeyPair(): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('x25519');
  return { privateKey, publicKey: Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url') };
}

const agree = ({ privateKey }: KeyPair, other: Buffer) =>
  diffieHellman({ privateKey, publicKey: createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'X25519', x: other.toString('base64url') } }) });

const hash = (...parts: Buffer[]) => createHash('blake2s256').update(Buffer.concat(parts)).digest();
const hmac = (key: Buffer, data: Buffer) => createHmac('blake2s256', key).update(data).digest();

function twoKeys(chain: Buffer, input: Buffer): [Buffer, Buffer] {
  const key = hmac(chain, input);
  const first = hmac(key, Buffer.of(1));
  return [first, hmac(key, Buffer.concat([first, Buffer.of(2)]))];
}

/** One direction of a cipher: messages in order, once each. */
class Cipher {
  private n = 0n;

  constructor(private readonly key: Buffer) {}

  seal(plaintext: Buffer, beside = NOTHING): Buffer {
    const cipher = createCipheriv('chacha20-poly1305', this.key, this.nonce(), { authTagLength: TAG_BYTES });
    cipher.setAAD(beside, { plaintextLength: plaintext.length });
    return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  }

  open(message: Buffer, beside = NOTHING): Buffer {
    const sealed = message.subarray(0, -TAG_BYTES);
    const cipher = createDecipheriv('chacha20-poly1305', this.key, this.nonce(), { authTagLength: TAG_BYTES });
    cipher.setAAD(beside, { plaintextLength: sealed.length });
    cipher.setAuthTag(message.subarray(-TAG_BYTES));
    return Buffer.concat([cipher.update(sealed), cipher.final()]);
  }

  private nonce(): Buffer {
    const nonce = Buffer.alloc(12);
    nonce.writeBigUInt64LE(this.n, 4);
    this.n += 1n;
    return nonce;
  }
}

export interface Transport {
  seal(plaintext: Buffer): Buffer;
  open(message: Buffer): Buffer;
}

/** Writes first, then reads the answer. */
export class Handshake {
  private readonly once = makeKeyPair();
  private digest: Buffer;
  private chain: Buffer;
  private cipher: Cipher | undefined;

  constructor(
    private readonly own: KeyPair,
    private readonly other: Buffer,
    prologue: Buffer,
  ) {
    this.chain = hash(Buffer.from(NAME));
    this.digest = hash(hash(this.chain, prologue), other);
  }

  write(): Buffer {
    this.mixIn(this.once.publicKey);
    this.mixKey(agree(this.once, this.other));
    const key = this.seal(this.own.publicKey);
    this.mixKey(agree(this.own, this.other));
    return Buffer.concat([this.once.publicKey, key, this.seal(NOTHING)]);
  }

  read(message: Buffer): Transport {
    const theirs = message.subarray(0, KEY_BYTES);
    this.mixIn(theirs);
    this.mixKey(agree(this.once, theirs));
    this.mixKey(agree(this.own, theirs));
    this.cipher!.open(message.subarray(KEY_BYTES), this.digest);
    const [out, back] = twoKeys(this.chain, NOTHING).map((key) => new Cipher(key));
    return { seal: (plaintext) => out!.seal(plaintext), open: (sealed) => back!.open(sealed) };
  }

  private mixIn(data: Buffer): void {
    this.digest = hash(this.digest, data);
  }

  private mixKey(secret: Buffer): void {
    const [chain, key] = twoKeys(this.chain, secret);
    this.chain = chain;
    this.cipher = new Cipher(key);
  }

  private seal(plaintext: Buffer): Buffer {
    const sealed = this.cipher!.seal(plaintext, this.digest);
    this.mixIn(sealed);
    return sealed;
  }
}
