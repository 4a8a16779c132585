//! Reading the audit log as people do: newest first, filtered, page by page.

use async_trait::async_trait;
use protocol::api::UnixMillis;
use protocol::ids::{RoomId, SessionId};

use super::{Result, TenantScope};

/// Which events are wanted; `None` is any.
#[derive(Debug, Clone, Default)]
pub struct EventSearch {
    pub from: Option<UnixMillis>,
    /// Up to and without this time.
    pub to: Option<UnixMillis>,
    pub room: Option<RoomId>,
    pub session: Option<SessionId>,
    /// Names of events.
    pub kinds: Option<Vec<&'static str>>,
    /// In lower case; every one is somewhere in the event.
    pub words: Vec<String>,
    /// Older than this one: time and position.
    pub before: Option<(UnixMillis, u64)>,
    pub limit: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundEvent {
    pub seq: u64,
    pub kind: String,
    pub at: UnixMillis,
    pub room: Option<RoomId>,
    pub session: Option<SessionId>,
    pub body: String,
}

#[async_trait]
pub trait EventSearches {
    /// At most `limit` events, newest first.
    async fn search_events(&self, scope: &TenantScope, search: &EventSearch) -> Result<Vec<FoundEvent>>;
}
