//! Remote-access sessions: one row each, with one start and one end event.

use async_trait::async_trait;
use protocol::access::Access;
use protocol::api::UnixMillis;
use protocol::ids::{ConsoleId, RoomId, SessionId, UserId};
use protocol::reason::EndReason;

use super::{LoginKey, NewEvent, Result, TenantScope};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession {
    pub id: SessionId,
    pub room: RoomId,
    pub console: ConsoleId,
    pub user: UserId,
    pub user_name: String,
    /// Where the user was signed in.
    pub login: LoginKey,
    pub access: Access,
    pub started_at: UnixMillis,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRecord {
    pub id: SessionId,
    pub room: RoomId,
    pub console: ConsoleId,
    pub user: UserId,
    pub user_name: String,
    pub login: LoginKey,
    pub access: Access,
    pub started_at: UnixMillis,
    /// Position of `session.start` in the audit log.
    pub start_seq: u64,
    /// Somebody was known to be alive then.
    pub last_seen_at: UnixMillis,
    pub restart_on_end: bool,
    pub end: Option<SessionEnd>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionEnd {
    pub at: UnixMillis,
    pub reason: EndReason,
}

#[async_trait]
pub trait Sessions {
    /// Stores the session and its `session.start` durably; returns the event's position in the log.
    async fn start_session(&self, scope: &TenantScope, session: &NewSession, event: NewEvent) -> Result<u64>;

    async fn session(&self, scope: &TenantScope, id: &SessionId) -> Result<Option<SessionRecord>>;

    async fn set_restart_on_end(&self, scope: &TenantScope, id: &SessionId, on: bool) -> Result<()>;

    /// Renews the leases of sessions in one transaction.
    async fn sessions_seen(&self, sessions: &[(TenantScope, SessionId)], at: UnixMillis) -> Result<()>;

    /// Stores the end and its `session.end`. `false` when the session had ended already: nothing is stored then.
    async fn end_session(&self, scope: &TenantScope, id: &SessionId, end: SessionEnd, event: NewEvent) -> Result<bool>;

    /// Sessions without an end, of all tenants.
    async fn open_sessions(&self) -> Result<Vec<(TenantScope, SessionRecord)>>;
}
