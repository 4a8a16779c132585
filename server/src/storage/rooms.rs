//! Rooms and room groups.

use async_trait::async_trait;
use protocol::api::UnixMillis;
use protocol::ids::RoomId;

use super::{ConsoleStatus, NewEvent, Result, TenantScope};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    pub id: RoomId,
    pub name: String,
    /// Path in the site tree, without slashes at the ends.
    pub place: String,
    /// In maintenance since.
    pub suppressed_since: Option<UnixMillis>,
    pub created_at: UnixMillis,
}

/// A room as the list needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomFacts {
    pub room: Room,
    /// Names of the groups that hold it.
    pub groups: Vec<String>,
    /// How far its console is trusted, when it has one.
    pub console: Option<ConsoleStatus>,
    /// When the console was last connected, as far as the database knows.
    pub last_seen_at: Option<UnixMillis>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRoom {
    pub id: RoomId,
    pub name: String,
    pub place: String,
    pub groups: Vec<String>,
    pub created_at: UnixMillis,
}

#[async_trait]
pub trait Rooms {
    /// # Errors
    /// `Conflict` when the id is taken.
    async fn create_room(&self, scope: &TenantScope, room: &NewRoom, event: NewEvent) -> Result<()>;

    async fn set_room(&self, scope: &TenantScope, room: &NewRoom, event: NewEvent) -> Result<()>;

    async fn room(&self, scope: &TenantScope, id: &RoomId) -> Result<Option<RoomFacts>>;

    /// Every room of the tenant.
    async fn rooms(&self, scope: &TenantScope) -> Result<Vec<RoomFacts>>;

    /// Grows with every change of the tenant's rooms, groups and consoles, whoever makes it.
    async fn rooms_version(&self, scope: &TenantScope) -> Result<i64>;
}
