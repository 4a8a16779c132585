use async_trait::async_trait;
use protocol::ids::RoomId;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::Sqlite3;
use super::row::{bytes, get, unsigned};
use crate::random;
use crate::storage::{EventFilter, Events, NewEvent, Result, StoredEvent, TenantScope};

/// Appends within the transaction of `connection`; returns the position.
pub(super) async fn append(connection: &mut SqliteConnection, scope: &TenantScope, event: &NewEvent) -> Result<u64> {
    let seq: i64 = sqlx::query_scalar(
        "INSERT INTO audit_event (tenant, seq, at, kind, session, room, salt, body)
         VALUES (?1, (SELECT coalesce(max(seq) + 1, 0) FROM audit_event WHERE tenant = ?1), ?2, ?3, ?4, ?5, ?6, ?7)
         RETURNING seq",
    )
    .bind(scope.tenant().as_str())
    .bind(event.at)
    .bind(event.kind)
    .bind(event.session.map(|session| session.0.to_vec()))
    .bind(event.room.as_ref().map(RoomId::as_str))
    .bind(random::bytes::<16>().to_vec())
    .bind(event.body.as_str())
    .fetch_one(connection)
    .await?;
    Ok(seq.unsigned_abs())
}

#[async_trait]
impl Events for Sqlite3 {
    async fn append_event(&self, scope: &TenantScope, event: NewEvent) -> Result<u64> {
        let mut transaction = self.begin().await?;
        let seq = append(&mut transaction, scope, &event).await?;
        transaction.commit().await?;
        Ok(seq)
    }

    async fn events(&self, scope: &TenantScope, filter: EventFilter, limit: u32) -> Result<Vec<StoredEvent>> {
        let rows = sqlx::query(
            "SELECT seq, at, kind, salt, body FROM audit_event
             WHERE tenant = ?1 AND ?2 <= seq AND ?3 <= at AND at < ?4 ORDER BY seq LIMIT ?5",
        )
        .bind(scope.tenant().as_str())
        .bind(filter.from_seq as i64)
        .bind(filter.from.unwrap_or(i64::MIN))
        .bind(filter.to.unwrap_or(i64::MAX))
        .bind(limit)
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(event).collect()
    }

    async fn probe_writable(&self) -> Result<()> {
        let mut transaction = self.begin().await?;
        sqlx::query("INSERT INTO fact (name, value) VALUES ('probe', '') ON CONFLICT (name) DO UPDATE SET value = ''")
            .execute(&mut *transaction)
            .await?;
        Ok(transaction.rollback().await?)
    }
}

fn event(row: &SqliteRow) -> Result<StoredEvent> {
    Ok(StoredEvent {
        seq: unsigned(row, "seq")?,
        kind: get(row, "kind")?,
        at: get(row, "at")?,
        salt: bytes(row, "salt")?,
        body: get(row, "body")?,
    })
}
