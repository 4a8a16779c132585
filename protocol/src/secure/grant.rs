use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};

use super::{PublicKey, Secret};
use crate::access::Access;
use crate::control::NAME_MAX_BYTES;
use crate::ids::{ConsoleId, RoomId, SessionId, TenantId};
use crate::terms::Terms;
use crate::time::Micros;
use crate::wire::{Cursor, Decode, DecodeError, DecodeErrorKind, Encode, Text, record};

/// Separates this signature from every other use of an Ed25519 key.
const DOMAIN: &[u8] = b"redring grant 1";

/// How long a session may last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Without a key, button, wheel, text or command for so long, the session ends.
    pub idle: Micros,
    /// After so long the session ends in any case.
    pub maximum: Micros,
}

record!(Limits { idle, maximum });

/// What one session got: the server's word that this viewer may reach this console, once.
///
/// It is bound to the viewer's and the console's keys and to a nonce that the console made for it, so it needs no
/// clock and no list of spent grants that a restart would forget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    pub version: u16,
    pub tenant: TenantId,
    pub room: RoomId,
    pub console: ConsoleId,
    pub session: SessionId,
    /// The console's session key.
    pub agent_key: PublicKey,
    /// The viewer's key, made for this connection alone.
    pub viewer_key: PublicKey,
    /// The console's own unspent nonce.
    pub nonce: [u8; 32],
    pub access: Access,
    pub limits: Limits,
    pub terms: Terms,
    /// Whether the device restarts when the session ends, as far as the server knows: true for a new session.
    pub restart_on_end: bool,
    /// How long the session has lasted already: zero for a new one, more when it is resumed.
    pub elapsed: Micros,
    /// Shown in the ring.
    pub user_name: Text<NAME_MAX_BYTES>,
    /// Position of `session.start` in the audit log.
    pub audit_position: u64,
}

record!(Grant {
    version,
    tenant,
    room,
    console,
    session,
    agent_key,
    viewer_key,
    nonce,
    access,
    limits,
    terms,
    restart_on_end,
    elapsed,
    user_name,
    audit_position,
});

/// Why a grant was refused by the one who checks it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GrantError {
    #[error("the signature is not the server's")]
    BadSignature,
    #[error("the grant is malformed: {0}")]
    Malformed(#[from] DecodeError),
    #[error("version {received} instead of {expected}")]
    Version { expected: u16, received: u16 },
}

/// A grant and the server's signature over it. Fields stay closed until the signature was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedGrant {
    bytes: Vec<u8>,
}

impl SignedGrant {
    /// Takes bytes from the network; nothing in them is believed yet.
    pub fn from_untrusted(bytes: Vec<u8>) -> Self {
        Self { bytes }
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// SHA-256 of the signed bytes, for the prologue of the session's handshake.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(&self.bytes).into()
    }

    /// Checks the signature and then reads the fields.
    ///
    /// # Errors
    /// When the signature is not by `key`, or the fields are not exactly those of this version.
    pub fn verify(&self, key: &GrantKey) -> Result<Grant, GrantError> {
        let split = self.bytes.len().checked_sub(64).ok_or(GrantError::BadSignature)?;
        let (body, signature) = self.bytes.split_at(split);
        let signature = Signature::from_slice(signature).map_err(|_| GrantError::BadSignature)?;
        let signed = [DOMAIN, body].concat();
        key.0.verify_strict(&signed, &signature).map_err(|_| GrantError::BadSignature)?;
        let grant = Grant::from_bytes(body)?;
        if grant.version != crate::VERSION {
            return Err(GrantError::Version { expected: crate::VERSION, received: grant.version });
        }
        Ok(grant)
    }

    /// Reads the fields **without** checking the signature: for the viewer, which gets its grant from the server that
    /// it has signed in to and has no key to check it with. The agent uses [`SignedGrant::verify`].
    ///
    /// # Errors
    /// When the fields are malformed.
    pub fn read_unverified(&self) -> Result<Grant, DecodeError> {
        let split = self.bytes.len().checked_sub(64).ok_or(DecodeError {
            field: "SignedGrant",
            kind: DecodeErrorKind::Truncated { expected: 64, available: self.bytes.len() },
        })?;
        Grant::from_bytes(&self.bytes[..split])
    }
}

