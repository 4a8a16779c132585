use async_trait::async_trait;
use protocol::api::UnixMillis;
use protocol::ids::RoomId;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::row::{get, parse};
use super::{Sqlite3, conflict, events};
use crate::storage::{NewEvent, NewRoom, Result, Room, RoomFacts, Rooms, StorageError, TenantScope, consoles};

/// Groups are joined with a character that no name holds.
const SEPARATOR: char = '\u{1f}';

#[async_trait]
impl Rooms for Sqlite3 {
    async fn create_room(&self, scope: &TenantScope, room: &NewRoom, event: NewEvent) -> Result<()> {
        let mut transaction = self.begin().await?;
        sqlx::query("INSERT INTO room (tenant, id, name, place, created_at) VALUES (?1, ?2, ?3, ?4, ?5)")
            .bind(scope.tenant().as_str())
            .bind(room.id.as_str())
            .bind(room.name.as_str())
            .bind(room.place.as_str())
            .bind(room.created_at)
            .execute(&mut *transaction)
            .await
            .map_err(conflict("a room with this id"))?;
        write_groups(&mut transaction, scope, room).await?;
        events::append(&mut transaction, scope, &event).await?;
        transaction.commit().await
    }

    async fn set_room(&self, scope: &TenantScope, room: &NewRoom, event: NewEvent) -> Result<()> {
        let mut transaction = self.begin().await?;
        sqlx::query("UPDATE room SET name = ?3, place = ?4 WHERE tenant = ?1 AND id = ?2")
            .bind(scope.tenant().as_str())
            .bind(room.id.as_str())
            .bind(room.name.as_str())
            .bind(room.place.as_str())
            .execute(&mut *transaction)
            .await?;
        sqlx::query("DELETE FROM room_group_room WHERE tenant = ?1 AND room = ?2")
            .bind(scope.tenant().as_str())
            .bind(room.id.as_str())
            .execute(&mut *transaction)
            .await?;
        write_groups(&mut transaction, scope, room).await?;
        events::append(&mut transaction, scope, &event).await?;
        transaction.commit().await
    }

    async fn room(&self, scope: &TenantScope, id: &RoomId) -> Result<Option<RoomFacts>> {
        let row = sqlx::query(
            "SELECT room.*, console.id AS console, console.approved_at, console.quarantined_at, console.last_seen_at,
                 (SELECT group_concat(name, char(31)) FROM room_group_room
                  WHERE room_group_room.tenant = room.tenant AND room_group_room.room = room.id) AS groups
             FROM room
             LEFT JOIN console ON console.tenant = room.tenant AND console.room = room.id
                 AND console.retired_at IS NULL
             WHERE room.tenant = ?1 AND room.id = ?2",
        )
        .bind(scope.tenant().as_str())
        .bind(id.as_str())
        .fetch_optional(&self.readers)
        .await?;
        row.as_ref().map(facts).transpose()
    }

    async fn rooms(&self, scope: &TenantScope) -> Result<Vec<RoomFacts>> {
        let rows = sqlx::query(
            "SELECT room.*, console.id AS console, console.approved_at, console.quarantined_at, console.last_seen_at,
                 (SELECT group_concat(name, char(31)) FROM room_group_room
                  WHERE room_group_room.tenant = room.tenant AND room_group_room.room = room.id) AS groups
             FROM room
             LEFT JOIN console ON console.tenant = room.tenant AND console.room = room.id
                 AND console.retired_at IS NULL
             WHERE room.tenant = ?1",
        )
        .bind(scope.tenant().as_str())
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(facts).collect()
    }

    async fn rooms_version(&self, scope: &TenantScope) -> Result<i64> {
        let version = sqlx::query_scalar("SELECT rooms_version FROM tenant WHERE id = ?1")
            .bind(scope.tenant().as_str())
            .fetch_optional(&self.readers)
            .await?;
        version.ok_or(StorageError::Corrupt("tenant"))
    }
}

async fn write_groups(connection: &mut SqliteConnection, scope: &TenantScope, room: &NewRoom) -> Result<()> {
    for group in &room.groups {
        sqlx::query("INSERT OR IGNORE INTO room_group_room (tenant, name, room) VALUES (?1, ?2, ?3)")
            .bind(scope.tenant().as_str())
            .bind(group.as_str())
            .bind(room.id.as_str())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

fn facts(row: &SqliteRow) -> Result<RoomFacts> {
    let groups: Option<&str> = get(row, "groups")?;
    let console: Option<&[u8]> = get(row, "console")?;
    let approved_at: Option<UnixMillis> = get(row, "approved_at")?;
    let quarantined_at: Option<UnixMillis> = get(row, "quarantined_at")?;
    Ok(RoomFacts {
        room: Room {
            id: parse(row, "id")?,
            name: get(row, "name")?,
            place: get(row, "place")?,
            suppressed_since: get(row, "suppressed_since")?,
            created_at: get(row, "created_at")?,
        },
        groups: groups.map(|groups| groups.split(SEPARATOR).map(str::to_owned).collect()).unwrap_or_default(),
        console: console.map(|_| consoles::status(approved_at.is_some(), quarantined_at.is_some())),
        last_seen_at: get(row, "last_seen_at")?,
    })
}
