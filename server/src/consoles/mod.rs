//! The consoles that are connected: their links, what they last said, and questions to them.
//!
//! Everything that an agent says is hostile: messages are bounded in size and number, what they hold was validated by
//! its type, and an agent can only speak about its own console and the sessions on it. Reading order: [`registry`]
//! (who is here), [`link`] (one agent's conversation), `questions` and `pace` (its bounds).

mod limits;
pub mod link;
mod pace;
mod questions;
mod receipts;
pub mod registry;
mod statement;
mod swaps;
mod welcome;

pub use limits::{LinkLimits, MESSAGE_MAX_BYTES};
pub use link::{Link, LinkHandle, Newcomer};
pub use questions::{Answer, AskError};
pub use registry::{Arrival, Presence, Registry, Report, Reports, Seat};
pub use welcome::welcome;
