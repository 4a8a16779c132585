//! The three handshakes and the transport that follows each ([Noise], by the crate `snow`).
//!
//! | conversation | pattern | initiator | who is proven how |
//! |---|---|---|---|
//! | session | `IK` | viewer | agent by its enrolled key, viewer by the key in its grant |
//! | link | `IK` | agent | server by its pinned key, agent by its enrolled key |
//! | enrolment | `XKpsk3` | agent | server by the key in the enrolment string, agent by the secret in it |
//!
//! Handshake messages carry no payload: the first one can be replayed, so nothing may follow from it.
//!
//! [Noise]: https://noiseprotocol.org/noise.html

use snow::{Builder, HandshakeState, TransportState};

use super::{PublicKey, Secret, SecretKey};
use crate::ids::{ConsoleId, SessionId, TenantId};
use crate::wire::Encode as _;

/// Largest Noise message in bytes, and so the largest WebSocket message of a session.
pub const MESSAGE_MAX_BYTES: usize = 65_535;
/// What sealing adds.
pub const TAG_BYTES: usize = 16;
/// Largest plaintext of one message in bytes.
pub const PLAINTEXT_MAX_BYTES: usize = MESSAGE_MAX_BYTES - TAG_BYTES;

const IK: &str = "Noise_IK_25519_ChaChaPoly_BLAKE2s";
const XK_PSK3: &str = "Noise_XKpsk3_25519_ChaChaPoly_BLAKE2s";
/// After so many bytes or messages in one direction, its key is renewed.
const REKEY_BYTES: u64 = 1 << 30;
const REKEY_MESSAGES: u64 = 1 << 20;

/// Why a message of a handshake or transport was refused. There is no way on from it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoiseError {
    #[error("the other end does not have the expected key, or the message was changed on its way")]
    Refused,
    #[error("a handshake message carries data")]
    UnexpectedPayload,
    #[error("{length} bytes do not fit one message")]
    TooLong { length: usize },
}

/// What both ends of a session must agree on before they speak: mixed into the handshake, so that a grant of another
/// session, console or tenant breaks it.
#[derive(Debug, Clone)]
pub struct SessionPrologue<'a> {
    pub tenant: &'a TenantId,
    pub console: ConsoleId,
    pub session: SessionId,
    pub grant_hash: [u8; 32],
}

impl SessionPrologue<'_> {
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = b"redring session".to_vec();
        crate::VERSION.encode(&mut bytes);
        self.tenant.encode(&mut bytes);
        self.console.encode(&mut bytes);
        self.session.encode(&mut bytes);
        self.grant_hash.encode(&mut bytes);
        bytes
    }
}

/// A handshake that is not finished.
#[derive(Debug)]
pub struct Handshake {
    state: HandshakeState,
}

impl Handshake {
    /// The viewer's side of a session; it writes first.
    pub fn session_viewer(
        key: &SecretKey,
        agent: &PublicKey,
        prologue: &SessionPrologue<'_>,
    ) -> Result<Self, NoiseError> {
        let prologue = prologue.to_bytes();
        let builder = builder(IK, key, &prologue)?.remote_public_key(&agent.0).map_err(refused)?;
        builder.build_initiator().map(Self::from).map_err(refused)
    }

    /// The agent's side of a session; it reads first.
    pub fn session_agent(key: &SecretKey, prologue: &SessionPrologue<'_>) -> Result<Self, NoiseError> {
        let prologue = prologue.to_bytes();
        builder(IK, key, &prologue)?.build_responder().map(Self::from).map_err(refused)
    }

    /// The agent's side of the link of an enrolled console; it writes first.
    pub fn link_agent(key: &SecretKey, server: &PublicKey) -> Result<Self, NoiseError> {
        let prologue = link_prologue(b"link");
        let builder = builder(IK, key, &prologue)?.remote_public_key(&server.0).map_err(refused)?;
        builder.build_initiator().map(Self::from).map_err(refused)
    }

    /// The server's side of the link of an enrolled console; it reads first.
    pub fn link_server(key: &SecretKey) -> Result<Self, NoiseError> {
        let prologue = link_prologue(b"link");
        builder(IK, key, &prologue)?.build_responder().map(Self::from).map_err(refused)
    }

