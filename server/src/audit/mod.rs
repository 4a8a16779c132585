//! The audit log: who did what, when, to which room, and how it ended. Never what was typed or shown.
//!
//! [`Event`] holds one variant per event with its fields; [`Auditor`] stamps it with time, actor and address. The log
//! itself is `storage::Events`.

mod auditor;
mod event;
pub mod words;

pub use auditor::{Actor, Auditor, Client};
pub use event::{Category, Event, FieldChange, Outcome, SessionFacts};
