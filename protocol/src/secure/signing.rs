use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

use super::Secret;
use crate::wire::{Cursor, Decode, DecodeError, Encode};

const SIGNATURE_BYTES: usize = 64;

/// A console's signing key: what the console says about its sessions stays the console's word when its line, the server
/// or the database had it in hand.
pub struct ConsoleSigner(SigningKey);

impl ConsoleSigner {
    /// Any 32 random bytes are a key.
    pub fn new(secret: &Secret<32>) -> Self {
        Self(SigningKey::from_bytes(secret.expose()))
    }

    pub fn public_key(&self) -> ConsoleSigningKey {
        ConsoleSigningKey(self.0.verifying_key().to_bytes())
    }

    /// `body` with the signature over it and `domain` behind it.
    pub(super) fn sign(&self, domain: &[u8], body: Vec<u8>) -> Vec<u8> {
        let signature = self.0.sign(&[domain, &body].concat());
        [&body[..], &signature.to_bytes()].concat()
    }
}

impl std::fmt::Debug for ConsoleSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ConsoleSigner")
    }
}

/// The public half of a console's signing key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ConsoleSigningKey([u8; 32]);

impl ConsoleSigningKey {
    /// # Errors
    /// When the bytes are no key.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, DecodeError> {
        let key = VerifyingKey::from_bytes(bytes).ok().filter(|key| !key.is_weak());
        key.map(|_| Self(*bytes)).ok_or_else(|| DecodeError::invalid("ConsoleSigningKey", "not an Ed25519 key"))
    }

    pub fn to_bytes(&self) -> [u8; 32] {
        self.0
    }

    /// The body of what `sign` made; `None` when the signature is not this key's.
    pub(super) fn open<'a>(&self, domain: &[u8], signed: &'a [u8]) -> Option<&'a [u8]> {
        let (body, signature) = signed.split_at_checked(signed.len().checked_sub(SIGNATURE_BYTES)?)?;
        let signature = Signature::from_slice(signature).ok()?;
        let key = VerifyingKey::from_bytes(&self.0).ok()?;
        key.verify_strict(&[domain, body].concat(), &signature).ok().map(|()| body)
    }
}

impl std::fmt::Debug for ConsoleSigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ConsoleSigningKey({})", hex::encode(self.0))
    }
}

impl Encode for ConsoleSigningKey {
    fn encode(&self, out: &mut Vec<u8>) {
        self.to_bytes().encode(out);
    }
}

impl Decode for ConsoleSigningKey {
    fn decode(input: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        Self::from_bytes(&input.array("ConsoleSigningKey")?)
    }
}