    /// The agent's side of an enrolment: writes, reads, writes.
    pub fn enrolment_agent(key: &SecretKey, server: &PublicKey, secret: &Secret<32>) -> Result<Self, NoiseError> {
        let prologue = link_prologue(b"enrolment");
        let builder = builder(XK_PSK3, key, &prologue)?.psk(3, secret.expose()).map_err(refused)?;
        builder.remote_public_key(&server.0).map_err(refused)?.build_initiator().map(Self::from).map_err(refused)
    }

    /// The server's side of an enrolment: reads, writes, reads.
    pub fn enrolment_server(key: &SecretKey, secret: &Secret<32>) -> Result<Self, NoiseError> {
        let prologue = link_prologue(b"enrolment");
        let builder = builder(XK_PSK3, key, &prologue)?.psk(3, secret.expose()).map_err(refused)?;
        builder.build_responder().map(Self::from).map_err(refused)
    }

    /// Makes the next message.
    ///
    /// # Errors
    /// When it is not this side's turn.
    pub fn write(&mut self) -> Result<Vec<u8>, NoiseError> {
        // The longest message of these patterns is 96 bytes and two tags.
        let mut message = vec![0; 256];
        let length = self.state.write_message(&[], &mut message).map_err(refused)?;
        message.truncate(length);
        Ok(message)
    }

    /// Takes the other side's next message.
    ///
    /// # Errors
    /// When it was not made by the expected key for this conversation, or carries data.
    pub fn read(&mut self, message: &[u8]) -> Result<(), NoiseError> {
        let mut payload = vec![0; message.len()];
        match self.state.read_message(message, &mut payload).map_err(refused)? {
            0 => Ok(()),
            _ => Err(NoiseError::UnexpectedPayload),
        }
    }

    pub fn is_finished(&self) -> bool {
        self.state.is_handshake_finished()
    }

    /// The other side's key, once it was read.
    pub fn remote_key(&self) -> Option<PublicKey> {
        self.state.get_remote_static().and_then(|key| key.try_into().ok()).map(PublicKey)
    }

    /// The hash of the whole handshake: the same on both sides, and different for every connection.
    pub fn hash(&self) -> [u8; 32] {
        let mut hash = [0; 32];
        hash.copy_from_slice(self.state.get_handshake_hash());
        hash
    }

    /// Goes over to the transport.
    ///
    /// # Errors
    /// When the handshake is not finished.
    pub fn into_transport(self) -> Result<Transport, NoiseError> {
        let state = self.state.into_transport_mode().map_err(refused)?;
        Ok(Transport { state, sealed: Usage::default(), opened: Usage::default() })
    }
}

impl From<HandshakeState> for Handshake {
    fn from(state: HandshakeState) -> Self {
        Self { state }
    }
}

/// Seals and opens messages, in order, once each.
#[derive(Debug)]
pub struct Transport {
    state: TransportState,
    sealed: Usage,
    opened: Usage,
}

impl Transport {
    /// Seals `plaintext` into a message of its own.
    ///
    /// # Errors
    /// When it is longer than [`PLAINTEXT_MAX_BYTES`].
    pub fn seal(&mut self, plaintext: &[u8]) -> Result<Vec<u8>, NoiseError> {
        if PLAINTEXT_MAX_BYTES < plaintext.len() {
            return Err(NoiseError::TooLong { length: plaintext.len() });
        }
        let mut message = vec![0; plaintext.len() + TAG_BYTES];
        self.state.write_message(plaintext, &mut message).map_err(refused)?;
        if self.sealed.add(message.len()) {
            self.state.rekey_outgoing();
        }
        Ok(message)
    }

    /// Opens the other side's next message.
    ///
    /// # Errors
    /// When it is not that message, unchanged.
    pub fn open(&mut self, message: &[u8]) -> Result<Vec<u8>, NoiseError> {
        if MESSAGE_MAX_BYTES < message.len() {
            return Err(NoiseError::TooLong { length: message.len() });
        }
        let mut plaintext = vec![0; message.len()];
        let length = self.state.read_message(message, &mut plaintext).map_err(refused)?;
        plaintext.truncate(length);
        if self.opened.add(message.len()) {
            self.state.rekey_incoming();
        }
        Ok(plaintext)
    }
}

/// What one direction has carried since its key was renewed. Both ends count the same messages, so both
/// renew at the same one.
#[derive(Debug, Default)]
struct Usage {
    bytes: u64,
    messages: u64,
}

