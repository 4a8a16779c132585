//! Takes old events away and leaves their hashes.

use protocol::api::UnixMillis;
use sqlx::sqlite::SqliteConnection;

use super::row::{get, unsigned};
use super::{Sqlite3, events};
use crate::storage::{NewEvent, PurgedNow, Result, StorageError, TenantScope};

/// Events that go at a time: whoever else wants to write waits for so long.
const AT_ONCE: u32 = 5000;

impl Sqlite3 {
    pub(super) async fn purge(
        &self,
        scope: &TenantScope,
        before: UnixMillis,
        told: &(dyn Fn(PurgedNow) -> NewEvent + Send + Sync),
    ) -> Result<Option<u64>> {
        let mut transaction = self.begin().await?;
        sqlx::query("DELETE FROM session WHERE tenant = ?1 AND ended_at < ?2")
            .bind(scope.tenant().as_str())
            .bind(before)
            .execute(&mut *transaction)
            .await?;
        let gone: Vec<i64> = sqlx::query_scalar(
            "DELETE FROM audit_event WHERE tenant = ?1 AND seq IN
             (SELECT seq FROM audit_event WHERE tenant = ?1 AND at < ?2 ORDER BY seq LIMIT ?3) RETURNING seq",
        )
        .bind(scope.tenant().as_str())
        .bind(before)
        .bind(AT_ONCE)
        .fetch_all(&mut *transaction)
        .await?;
        let count = gone.len() as u64;
        if let Some(from) = gone.into_iter().min() {
            let from = u64::try_from(from).map_err(|_| StorageError::Corrupt("seq"))?;
            let (to, beyond) = purged(&mut transaction, scope).await?;
            forget_checkpoints(&mut transaction, scope, to).await?;
            events::append(&mut transaction, scope, &told(PurgedNow { from, to, count, beyond })).await?;
        }
        transaction.commit().await?;
        Ok((count != 0).then_some(count))
    }
}

/// Everything that is a leaf only: up to the first event, and the runs after it.
async fn purged(connection: &mut SqliteConnection, scope: &TenantScope) -> Result<(u64, Vec<(u64, u64)>)> {
    let row = sqlx::query(
        "SELECT size, coalesce((SELECT min(seq) FROM audit_event WHERE tenant = ?1), size) AS floor,
             (SELECT count(*) FROM audit_event WHERE tenant = ?1) AS n_events FROM audit_log WHERE tenant = ?1",
    )
    .bind(scope.tenant().as_str())
    .fetch_one(&mut *connection)
    .await?;
    let (size, floor) = (unsigned(&row, "size")?, unsigned(&row, "floor")?);
    if unsigned(&row, "n_events")? == size - floor {
        return Ok((floor, Vec::new()));
    }
    let rows = sqlx::query(
        "SELECT seq FROM audit_leaf AS leaf WHERE tenant = ?1 AND ?2 < seq AND NOT EXISTS
         (SELECT 1 FROM audit_event WHERE tenant = ?1 AND seq = leaf.seq) ORDER BY seq",
    )
    .bind(scope.tenant().as_str())
    .bind(floor as i64)
    .fetch_all(connection)
    .await?;
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for row in &rows {
        let seq: i64 = get(row, "seq")?;
        let seq = seq.unsigned_abs();
        match runs.last_mut() {
            Some((_, end)) if *end == seq => *end += 1,
            _ => runs.push((seq, seq + 1)),
        }
    }
    Ok((floor, runs))
}

/// Of the checkpoints about purged events only, the last one stays: it says all that those before it said.
async fn forget_checkpoints(connection: &mut SqliteConnection, scope: &TenantScope, to: u64) -> Result<()> {
    sqlx::query(
        "DELETE FROM audit_checkpoint WHERE tenant = ?1
         AND size < (SELECT max(size) FROM audit_checkpoint WHERE tenant = ?1 AND size <= ?2)",
    )
    .bind(scope.tenant().as_str())
    .bind(to as i64)
    .execute(connection)
    .await?;
    Ok(())
}
