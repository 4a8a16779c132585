/**
 * A viewer written by hand, from the protocol alone: it has a genuine grant for a genuine key, and none of the portal's
 * manners.
 */

import { createHash } from 'node:crypto';
import { Handshake, makeKeyPair, type KeyPair, type Transport } from './noise.ts';
import { until } from './program.ts';
import { WebSocketByHand } from './web-socket.ts';

const VERSION = Buffer.of(3, 0);
const CONTROL = 0;
const INPUT = 1;
const PICTURE = 2;
const PADDED_TO_BYTES = 64;

/** What the server answers to a start. */
export interface StartedSession {
  session: string;
  tenant: string;
  console: string;
  access: 'view' | 'modify';
  agent_key: string;
  relay_url: string;
  ticket: string;
  grant: string;
}

const u16 = (value: number) => Buffer.from(Uint16Array.of(value).buffer);
const u32 = (value: number) => Buffer.from(Uint32Array.of(value).buffer);
const text = (value: string) => Buffer.concat([u32(Buffer.byteLength(value)), Buffer.from(value)]);

/** The middle of the console's display. */
const position = (epoch: number) => Buffer.concat([Buffer.of(0), u32(epoch), u16(32_768), u16(32_768)]);

/** Every kind of input, by the name that the audit log has for it; `epoch` is that of the viewer. */
export const inputs = {
  key: () => Buffer.of(0, 30, 1),
  pointer_move: (epoch: number) => Buffer.concat([Buffer.of(1), position(epoch)]),
  button: (epoch: number) => Buffer.concat([Buffer.of(2, 0, 1), position(epoch)]),
  wheel: (epoch: number) => Buffer.concat([Buffer.of(3), u16(0), u16(120), position(epoch)]),
  text: () => Buffer.concat([Buffer.of(4), text('x')]),
  // Caps Lock is off, as it was.
  locks: () => Buffer.of(5, 1, 0, 0, 0),
  release_all: () => Buffer.of(6),
} satisfies Record<string, (epoch: number) => Buffer>;

export class ViewerByHand {
  /** Of the list of displays: pointer events name it. */
  epoch = 0;
  private hasPicture = false;
  private bye: number | undefined;

  private constructor(
    private readonly socket: WebSocketByHand,
    private readonly transport: Transport,
  ) {}

  /** `start` asks the server for a session with this key (base64). */
  static async open(origin: string, start: (viewerKey: string) => Promise<StartedSession>): Promise<ViewerByHand> {
    const key = makeKeyPair();
    const started = await start(key.publicKey.toString('base64url'));
    const socket = await WebSocketByHand.open(started.relay_url, origin);
    socket.send(Buffer.concat([VERSION, Buffer.from(started.session, 'hex'), Buffer.from(started.ticket, 'base64url')]));
    const handshake = handshakeOf(started, key);
    socket.send(handshake.write());
    const answer = await until('the answer of the console', () => socket.next());
    const viewer = new ViewerByHand(socket, handshake.read(answer));
    viewer.send(CONTROL, Buffer.of(0, 0));
    return viewer;
  }

  input(event: Buffer): void {
    this.send(INPUT, event);
  }

  /** Returns when the console has sent a picture. */
  async picture(): Promise<void> {
    await until('a picture', () => {
      this.read();
      return this.hasPicture || undefined;
    });
  }

  /** The number of the reason that the console gave when it ended the session. */
  async endReason(): Promise<number | undefined> {
    await until('the end', () => this.socket.isClosed || undefined);
    this.read();
    return this.bye;
  }

  private send(channel: number, body: Buffer): void {
    const nZeros = (PADDED_TO_BYTES - ((body.length + 2) % PADDED_TO_BYTES)) % PADDED_TO_BYTES;
    this.socket.send(this.transport.seal(Buffer.concat([Buffer.of(channel, nZeros), body, Buffer.alloc(nZeros)])));
  }

  private read(): void {
    for (let message = this.socket.next(); message; message = this.socket.next()) {
      const [channel, , ...body] = this.transport.open(message);
      const kind = body[0];
      // Displays: their list, the chosen one, the epoch.
      if (channel === CONTROL && kind === 0) this.epoch = Buffer.from(body).readUInt32LE(body.length - 4);
      if (channel === CONTROL && kind === 8) this.bye = body[1];
      if (channel === PICTURE && kind === 1) this.hasPicture = true;
    }
  }
}

function handshakeOf(started: StartedSession, key: KeyPair): Handshake {
  const grantHash = createHash('sha256').update(Buffer.from(started.grant, 'base64url')).digest();
  const [console, session] = [started.console, started.session].map((id) => Buffer.from(id, 'hex'));
  const prologue = Buffer.concat([Buffer.from('redring session'), VERSION, text(started.tenant), console!, session!, grantHash]);
  return new Handshake(key, Buffer.from(started.agent_key, 'base64url'), prologue);
}
