use async_trait::async_trait;
use protocol::ids::SessionId;
use sqlx::QueryBuilder;
use sqlx::sqlite::SqliteRow;

use super::Sqlite3;
use super::row::{get, unsigned};
use crate::storage::event_search::{EventSearch, EventSearches, FoundEvent};
use crate::storage::{Result, StorageError, TenantScope};

#[async_trait]
impl EventSearches for Sqlite3 {
    async fn search_events(&self, scope: &TenantScope, search: &EventSearch) -> Result<Vec<FoundEvent>> {
        // Only conditions that are there, so that the index of the narrowest is used.
        let mut query = QueryBuilder::new("SELECT seq, at, kind, room, session, body FROM audit_event WHERE tenant = ");
        query.push_bind(scope.tenant().as_str());
        if let Some(from) = search.from {
            query.push(" AND at >= ").push_bind(from);
        }
        if let Some(to) = search.to {
            query.push(" AND at < ").push_bind(to);
        }
        if let Some(room) = &search.room {
            query.push(" AND room = ").push_bind(room.as_str());
        }
        if let Some(session) = search.session {
            query.push(" AND session = ").push_bind(session.0.to_vec());
        }
        if let Some(kinds) = &search.kinds {
            let kinds = serde_json::json!(kinds).to_string();
            query.push(" AND kind IN (SELECT value FROM json_each(").push_bind(kinds).push("))");
        }
        for word in &search.words {
            query.push(" AND instr(lower(body), ").push_bind(word.as_str()).push(") > 0");
        }
        if let Some((at, seq)) = search.before {
            query.push(" AND (at, seq) < (").push_bind(at).push(", ").push_bind(seq as i64).push(")");
        }
        query.push(" ORDER BY at DESC, seq DESC LIMIT ").push_bind(search.limit);
        let rows = query.build().fetch_all(&self.readers).await?;
        rows.iter().map(found).collect()
    }
}

fn found(row: &SqliteRow) -> Result<FoundEvent> {
    let room: Option<&str> = get(row, "room")?;
    let session: Option<&[u8]> = get(row, "session")?;
    let session = session.map(|bytes| bytes.try_into().map_err(|_| StorageError::Corrupt("session"))).transpose()?;
    Ok(FoundEvent {
        seq: unsigned(row, "seq")?,
        kind: get(row, "kind")?,
        at: get(row, "at")?,
        room: room.map(|room| room.parse().map_err(|_| StorageError::Corrupt("room"))).transpose()?,
        session: session.map(SessionId),
        body: get(row, "body")?,
    })
}
