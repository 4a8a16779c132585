//! The Merkle tree of each tenant's events: its head, its leaves, and what becomes of events from before it.

use async_trait::async_trait;
use protocol::api::UnixMillis;
use protocol::audit::{Checkpoint, CompactRange, Hash};
use protocol::ids::RoomId;
use serde_json::json;
use sqlx::sqlite::{SqliteConnection, SqlitePool, SqliteRow};
use sqlx::{Sqlite, Transaction};

use super::Sqlite3;
use super::row::{get, parse, unsigned};
use crate::audit::entry;
use crate::random;
use crate::storage::{LogReader, NewEvent, RawEvent, RawLeaf, Result, StorageError, TenantScope};

/// An event may be so much older than the one before it: both waited for the one writer.
const UNORDERED_MS: UnixMillis = 60_000;
/// Events that are taken over at a time.
const PAGE: u32 = 1000;

/// Makes the log of a new tenant.
pub(super) async fn create(connection: &mut SqliteConnection, scope: &TenantScope) -> Result<()> {
    let origin = format!("redring/{}/{}", scope.tenant(), hex::encode(random::bytes::<16>()));
    sqlx::query("INSERT INTO audit_log (tenant, origin, size, frontier, last_at) VALUES (?1, ?2, 0, x'', ?3)")
        .bind(scope.tenant().as_str())
        .bind(origin)
        .bind(i64::MIN)
        .execute(connection)
        .await?;
    Ok(())
}

/// Appends within the transaction of `connection`; returns the position.
pub(super) async fn append(connection: &mut SqliteConnection, scope: &TenantScope, event: &NewEvent) -> Result<u64> {
    let row = sqlx::query("SELECT size, frontier, last_at FROM audit_log WHERE tenant = ?1")
        .bind(scope.tenant().as_str())
        .fetch_one(&mut *connection)
        .await?;
    let mut tree = frontier(&row)?;
    let last_at: UnixMillis = get(&row, "last_at")?;
    if event.at < last_at.saturating_sub(UNORDERED_MS) {
        let body = entry::of_log("audit.clock_set_back", json!({ "from": last_at, "to": event.at }));
        let told = NewEvent { kind: "audit.clock_set_back", at: event.at, session: None, room: None, body };
        insert(connection, scope, &mut tree, &told).await?;
    }
    let seq = insert(connection, scope, &mut tree, event).await?;
    store_frontier(connection, scope, &tree, event.at).await?;
    Ok(seq)
}

