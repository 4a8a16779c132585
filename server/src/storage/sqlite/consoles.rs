use async_trait::async_trait;
use protocol::api::{ConsoleSignals, UnixMillis};
use protocol::ids::{ConsoleId, RoomId, UserId};
use protocol::secure::{ConsoleSigningKey, PublicKey};
use sqlx::Sqlite;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};

use super::row::{bytes, get, parse};
use super::{Sqlite3, conflict, events};
use crate::storage::consoles::StoredConsoleInfo;
use crate::storage::{
    Approval, Console, Consoles, EnrolmentSecret, NewConsole, NewEvent, Result, StorageError, TenantScope,
};

#[async_trait]
impl Consoles for Sqlite3 {
    async fn console_of_room(&self, scope: &TenantScope, room: &RoomId) -> Result<Option<Console>> {
        let row = sqlx::query("SELECT * FROM console WHERE tenant = ?1 AND room = ?2 AND retired_at IS NULL")
            .bind(scope.tenant().as_str())
            .bind(room.as_str())
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(console).transpose()
    }

    async fn console_by_key(&self, key: &PublicKey) -> Result<Option<(TenantScope, Console)>> {
        let row = sqlx::query("SELECT * FROM console WHERE key = ?1 AND retired_at IS NULL")
            .bind(key.0.to_vec())
            .fetch_optional(&self.readers)
            .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some((TenantScope::of_row(parse(&row, "tenant")?), console(&row)?)))
    }

    async fn offer_enrolment(&self, scope: &TenantScope, secret: &EnrolmentSecret, event: NewEvent) -> Result<()> {
        let mut transaction = self.begin().await?;
        sqlx::query(
            "INSERT OR REPLACE INTO enrolment_secret (tenant, room, id, pre_approved, created_at, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )
        .bind(scope.tenant().as_str())
        .bind(secret.room.as_str())
        .bind(secret.id.to_vec())
        .bind(secret.pre_approved)
        .bind(secret.created_at)
        .bind(secret.expires_at)
        .execute(&mut *transaction)
        .await?;
        events::append(&mut transaction, scope, &event).await?;
        transaction.commit().await
    }

    async fn enrolment_secret(&self, scope: &TenantScope, room: &RoomId) -> Result<Option<EnrolmentSecret>> {
        let row = sqlx::query("SELECT * FROM enrolment_secret WHERE tenant = ?1 AND room = ?2")
            .bind(scope.tenant().as_str())
            .bind(room.as_str())
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(secret).transpose()
    }

    async fn enrol_console(
        &self,
        scope: &TenantScope,
        secret_id: &[u8; 16],
        new: &NewConsole,
        now: UnixMillis,
        event: NewEvent,
    ) -> Result<Option<Console>> {
        let mut transaction = self.begin().await?;
        let used: Option<bool> = sqlx::query_scalar(
            "DELETE FROM enrolment_secret WHERE tenant = ?1 AND room = ?2 AND id = ?3 AND ?4 < expires_at
             RETURNING pre_approved",
        )
        .bind(scope.tenant().as_str())
        .bind(new.room.as_str())
        .bind(secret_id.to_vec())
        .bind(now)
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(approved) = used else { return Ok(None) };
        sqlx::query("UPDATE console SET retired_at = ?3 WHERE tenant = ?1 AND room = ?2 AND retired_at IS NULL")
            .bind(scope.tenant().as_str())
            .bind(new.room.as_str())
            .bind(now)
            .execute(&mut *transaction)
            .await?;
        let row = sqlx::query(
            "INSERT INTO console (tenant, id, room, key, approved_at, enrolled_at, info)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) RETURNING *",
        )
        .bind(scope.tenant().as_str())
        .bind(new.id.0.to_vec())
        .bind(new.room.as_str())
        .bind(new.key.0.to_vec())
        .bind(approved.then_some(new.enrolled_at))
        .bind(new.enrolled_at)
        .bind(info_text(&StoredConsoleInfo::default()))
        .fetch_one(&mut *transaction)
        .await
        .map_err(conflict("a console with this key"))?;
        let enrolled = console(&row)?;
        events::append(&mut transaction, scope, &event).await?;
        transaction.commit().await?;
        Ok(Some(enrolled))
    }

    async fn approve_console(
        &self,
        scope: &TenantScope,
        console: &Console,
        approval: Approval,
        event: NewEvent,
    ) -> Result<bool> {
        let query = sqlx::query(
            "UPDATE console SET approved_at = ?4, approved_by = ?5
             WHERE tenant = ?1 AND id = ?2 AND key = ?3 AND approved_at IS NULL AND quarantined_at IS NULL
             AND retired_at IS NULL",
        )
        .bind(scope.tenant().as_str())
        .bind(console.id.0.to_vec())
        .bind(console.key.0.to_vec())
        .bind(approval.at)
        .bind(approval.by.map(|user| user.0.to_vec()));
        self.change_console(query, scope, event).await
    }

    async fn retire_console(
        &self,
        scope: &TenantScope,
        console: &Console,
        at: UnixMillis,
        event: NewEvent,
    ) -> Result<bool> {
        let mut transaction = self.begin().await?;
        let retired =
            sqlx::query("UPDATE console SET retired_at = ?3 WHERE tenant = ?1 AND id = ?2 AND retired_at IS NULL")
                .bind(scope.tenant().as_str())
                .bind(console.id.0.to_vec())
                .bind(at)
                .execute(&mut *transaction)
                .await?;
        if retired.rows_affected() == 0 {
            return Ok(false);
        }
        sqlx::query("DELETE FROM enrolment_secret WHERE tenant = ?1 AND room = ?2 AND pre_approved = 1")
            .bind(scope.tenant().as_str())
            .bind(console.room.as_str())
            .execute(&mut *transaction)
            .await?;
        events::append(&mut transaction, scope, &event).await?;
        transaction.commit().await?;
        Ok(true)
    }

    async fn quarantine_console(
        &self,
        scope: &TenantScope,
        id: &ConsoleId,
        at: UnixMillis,
        event: NewEvent,
    ) -> Result<bool> {
        let query = sqlx::query(
            "UPDATE console SET quarantined_at = ?3
             WHERE tenant = ?1 AND id = ?2 AND quarantined_at IS NULL AND retired_at IS NULL",
        )
        .bind(scope.tenant().as_str())
        .bind(id.0.to_vec())
        .bind(at);
        self.change_console(query, scope, event).await
    }

    async fn release_console(&self, scope: &TenantScope, id: &ConsoleId, event: NewEvent) -> Result<bool> {
        let query = sqlx::query(
            "UPDATE console SET quarantined_at = NULL
             WHERE tenant = ?1 AND id = ?2 AND quarantined_at IS NOT NULL AND retired_at IS NULL",
        )
        .bind(scope.tenant().as_str())
        .bind(id.0.to_vec());
        self.change_console(query, scope, event).await
    }

    async fn set_console_info(&self, scope: &TenantScope, id: &ConsoleId, info: &StoredConsoleInfo) -> Result<()> {
        let query = sqlx::query("UPDATE console SET info = ?3 WHERE tenant = ?1 AND id = ?2")
            .bind(scope.tenant().as_str())
            .bind(id.0.to_vec())
            .bind(info_text(info));
        self.writer.execute(query).await?;
        Ok(())
    }

    async fn set_console_signals(&self, scope: &TenantScope, id: &ConsoleId, signals: &ConsoleSignals) -> Result<()> {
        let query = sqlx::query("UPDATE console SET signals = ?3 WHERE tenant = ?1 AND id = ?2")
            .bind(scope.tenant().as_str())
            .bind(id.0.to_vec())
            .bind(serde_json::to_string(signals).expect("plain JSON"));
        self.writer.execute(query).await?;
        Ok(())
    }

    async fn console_seen(&self, scope: &TenantScope, id: &ConsoleId, at: UnixMillis) -> Result<()> {
        let query = sqlx::query("UPDATE console SET last_seen_at = ?3 WHERE tenant = ?1 AND id = ?2")
            .bind(scope.tenant().as_str())
            .bind(id.0.to_vec())
            .bind(at);
        self.writer.execute(query).await?;
        Ok(())
    }
}

