use async_trait::async_trait;
use protocol::api::UnixMillis;
use protocol::audit::Checkpoint;
use sqlx::sqlite::SqliteRow;

use super::Sqlite3;
pub(super) use super::log::append;
use super::row::{bytes, get, unsigned};
use crate::storage::{EventFilter, Events, LogReader, NewEvent, PurgedNow, Result, StoredEvent, TenantScope};

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

    async fn log_head(&self, scope: &TenantScope) -> Result<Checkpoint> {
        self.head_of(scope).await
    }

    async fn logs_without_checkpoint(&self) -> Result<Vec<(TenantScope, Checkpoint)>> {
        self.heads_without_checkpoint().await
    }

    async fn store_checkpoint(&self, scope: &TenantScope, size: u64, note: &str) -> Result<()> {
        self.keep_checkpoint(scope, size, note).await
    }

    async fn log(&self, scope: &TenantScope) -> Result<Box<dyn LogReader>> {
        Ok(Box::new(self.read_log(scope).await?))
    }

    async fn last_event_at(&self) -> Result<Option<UnixMillis>> {
        let newest = sqlx::query_scalar("SELECT max(last_at) FROM audit_log WHERE 0 < size");
        Ok(newest.fetch_one(&self.readers).await?)
    }

    async fn purge_events(
        &self,
        scope: &TenantScope,
        before: UnixMillis,
        told: &(dyn Fn(PurgedNow) -> NewEvent + Send + Sync),
    ) -> Result<Option<u64>> {
        self.purge(scope, before, told).await
    }

    async fn probe_writable(&self) -> Result<()> {
        let mut transaction = self.begin().await?;
        sqlx::query("INSERT INTO fact (name, value) VALUES ('probe', '') ON CONFLICT (name) DO UPDATE SET value = ''")
            .execute(&mut *transaction)
            .await?;
        drop(transaction);
        Ok(())
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