async fn insert(
    connection: &mut SqliteConnection,
    scope: &TenantScope,
    tree: &mut CompactRange,
    event: &NewEvent,
) -> Result<u64> {
    let seq = tree.end();
    let text = entry::text(&event.body, seq, event.at, scope.tenant()).ok_or(StorageError::Corrupt("event"))?;
    let salt = random::bytes::<{ entry::SALT_BYTES }>();
    sqlx::query(
        "INSERT INTO audit_event (tenant, seq, at, kind, session, room, salt, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )
    .bind(scope.tenant().as_str())
    .bind(seq as i64)
    .bind(event.at)
    .bind(event.kind)
    .bind(event.session.map(|session| session.0.to_vec()))
    .bind(event.room.as_ref().map(RoomId::as_str))
    .bind(salt.to_vec())
    .bind(text.as_str())
    .execute(&mut *connection)
    .await?;
    push(connection, scope, tree, entry::leaf(text.as_bytes(), &salt)).await?;
    Ok(seq)
}

async fn push(
    connection: &mut SqliteConnection,
    scope: &TenantScope,
    tree: &mut CompactRange,
    leaf: Hash,
) -> Result<()> {
    sqlx::query("INSERT INTO audit_leaf (tenant, seq, hash) VALUES (?1, ?2, ?3)")
        .bind(scope.tenant().as_str())
        .bind(tree.end() as i64)
        .bind(leaf.0.to_vec())
        .execute(connection)
        .await?;
    tree.push(leaf);
    Ok(())
}

async fn store_frontier(
    connection: &mut SqliteConnection,
    scope: &TenantScope,
    tree: &CompactRange,
    last_at: UnixMillis,
) -> Result<()> {
    let hashes: Vec<u8> = tree.hashes().flat_map(|hash| hash.0).collect();
    sqlx::query("UPDATE audit_log SET size = ?2, frontier = ?3, last_at = ?4 WHERE tenant = ?1")
        .bind(scope.tenant().as_str())
        .bind(tree.end() as i64)
        .bind(hashes)
        .bind(last_at)
        .execute(connection)
        .await?;
    Ok(())
}

fn frontier(row: &SqliteRow) -> Result<CompactRange> {
    let corrupt = || StorageError::Corrupt("frontier");
    let bytes: &[u8] = get(row, "frontier")?;
    let (hashes, rest) = bytes.as_chunks::<32>();
    let hashes: Vec<Hash> = hashes.iter().copied().map(Hash).collect();
    let range = CompactRange::from_hashes(0, unsigned(row, "size")?, &hashes);
    range.filter(|_| rest.is_empty()).ok_or_else(corrupt)
}

fn head(row: &SqliteRow) -> Result<Checkpoint> {
    let tree = frontier(row)?;
    Ok(Checkpoint { origin: get(row, "origin")?, size: tree.end(), root: tree.root() })
}

/// Makes leaves of the events that a database from before the tree holds, once and in their order.
pub(super) async fn take_over(writer: &SqlitePool) -> Result<()> {
    loop {
        let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
        let row = sqlx::query("SELECT tenant FROM audit_log WHERE frontier IS NULL LIMIT 1")
            .fetch_optional(&mut *transaction)
            .await?;
        let Some(row) = row else { return Ok(()) };
        let scope = TenantScope::of_row(parse(&row, "tenant")?);
        take_over_events(&mut transaction, &scope).await?;
        transaction.commit().await?;
    }
}

async fn take_over_events(connection: &mut SqliteConnection, scope: &TenantScope) -> Result<()> {
    let mut tree = CompactRange::starting_at(0);
    let mut last_at = i64::MIN;
    loop {
        let rows = sqlx::query(
            "SELECT seq, at, salt, body FROM audit_event WHERE tenant = ?1 AND ?2 <= seq ORDER BY seq LIMIT ?3",
        )
        .bind(scope.tenant().as_str())
        .bind(tree.end() as i64)
        .bind(PAGE)
        .fetch_all(&mut *connection)
        .await?;
        for row in &rows {
            let (seq, at) = (unsigned(row, "seq")?, get(row, "at")?);
            let salt: &[u8] = get(row, "salt")?;
            let text = entry::text(get(row, "body")?, seq, at, scope.tenant());
            let text = text.filter(|_| seq == tree.end()).ok_or(StorageError::Corrupt("event"))?;
            sqlx::query("UPDATE audit_event SET body = ?3 WHERE tenant = ?1 AND seq = ?2")
                .bind(scope.tenant().as_str())
                .bind(seq as i64)
                .bind(text.as_str())
                .execute(&mut *connection)
                .await?;
            push(connection, scope, &mut tree, entry::leaf(text.as_bytes(), salt)).await?;
            last_at = at;
        }
        if rows.is_empty() {
            break;
        }
    }
    if !tree.is_empty() {
        let body = entry::of_log("audit.begun", json!({ "events": tree.end() }));
        let told = NewEvent { kind: "audit.begun", at: last_at, session: None, room: None, body };
        insert(connection, scope, &mut tree, &told).await?;
    }
    store_frontier(connection, scope, &tree, last_at).await
}

impl Sqlite3 {
    pub(super) async fn head_of(&self, scope: &TenantScope) -> Result<Checkpoint> {
        let row = sqlx::query("SELECT origin, size, frontier FROM audit_log WHERE tenant = ?1")
            .bind(scope.tenant().as_str())
            .fetch_one(&self.readers)
            .await?;
        head(&row)
    }

    pub(super) async fn heads_without_checkpoint(&self) -> Result<Vec<(TenantScope, Checkpoint)>> {
        let rows = sqlx::query(
            "SELECT tenant, origin, size, frontier FROM audit_log
             WHERE coalesce((SELECT max(size) FROM audit_checkpoint WHERE tenant = audit_log.tenant), 0) < size",
        )
        .fetch_all(&self.readers)
        .await?;
        let scoped = |row: &SqliteRow| Ok((TenantScope::of_row(parse(row, "tenant")?), head(row)?));
        rows.iter().map(scoped).collect()
    }

    pub(super) async fn keep_checkpoint(&self, scope: &TenantScope, size: u64, note: &str) -> Result<()> {
        let query =
            sqlx::query("INSERT INTO audit_checkpoint (tenant, size, note) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")
                .bind(scope.tenant().as_str())
                .bind(size as i64)
                .bind(note);
        self.writer.execute(query).await?;
        Ok(())
    }

    pub(super) async fn read_log(&self, scope: &TenantScope) -> Result<Snapshot> {
        let mut transaction = self.readers.begin().await?;
        let row = sqlx::query("SELECT origin, size, frontier FROM audit_log WHERE tenant = ?1")
            .bind(scope.tenant().as_str())
            .fetch_one(&mut *transaction)
            .await?;
        Ok(Snapshot { origin: get(&row, "origin")?, head: head(&row).ok(), scope: scope.clone(), transaction })
    }
}

/// A log as it stood when the transaction first read.
pub(super) struct Snapshot {
    origin: String,
    head: Option<Checkpoint>,
    scope: TenantScope,
    transaction: Transaction<'static, Sqlite>,
}

/// Texts as bytes: somebody may have put anything there.
const LEAF: &str = "leaf.seq, leaf.hash, at, CAST(kind AS BLOB) AS kind, session, CAST(room AS BLOB) AS room, salt,
     CAST(body AS BLOB) AS body FROM audit_leaf AS leaf LEFT JOIN audit_event AS event
     ON event.tenant = leaf.tenant AND event.seq = leaf.seq";

#[async_trait]
impl LogReader for Snapshot {
    fn origin(&self) -> &str {
        &self.origin
    }

    fn head(&self) -> Option<&Checkpoint> {
        self.head.as_ref()
    }

    async fn leaves(&mut self, after: Option<i64>, limit: u32) -> Result<Vec<RawLeaf>> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {LEAF} WHERE leaf.tenant = ?1 AND ?2 <= leaf.seq ORDER BY leaf.seq LIMIT ?3"
        )))
        .bind(self.scope.tenant().as_str())
        .bind(after.map_or(i64::MIN, |after| after.saturating_add(1)))
        .bind(limit)
        .fetch_all(&mut *self.transaction)
        .await?;
        rows.iter().map(raw_leaf).collect()
    }

    async fn checkpoints(&mut self, after: Option<i64>, limit: u32) -> Result<Vec<(i64, Vec<u8>)>> {
        let rows = sqlx::query(
            "SELECT size, CAST(note AS BLOB) AS note FROM audit_checkpoint WHERE tenant = ?1 AND ?2 <= size
             ORDER BY size LIMIT ?3",
        )
        .bind(self.scope.tenant().as_str())
        .bind(after.map_or(i64::MIN, |after| after.saturating_add(1)))
        .bind(limit)
        .fetch_all(&mut *self.transaction)
        .await?;
        rows.iter().map(|row| Ok((get(row, "size")?, get(row, "note")?))).collect()
    }

    async fn last_checkpoint(&mut self) -> Result<Option<(i64, Vec<u8>)>> {
        let row = sqlx::query(
            "SELECT size, CAST(note AS BLOB) AS note FROM audit_checkpoint WHERE tenant = ?1 ORDER BY size DESC LIMIT 1",
        )
        .bind(self.scope.tenant().as_str())
        .fetch_optional(&mut *self.transaction)
        .await?;
        row.map(|row| Ok((get(&row, "size")?, get(&row, "note")?))).transpose()
    }

    async fn last_purge(&mut self) -> Result<Option<RawLeaf>> {
        let row = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {LEAF} WHERE leaf.tenant = ?1
             AND leaf.seq = (SELECT max(seq) FROM audit_event WHERE tenant = ?1 AND kind = 'audit.purge')"
        )))
        .bind(self.scope.tenant().as_str())
        .fetch_optional(&mut *self.transaction)
        .await?;
        row.as_ref().map(raw_leaf).transpose()
    }

    async fn stray(&mut self) -> Result<Option<i64>> {
        let seq = sqlx::query_scalar(
            "SELECT min(seq) FROM audit_event AS event WHERE tenant = ?1
             AND NOT EXISTS (SELECT 1 FROM audit_leaf WHERE tenant = event.tenant AND seq = event.seq)",
        );
        Ok(seq.bind(self.scope.tenant().as_str()).fetch_one(&mut *self.transaction).await?)
    }

    async fn span(&mut self, from: Option<UnixMillis>, to: Option<UnixMillis>) -> Result<Option<(u64, u64)>> {
        let row = sqlx::query(
            "SELECT min(seq) AS first, max(seq) AS last FROM audit_event WHERE tenant = ?1 AND ?2 <= at AND at < ?3",
        )
        .bind(self.scope.tenant().as_str())
        .bind(from.unwrap_or(i64::MIN))
        .bind(to.unwrap_or(i64::MAX))
        .fetch_one(&mut *self.transaction)
        .await?;
        let first: Option<i64> = get(&row, "first")?;
        if first.is_none() {
            return Ok(None);
        }
        Ok(Some((unsigned(&row, "first")?, unsigned(&row, "last")?)))
    }
}

fn raw_leaf(row: &SqliteRow) -> Result<RawLeaf> {
    let at: Option<UnixMillis> = get(row, "at")?;
    let event = at.map(|at| {
        Ok::<_, StorageError>(RawEvent {
            at,
            kind: get(row, "kind")?,
            session: get(row, "session")?,
            room: get(row, "room")?,
            salt: get(row, "salt")?,
            body: get(row, "body")?,
        })
    });
    Ok(RawLeaf { seq: get(row, "seq")?, hash: get(row, "hash")?, event: event.transpose()? })
}