impl Sqlite3 {
    /// Changes a console together with its event. `false` when the statement finds none to change.
    async fn change_console(
        &self,
        statement: Query<'_, Sqlite, SqliteArguments>,
        scope: &TenantScope,
        event: NewEvent,
    ) -> Result<bool> {
        let mut transaction = self.begin().await?;
        if statement.execute(&mut *transaction).await?.rows_affected() == 0 {
            return Ok(false);
        }
        events::append(&mut transaction, scope, &event).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

fn info_text(info: &StoredConsoleInfo) -> String {
    serde_json::to_string(info).expect("plain JSON")
}

fn console(row: &SqliteRow) -> Result<Console> {
    let approved_at: Option<UnixMillis> = get(row, "approved_at")?;
    let approved_by: Option<&[u8]> = get(row, "approved_by")?;
    let by = approved_by.map(|id| id.try_into().map(UserId).map_err(|_| StorageError::Corrupt("approved_by")));
    let by = by.transpose()?;
    let signing_key: Option<&[u8]> = get(row, "signing_key")?;
    let signing_key = signing_key.map(|key| {
        let key = key.try_into().ok().and_then(|key| ConsoleSigningKey::from_bytes(key).ok());
        key.ok_or(StorageError::Corrupt("signing_key"))
    });
    let receipt_number: Option<i64> = get(row, "receipt_number")?;
    Ok(Console {
        id: ConsoleId(bytes(row, "id")?),
        room: parse(row, "room")?,
        key: PublicKey(bytes(row, "key")?),
        signing_key: signing_key.transpose()?,
        receipt_number: receipt_number.map(i64::unsigned_abs),
        approval: approved_at.map(|at| Approval { by, at }),
        quarantined_at: get(row, "quarantined_at")?,
        enrolled_at: get(row, "enrolled_at")?,
        last_seen_at: get(row, "last_seen_at")?,
        info: serde_json::from_str(get(row, "info")?).map_err(|_| StorageError::Corrupt("info"))?,
        // What another version wrote and this one cannot read, the console says again.
        signals: get::<Option<&str>>(row, "signals")?.and_then(|signals| serde_json::from_str(signals).ok()),
    })
}

fn secret(row: &SqliteRow) -> Result<EnrolmentSecret> {
    Ok(EnrolmentSecret {
        id: bytes(row, "id")?,
        room: parse(row, "room")?,
        pre_approved: get(row, "pre_approved")?,
        created_at: get(row, "created_at")?,
        expires_at: get(row, "expires_at")?,
    })
}
