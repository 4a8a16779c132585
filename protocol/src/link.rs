//! The control link between an agent and the server: presence, signals, and the start and end of sessions.
//!
//! The agent opens one WebSocket at `/ws/link`. Its first binary message is a [`Opening`] in the clear, followed by the
//! Noise handshake that it names ([`crate::secure::noise`]); then every binary message is one Noise transport message
//! with one [`FromAgent`] or [`ToAgent`] inside. No picture, key press or text ever crosses it.

use crate::access::Access;
use crate::control::Shortcut;
use crate::ids::{ConsoleId, DisplayId, DisplayInfo, RoomId, SessionId, TenantId};
use crate::reason::EndReason;
use crate::refusal::RefusalCode;
use crate::secure::{ConsoleSigningKey, RECEIPT_MAX_BYTES};
use crate::signals::{SYSTEM_USER_MAX_BYTES, Signals};
use crate::time::Micros;
use crate::wire::{Blob, List, Text, record, tagged};

/// Largest link message in bytes, after decryption.
pub const LINK_MESSAGE_MAX_BYTES: usize = 16 << 10;
/// The agent sends a [`FromAgent::Pulse`] this often; the server calls it not monitored after three missed.
pub const PULSE_INTERVAL: Micros = Micros::from_secs(20);

/// The first message of a link: which handshake follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opening {
    /// `Noise_XKpsk3` with the secret of an enrolment string; the agent is not known yet.
    Enrol { version: u16, tenant: TenantId, room: RoomId },
    /// `Noise_IK` with the key that was enrolled.
    Connect { version: u16 },
}

tagged!(Opening { 0 => Enrol { version, tenant, room }, 1 => Connect { version } });

/// What the agent knows about its machine. Everything in it is hostile text to the server and the portal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsoleInfo {
    pub agent_version: Text<32>,
    /// `windows`, `x11` or `simulated`.
    pub platform: Text<16>,
    pub host_name: Text<64>,
    pub operating_system: Text<128>,
    pub displays: List<DisplayInfo, 3>,
    /// The highest access that this console ever allows.
    pub highest_access: Access,
    /// A restart command is configured.
    pub can_restart: bool,
}

record!(ConsoleInfo { agent_version, platform, host_name, operating_system, displays, highest_access, can_restart });

/// Whether the room is in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallState {
    Idle,
    InCall {
        since: Micros,
    },
    /// Cannot be told: counts as in a call.
    Unknown,
}

tagged!(CallState { 0 => Idle, 1 => InCall { since }, 2 => Unknown });

impl CallState {
    /// Sessions may start: only when it is certain that nobody talks.
    pub const fn is_idle(self) -> bool {
        matches!(self, Self::Idle)
    }
}

/// What happened in a session, for the audit log. Names only: no typed text, no picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionEvent {
    IndicatorShown,
    IndicatorHidden,
    ViewerConnected,
    ViewerReconnected,
    DisplaySelected {
        display: DisplayId,
    },
    RestartOnEndSet {
        on: bool,
    },
    ShortcutUsed {
        shortcut: Shortcut,
    },
    RestartRequested,
    Restarted,
    InputTaken,
    /// A View session received input: `kind` is the kind of the event.
    PolicyViolation {
        kind: Text<32>,
    },
    /// Nothing passes in either direction because of a call.
    Paused,
    /// It goes on after a call.
    Resumed,
    /// Another system user than at the start is signed in at the console.
    UserSwitched {
        user: Text<SYSTEM_USER_MAX_BYTES>,
    },
    /// The viewer ended the session with *sign out and restart*.
    SignOutRequested,
}

tagged!(SessionEvent {
    0 => IndicatorShown,
    1 => IndicatorHidden,
    2 => ViewerConnected,
    3 => ViewerReconnected,
    4 => DisplaySelected { display },
    5 => RestartOnEndSet { on },
    6 => ShortcutUsed { shortcut },
    7 => RestartRequested,
    8 => Restarted,
    9 => InputTaken,
    10 => PolicyViolation { kind },
    11 => Paused,
    12 => Resumed,
    13 => UserSwitched { user },
    14 => SignOutRequested,
});

