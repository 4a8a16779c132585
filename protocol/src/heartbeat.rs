//! The pulse of a session: proves that the other end is there and carries what is held down.

use crate::input::HeldSet;
use crate::time::Micros;
use crate::wire::record;

/// From the viewer: every 2 s, every 0.5 s while something is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heartbeat {
    pub sequence: u32,
    /// On the viewer's clock.
    pub sent_at: Micros,
    /// What the viewer holds; the agent releases what is not in it.
    pub held: HeldSet,
}

/// From the agent: the answer to a heartbeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeartbeatReply {
    /// Of the heartbeat that is answered.
    pub sequence: u32,
    /// Copied from it.
    pub sent_at: Micros,
    /// When the heartbeat arrived, on the agent's clock.
    pub agent_at: Micros,
    /// How many input events the agent has applied.
    pub inputs_applied: u32,
}

record!(Heartbeat { sequence, sent_at, held });
record!(HeartbeatReply { sequence, sent_at, agent_at, inputs_applied });