impl Usage {
    /// Counts a message; true when the key is to be renewed after it.
    fn add(&mut self, length: usize) -> bool {
        self.bytes += length as u64;
        self.messages += 1;
        let spent = REKEY_BYTES <= self.bytes || REKEY_MESSAGES <= self.messages;
        if spent {
            *self = Self::default();
        }
        spent
    }
}

fn builder<'a>(pattern: &str, key: &'a SecretKey, prologue: &'a [u8]) -> Result<Builder<'a>, NoiseError> {
    let params = pattern.parse().map_err(refused)?;
    Builder::new(params).local_private_key(key.expose()).map_err(refused)?.prologue(prologue).map_err(refused)
}

fn link_prologue(kind: &[u8]) -> Vec<u8> {
    let mut bytes = b"redring ".to_vec();
    bytes.extend_from_slice(kind);
    crate::VERSION.encode(&mut bytes);
    bytes
}

/// The causes inside snow are not told apart: to the other end they are one.
fn refused(_: snow::Error) -> NoiseError {
    NoiseError::Refused
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> SecretKey {
        Secret::new([byte; 32])
    }

    fn session(viewer_hash: [u8; 32], agent_hash: [u8; 32]) -> Result<(Transport, Transport), NoiseError> {
        let tenant = TenantId::new("contoso").expect("a slug");
        let prologue = |grant_hash| SessionPrologue {
            tenant: &tenant,
            console: ConsoleId([1; 16]),
            session: SessionId([2; 16]),
            grant_hash,
        };
        let mut viewer = Handshake::session_viewer(&key(1), &key(2).public_key(), &prologue(viewer_hash))?;
        let mut agent = Handshake::session_agent(&key(2), &prologue(agent_hash))?;
        agent.read(&viewer.write()?)?;
        assert_eq!(agent.remote_key(), Some(key(1).public_key()));
        viewer.read(&agent.write()?)?;
        assert_eq!(viewer.hash(), agent.hash());
        Ok((viewer.into_transport()?, agent.into_transport()?))
    }

    #[test]
    fn both_ends_read_what_the_other_wrote() {
        let (mut viewer, mut agent) = session([0; 32], [0; 32]).expect("the same grant");
        let sealed = viewer.seal(b"hello").expect("short enough");
        assert_eq!(agent.open(&sealed).as_deref(), Ok(&b"hello"[..]));
        assert_eq!(agent.open(&sealed), Err(NoiseError::Refused), "a message is opened once");
    }

    #[test]
    fn another_grant_breaks_the_handshake() {
        assert_eq!(session([0; 32], [1; 32]).map(|_| ()), Err(NoiseError::Refused));
    }

    #[test]
    fn a_changed_message_is_refused() {
        let (mut viewer, mut agent) = session([0; 32], [0; 32]).expect("the same grant");
        let mut sealed = viewer.seal(b"hello").expect("short enough");
        sealed[0] ^= 1;
        assert_eq!(agent.open(&sealed), Err(NoiseError::Refused));
    }

    #[test]
    fn keys_are_renewed_on_both_sides_at_the_same_message() {
        let (mut viewer, mut agent) = session([0; 32], [0; 32]).expect("the same grant");
        viewer.sealed.messages = REKEY_MESSAGES - 1;
        agent.opened.messages = REKEY_MESSAGES - 1;
        for text in [b"before", b"after "] {
            let sealed = viewer.seal(text).expect("short enough");
            assert_eq!(agent.open(&sealed).as_deref(), Ok(&text[..]));
        }
        assert_eq!(viewer.sealed.messages, 1);
    }

    #[test]
    fn enrolment_needs_the_secret_and_the_servers_key() {
        let enrol = |agent_secret: u8, pinned: u8| -> Result<PublicKey, NoiseError> {
            let mut agent =
                Handshake::enrolment_agent(&key(1), &key(pinned).public_key(), &Secret::new([agent_secret; 32]))?;
            let mut server = Handshake::enrolment_server(&key(2), &Secret::new([7; 32]))?;
            server.read(&agent.write()?)?;
            agent.read(&server.write()?)?;
            server.read(&agent.write()?)?;
            assert!(server.is_finished() && agent.is_finished());
            server.remote_key().ok_or(NoiseError::Refused)
        };
        assert_eq!(enrol(7, 2), Ok(key(1).public_key()));
        assert_eq!(enrol(8, 2), Err(NoiseError::Refused), "wrong secret");
        assert_eq!(enrol(7, 3), Err(NoiseError::Refused), "wrong server");
    }
}
