//! A session as two state machines without I/O: bytes and a time go in, bytes and events come out.
//!
//! Use of either machine: give it every WebSocket message with `receive`, call `handle_timeout` when `next_timeout` has
//! come, and after each call drain `poll_transmit` and `poll_event` until they are empty. An `Err` from `receive` is the
//! end of the connection, not of the session: the server may grant another connection of the same session.
//!
//! Plaintext of one Noise message: a byte with the channel (and bit 7 when more of the same message follows), a byte
//! with the number of zero bytes at the end, the body, the zeros. The viewer pads everything it sends to multiples of
//! 64 bytes, so that lengths do not tell a key from a heartbeat.
//!
//! INVARIANT: the agent's machine emits no [`AgentEvent::Input`] in a View session, and after its last event nothing is
//! held that it emitted a press for.

mod agent;
mod channel;
mod clock_sync;
mod input_ledger;
mod send_window;
mod viewer;

pub use agent::{Agent, AgentEvent};
pub use channel::PICTURE_MESSAGE_MAX_BYTES;
pub use clock_sync::ClockSync;
pub use input_ledger::InputLedger;
pub use send_window::SendWindow;
pub use viewer::{Viewer, ViewerEvent, ViewerStart};

use crate::secure::noise::NoiseError;
use crate::time::Micros;
use crate::wire::DecodeError;

/// Heartbeats of a viewer that holds nothing.
pub const HEARTBEAT_INTERVAL: Micros = Micros::from_secs(2);
/// Heartbeats while a key or button is held.
pub const HEARTBEAT_INTERVAL_HELD: Micros = Micros::from_millis(500);
/// Without a heartbeat for so long, everything held is released.
pub const RELEASE_AFTER: Micros = Micros::from_millis(1500);
/// Without a heartbeat for so long, the picture rests.
pub const SILENT_AFTER: Micros = Micros::from_secs(5);
/// Without a heartbeat for so long, the session ends.
pub const LOST_AFTER: Micros = Micros::from_secs(15);

/// Why a connection is over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    #[error("the handshake or a message was refused: {0}")]
    Noise(#[from] NoiseError),
    #[error("the viewer's key is not the one in its grant")]
    WrongKey,
    #[error("a message was not understood: {0}")]
    Decode(#[from] DecodeError),
    #[error("a message came out of order: {what}")]
    OutOfOrder { what: &'static str },
    #[error("the connection is over")]
    Over,
}
