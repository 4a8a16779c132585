use async_trait::async_trait;
use protocol::api::UnixMillis;
use protocol::ids::{ConsoleId, SessionId, UserId};
use protocol::reason::EndReason;
use sqlx::sqlite::SqliteRow;

use super::row::{access, access_text, bytes, get, parse, unsigned};
use super::{Sqlite3, events};
use crate::storage::{
    LoginKey, NewEvent, NewSession, Result, SessionEnd, SessionRecord, Sessions, StorageError, TenantScope,
};

#[async_trait]
impl Sessions for Sqlite3 {
    async fn start_session(&self, scope: &TenantScope, session: &NewSession, event: NewEvent) -> Result<u64> {
        let mut transaction = self.begin().await?;
        let seq = events::append(&mut transaction, scope, &event).await?;
        sqlx::query(
            "INSERT INTO session (tenant, id, room, console, user, user_name, login, access, started_at, start_seq,
                 last_seen_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?9)",
        )
        .bind(scope.tenant().as_str())
        .bind(session.id.0.to_vec())
        .bind(session.room.as_str())
        .bind(session.console.0.to_vec())
        .bind(session.user.0.to_vec())
        .bind(session.user_name.as_str())
        .bind(session.login.0.to_vec())
        .bind(access_text(session.access))
        .bind(session.started_at)
        .bind(seq as i64)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(seq)
    }

    async fn session(&self, scope: &TenantScope, id: &SessionId) -> Result<Option<SessionRecord>> {
        let row = sqlx::query("SELECT * FROM session WHERE tenant = ?1 AND id = ?2")
            .bind(scope.tenant().as_str())
            .bind(id.0.to_vec())
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(record).transpose()
    }

    async fn set_restart_on_end(&self, scope: &TenantScope, id: &SessionId, on: bool) -> Result<()> {
        let query = sqlx::query("UPDATE session SET restart_on_end = ?3 WHERE tenant = ?1 AND id = ?2")
            .bind(scope.tenant().as_str())
            .bind(id.0.to_vec())
            .bind(on);
        self.writer.execute(query).await?;
        Ok(())
    }

    async fn sessions_seen(&self, sessions: &[(TenantScope, SessionId)], at: UnixMillis) -> Result<()> {
        let mut transaction = self.begin().await?;
        for (scope, id) in sessions {
            sqlx::query("UPDATE session SET last_seen_at = ?3 WHERE tenant = ?1 AND id = ?2 AND ended_at IS NULL")
                .bind(scope.tenant().as_str())
                .bind(id.0.to_vec())
                .bind(at)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await
    }

    async fn end_session(&self, scope: &TenantScope, id: &SessionId, end: SessionEnd, event: NewEvent) -> Result<bool> {
        let mut transaction = self.begin().await?;
        let ended = sqlx::query(
            "UPDATE session SET ended_at = ?3, end_reason = ?4 WHERE tenant = ?1 AND id = ?2 AND ended_at IS NULL",
        )
        .bind(scope.tenant().as_str())
        .bind(id.0.to_vec())
        .bind(end.at)
        .bind(end.reason.code())
        .execute(&mut *transaction)
        .await?;
        if ended.rows_affected() == 0 {
            return Ok(false);
        }
        events::append(&mut transaction, scope, &event).await?;
        transaction.commit().await?;
        Ok(true)
    }

    async fn open_sessions(&self) -> Result<Vec<(TenantScope, SessionRecord)>> {
        let rows = sqlx::query("SELECT * FROM session WHERE ended_at IS NULL ORDER BY started_at")
            .fetch_all(&self.readers)
            .await?;
        let scoped = |row: &SqliteRow| Ok((TenantScope::of_row(parse(row, "tenant")?), record(row)?));
        rows.iter().map(scoped).collect()
    }
}

fn record(row: &SqliteRow) -> Result<SessionRecord> {
    Ok(SessionRecord {
        id: SessionId(bytes(row, "id")?),
        room: parse(row, "room")?,
        console: ConsoleId(bytes(row, "console")?),
        user: UserId(bytes(row, "user")?),
        user_name: get(row, "user_name")?,
        login: LoginKey(bytes(row, "login")?),
        access: access(row, "access")?,
        started_at: get(row, "started_at")?,
        start_seq: unsigned(row, "start_seq")?,
        last_seen_at: get(row, "last_seen_at")?,
        restart_on_end: get(row, "restart_on_end")?,
        end: end(row)?,
    })
}

fn end(row: &SqliteRow) -> Result<Option<SessionEnd>> {
    let at: Option<UnixMillis> = get(row, "ended_at")?;
    let code: Option<&str> = get(row, "end_reason")?;
    let (Some(at), Some(code)) = (at, code) else { return Ok(None) };
    let reason = EndReason::ALL.iter().copied().find(|reason| reason.code() == code);
    Ok(Some(SessionEnd { at, reason: reason.ok_or(StorageError::Corrupt("end_reason"))? }))
}
