//! The audit log: numbered events per tenant, only ever appended, each a leaf of the tenant's Merkle tree.

use async_trait::async_trait;
use protocol::api::UnixMillis;
use protocol::audit::Checkpoint;
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
    /// One JSON object, to which the log adds position, time and tenant.
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
    /// One JSON object in canonical form, as it was hashed.
    pub body: String,
}

/// A leaf as it lies there, for whoever checks it: nothing of it is believed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawLeaf {
    pub seq: i64,
    pub hash: Vec<u8>,
    /// None when it was purged, or somebody took it away.
    pub event: Option<RawEvent>,
}

/// An event as it lies there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawEvent {
    pub at: UnixMillis,
    pub kind: Vec<u8>,
    pub session: Option<Vec<u8>>,
    pub room: Option<Vec<u8>>,
    pub salt: Vec<u8>,
    pub body: Vec<u8>,
}

/// What one purge took away, for the event that tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurgedNow {
    /// The first position that was purged now.
    pub from: u64,
    /// Everything before this position is purged by now.
    pub to: u64,
    pub count: u64,
    /// Runs after `to` that are purged, too, each up to and without its second position.
    pub beyond: Vec<(u64, u64)>,
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

    /// How the log stands: what a checkpoint says.
    async fn log_head(&self, scope: &TenantScope) -> Result<Checkpoint>;

    /// How each log stands that has grown since its last checkpoint.
    async fn logs_without_checkpoint(&self) -> Result<Vec<(TenantScope, Checkpoint)>>;

    /// Keeps the signed note about the first `size` leaves; one that is there stays.
    async fn store_checkpoint(&self, scope: &TenantScope, size: u64, note: &str) -> Result<()>;

    /// The log as it stands now, whatever is appended or purged while it is read.
    async fn log(&self, scope: &TenantScope) -> Result<Box<dyn LogReader>>;

    /// The time of the newest event of all tenants.
    async fn last_event_at(&self) -> Result<Option<UnixMillis>>;

    /// Takes away many of the texts and salts of events from before a time, and the records of sessions that ended before
    /// it, together with the event that tells of it; leaves stay. How many events went; `None` when none was left.
    async fn purge_events(
        &self,
        scope: &TenantScope,
        before: UnixMillis,
        told: &(dyn Fn(PurgedNow) -> NewEvent + Send + Sync),
    ) -> Result<Option<u64>>;

    /// Fails when events cannot be written at the moment: disk full, read-only, locked.
    async fn probe_writable(&self) -> Result<()>;
}

/// One log at one moment.
#[async_trait]
pub trait LogReader: Send {
    fn origin(&self) -> &str;

    /// None when what lies there is no head.
    fn head(&self) -> Option<&Checkpoint>;

    /// At most `limit` leaves in their order, those after `after` (or from the first).
    async fn leaves(&mut self, after: Option<i64>, limit: u32) -> Result<Vec<RawLeaf>>;

    /// At most `limit` notes in the order of their sizes, those about more than `after` leaves.
    async fn checkpoints(&mut self, after: Option<i64>, limit: u32) -> Result<Vec<(i64, Vec<u8>)>>;

    /// The note about the most leaves.
    async fn last_checkpoint(&mut self) -> Result<Option<(i64, Vec<u8>)>>;

    /// The last event that says what was purged.
    async fn last_purge(&mut self) -> Result<Option<RawLeaf>>;

    /// The lowest position of an event that is no leaf.
    async fn stray(&mut self) -> Result<Option<i64>>;

    /// The first and the last position of events from the first time up to and without the second.
    async fn span(&mut self, from: Option<UnixMillis>, to: Option<UnixMillis>) -> Result<Option<(u64, u64)>>;
}