/// The public half of the server's grant key, pinned by each agent at enrolment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantKey(VerifyingKey);

impl GrantKey {
    /// # Errors
    /// When the bytes are no key.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, GrantError> {
        VerifyingKey::from_bytes(bytes).map(Self).map_err(|_| GrantError::BadSignature)
    }

    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes()
    }
}

/// The server's grant key.
pub struct GrantSigner(SigningKey);

impl GrantSigner {
    /// Any 32 random bytes are a key.
    pub fn new(secret: &Secret<32>) -> Self {
        Self(SigningKey::from_bytes(secret.expose()))
    }

    pub fn public_key(&self) -> GrantKey {
        GrantKey(self.0.verifying_key())
    }

    pub fn sign(&self, grant: &Grant) -> SignedGrant {
        let mut bytes = grant.to_bytes();
        let signature = self.0.sign(&[DOMAIN, &bytes].concat());
        bytes.extend_from_slice(&signature.to_bytes());
        SignedGrant { bytes }
    }
}

impl std::fmt::Debug for GrantSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("GrantSigner")
    }
}

impl Encode for GrantKey {
    fn encode(&self, out: &mut Vec<u8>) {
        self.to_bytes().encode(out);
    }
}

impl Decode for GrantKey {
    fn decode(input: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        Self::from_bytes(&input.array("GrantKey")?).map_err(|_| DecodeError::invalid("GrantKey", "not an Ed25519 key"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant() -> Grant {
        Grant {
            version: crate::VERSION,
            tenant: TenantId::new("contoso").expect("a slug"),
            room: RoomId::new("aurora").expect("a slug"),
            console: ConsoleId([1; 16]),
            session: SessionId([2; 16]),
            agent_key: PublicKey([3; 32]),
            viewer_key: PublicKey([4; 32]),
            nonce: [5; 32],
            access: Access::Modify,
            limits: Limits { idle: Micros::from_secs(900), maximum: Micros::from_secs(14_400) },
            terms: Terms::default(),
            restart_on_end: true,
            elapsed: Micros::ZERO,
            user_name: Text::fitted("Tina Technician"),
            audit_position: 7,
        }
    }

    fn signer() -> GrantSigner {
        GrantSigner::new(&Secret::new([9; 32]))
    }

    #[test]
    fn a_signed_grant_is_read_back() {
        let signed = signer().sign(&grant());
        assert_eq!(signed.verify(&signer().public_key()), Ok(grant()));
    }

    #[test]
    fn no_flipped_bit_is_accepted() {
        let signed = signer().sign(&grant());
        let key = signer().public_key();
        for bit in 0..signed.as_bytes().len() * 8 {
            let mut bytes = signed.as_bytes().to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(SignedGrant::from_untrusted(bytes).verify(&key), Err(GrantError::BadSignature), "bit {bit}");
        }
    }

    #[test]
    fn another_key_and_another_length_are_refused() {
        let signed = signer().sign(&grant());
        let other = GrantSigner::new(&Secret::new([8; 32])).public_key();
        assert_eq!(signed.verify(&other), Err(GrantError::BadSignature));
        let key = signer().public_key();
        for length in 0..signed.as_bytes().len() {
            let cut = SignedGrant::from_untrusted(signed.as_bytes()[..length].to_vec());
            assert!(cut.verify(&key).is_err(), "length {length}");
        }
    }

    #[test]
    fn a_signed_grant_with_more_fields_is_refused() {
        let mut body = grant().to_bytes();
        body.push(0);
        let signature = signer().0.sign(&[DOMAIN, &body].concat());
        body.extend_from_slice(&signature.to_bytes());
        let error = SignedGrant::from_untrusted(body).verify(&signer().public_key()).expect_err("one byte too many");
        assert!(matches!(error, GrantError::Malformed(_)), "{error}");
    }
}
