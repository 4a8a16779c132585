use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use snow::resolvers::{CryptoResolver as _, DefaultResolver};

use crate::wire::{Cursor, Decode, DecodeError, Encode};

/// Bytes that are never shown, logged or serialised by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<const N: usize>([u8; N]);

impl<const N: usize> Secret<N> {
    pub fn new(bytes: [u8; N]) -> Self {
        Self(bytes)
    }

    /// The bytes, for the one place that needs them.
    pub fn expose(&self) -> &[u8; N] {
        &self.0
    }
}

impl<const N: usize> std::fmt::Debug for Secret<N> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("secret")
    }
}

/// The public half of an X25519 key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey(pub [u8; 32]);

/// The private half of an X25519 key.
pub type SecretKey = Secret<32>;

impl Secret<32> {
    /// The public half that belongs to this private key (any 32 random bytes are one).
    pub fn public_key(&self) -> PublicKey {
        let mut dh = DefaultResolver
            .resolve_dh(&snow::params::DHChoice::Curve25519)
            .unwrap_or_else(|| unreachable!("snow is built with curve25519"));
        dh.set(&self.0);
        let mut key = [0; 32];
        key.copy_from_slice(dh.pubkey());
        PublicKey(key)
    }
}

/// The text form: base64 for URLs, without padding, 43 characters.
impl std::fmt::Display for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl std::str::FromStr for PublicKey {
    type Err = DecodeError;

    fn from_str(text: &str) -> Result<Self, DecodeError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or_else(|| DecodeError::invalid("PublicKey", "not 32 bytes of base64"))
    }
}

impl Encode for PublicKey {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }
}

impl Decode for PublicKey {
    fn decode(input: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        input.array("PublicKey").map(Self)
    }
}

crate::ids::text_in_api!(PublicKey);
