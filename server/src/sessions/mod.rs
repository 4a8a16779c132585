//! Remote-access sessions: who may start one, how it starts, how it lives, and how it ends.
//!
//! [`SessionManager`] owns the map of live sessions. Starting one ([`start`]) goes through the gate ([`gate`]), a nonce of the
//! console, the durable `session.start`, the signed grant and the console's consent, in this order. From then
//! on one task owns the session ([`live`]) and ends it in one place, whoever wants it to end.
//!
//! INVARIANT: every stored `session.start` gets exactly one `session.end`: by the task that owns the session, or after a
//! restart of the server by [`SessionManager::close_leftovers`]; the database refuses a second one.

mod directory;
mod gate;
mod leases;
pub mod life;
mod limits;
mod live;
mod manager;
mod start;

pub use gate::{Gate, Requester};
pub use limits::{Limits, SessionLimits};
pub use manager::{Capacity, SessionManager};
pub use start::StartError;
