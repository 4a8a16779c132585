//! The audit log: who did what, when, to which room, and how it ended. Never what was typed or shown.
//!
//! [`Event`] holds one variant per event with its fields; [`Auditor`] stamps it with time, actor and address. The log
//! itself is `storage::Events`. [`entry`] is what is hashed of an event, [`checkpoint`] signs how the log stands, [`verify`] checks it,
//! [`retention`] purges what is old.

mod auditor;
pub mod checkpoint;
pub mod entry;
mod event;
pub mod retention;
pub mod verify;
pub mod words;

pub use auditor::{Actor, Auditor, Client};
pub use event::{Category, Event, FieldChange, Outcome, SessionFacts};