/// From the agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FromAgent {
    /// The first message after the handshake, and again when something in it changes.
    Hello {
        info: ConsoleInfo,
        call: CallState,
        /// What the console signs its receipts with; the first that the server hears of is the only one.
        signing_key: ConsoleSigningKey,
    },
    /// Here and well. `sent_at` is on the agent's clock, the one that `CallState::InCall` uses.
    Pulse {
        sent_at: Micros,
    },
    /// `sent_at` as in `Pulse`.
    CallChanged {
        call: CallState,
        sent_at: Micros,
    },
    /// Answers [`ToAgent::NonceRequest`]: good for one grant within 60 s on the agent's own clock.
    Nonce {
        request: u32,
        nonce: [u8; 32],
        call: CallState,
    },
    /// Answers [`ToAgent::NonceRequest`] or [`ToAgent::Offer`].
    Refused {
        request: u32,
        code: RefusalCode,
    },
    /// Answers [`ToAgent::Offer`]: the ring is up and the session socket is being opened.
    Accepted {
        request: u32,
        session: SessionId,
    },
    Event {
        session: SessionId,
        event: SessionEvent,
    },
    /// A session is over on the console: keys released, capture stopped, ring gone. Said on every link until
    /// [`ToAgent::ReceiptTaken`] is heard, in the order of the receipts' numbers.
    Ended {
        /// A signed [`crate::secure::Receipt`].
        receipt: Blob<RECEIPT_MAX_BYTES>,
    },
    /// After the first hello of a link, and when something changed.
    Signals {
        signals: Signals,
    },
}

tagged!(FromAgent {
    0 => Hello { info, call, signing_key },
    1 => Pulse { sent_at },
    2 => CallChanged { call, sent_at },
    3 => Nonce { request, nonce, call },
    4 => Refused { request, code },
    5 => Accepted { request, session },
    6 => Event { session, event },
    7 => Ended { receipt },
    8 => Signals { signals },
});

/// Longest URL in bytes.
pub const URL_MAX_BYTES: usize = 512;
/// Largest encoded, signed grant in bytes.
pub const GRANT_MAX_BYTES: usize = 2048;

/// From the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToAgent {
    /// The first message after the handshake.
    Welcome {
        console: ConsoleId,
        tenant: TenantId,
        room: RoomId,
        room_name: Text<128>,
        grant_key: [u8; 32],
        status: Enrolment,
    },
    /// Make a nonce for a session that somebody is about to start.
    NonceRequest { request: u32 },
    /// Somebody may connect: check the grant, show the ring, open the session socket at `relay_url` with `ticket`.
    Offer { request: u32, grant: Blob<GRANT_MAX_BYTES>, ticket: [u8; 32], relay_url: Text<URL_MAX_BYTES> },
    /// End a session now.
    End { session: SessionId, reason: EndReason },
    /// The sessions that may go on for another 15 s; any other is to end.
    Leases { sessions: List<SessionId, 64> },
    /// The last message: the server closes the link for this reason.
    Bye { reason: LinkClose },
    /// The receipt with this number is on record, or never will be: the agent forgets it.
    ReceiptTaken { number: u64 },
}

tagged!(ToAgent {
    0 => Welcome { console, tenant, room, room_name, grant_key, status },
    1 => NonceRequest { request },
    2 => Offer { request, grant, ticket, relay_url },
    3 => End { session, reason },
    4 => Leases { sessions },
    5 => Bye { reason },
    6 => ReceiptTaken { number },
});

/// How far the enrolment of a console has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enrolment {
    Approved,
    /// An administrator has to compare fingerprints first; the agent may do nothing.
    Pending,
    /// The console's key seems to be in two places; the agent may do nothing until an administrator decides.
    Quarantined,
}

tagged!(Enrolment { 0 => Approved, 1 => Pending, 2 => Quarantined });

/// Why the server closes a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkClose {
    /// Another link came up with the same key.
    Replaced,
    /// The console's key was refused or revoked, or another console took its room.
    Revoked,
    /// The agent broke the rules of the protocol.
    ProtocolError,
    /// The server stops; come back.
    Stopping,
}

tagged!(LinkClose { 0 => Replaced, 1 => Revoked, 2 => ProtocolError, 3 => Stopping });

/// The first message of a session socket, in the clear: opens it once.
///
/// The viewer sends it at `/ws/viewer`, the agent at `/ws/agent`; everything after it is ciphertext to the relay.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SocketOpening {
    pub version: u16,
    pub session: SessionId,
    pub ticket: [u8; 32],
}

record!(SocketOpening { version, session, ticket });

/// Never shows the ticket.
impl std::fmt::Debug for SocketOpening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SocketOpening")
            .field("version", &self.version)
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}

/// WebSocket close codes of Redring's sockets, beside the standard ones.
pub mod close {
    /// The ticket is unknown, spent or too old.
    pub const BAD_TICKET: u16 = 4401;
    /// The origin is not this portal.
    pub const BAD_ORIGIN: u16 = 4403;
    /// The other end of the session did not come in time.
    pub const NO_PEER: u16 = 4408;
    /// The session ended.
    pub const SESSION_ENDED: u16 = 4410;
    /// The other end of the session went away.
    pub const PEER_GONE: u16 = 4411;
    /// Too much, too fast or too many.
    pub const OVERLOADED: u16 = 4429;
    /// The message was not understood.
    pub const BAD_MESSAGE: u16 = 4400;
    /// The message was too large (RFC 6455).
    pub const TOO_LARGE: u16 = 1009;
}
