//! The audit log: numbered events per tenant, only ever appended.

use async_trait::async_trait;
use protocol::api::UnixMillis;
use protocol::ids::{RoomId, SessionId};

use super::{Result, TenantScope};

/// An event on its way into the log; made by [`crate::audit`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// `session.start`
    pub kind: &'static str,
    pub at: UnixMillis,
    pub session: Option<SessionId>,
    pub room: Option<RoomId>,
    /// One JSON object.
    pub body: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// From 0, without gaps.
    pub seq: u64,
    pub kind: String,
    pub at: UnixMillis,
    /// Keeps the hash of a purged body from being guessed.
    pub salt: [u8; 16],
    pub body: String,
}

/// Which events to read; `None` is no bound.
#[derive(Debug, Clone, Copy, Default)]
pub struct EventFilter {
    /// The first position wanted.
    pub from_seq: u64,
    pub from: Option<UnixMillis>,
    /// Up to and without this time.
    pub to: Option<UnixMillis>,
}

#[async_trait]
pub trait Events {
    /// Appends durably; returns the position.
    async fn append_event(&self, scope: &TenantScope, event: NewEvent) -> Result<u64>;

    /// At most `limit` events in the order of the log.
    async fn events(&self, scope: &TenantScope, filter: EventFilter, limit: u32) -> Result<Vec<StoredEvent>>;

    /// Fails when events cannot be written at the moment: disk full, read-only, locked.
    async fn probe_writable(&self) -> Result<()>;
}
