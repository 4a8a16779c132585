//! What makes the audit log tamper-evident, for whoever keeps it and whoever checks it: a Merkle tree over the events
//! ([`merkle`]) and signed notes of how it stood ([`checkpoint`]).
//!
//! `docs/audit-log.md` has the format in words.

pub mod checkpoint;
pub mod merkle;

pub use checkpoint::{Checkpoint, CheckpointError, LogKey, LogSigner};
pub use merkle::{CompactRange, Hash};
