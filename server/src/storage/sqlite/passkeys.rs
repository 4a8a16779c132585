use async_trait::async_trait;
use protocol::api::UnixMillis;
use protocol::ids::{PasskeyId, UserId};
use sqlx::sqlite::SqliteRow;

use super::row::{bytes, get, parse};
use super::{Sqlite3, conflict, events};
use crate::storage::{NewEvent, PasskeyRecord, Passkeys, Result, TenantScope};

#[async_trait]
impl Passkeys for Sqlite3 {
    async fn create_passkey(&self, scope: &TenantScope, passkey: &PasskeyRecord, event: NewEvent) -> Result<()> {
        let mut transaction = self.begin().await?;
        sqlx::query(
            "INSERT INTO passkey (tenant, id, user, name, credential_id, credential, created_at, last_used_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )
        .bind(scope.tenant().as_str())
        .bind(passkey.id.0.to_vec())
        .bind(passkey.user.0.to_vec())
        .bind(passkey.name.as_str())
        .bind(passkey.credential_id.as_slice())
        .bind(passkey.credential.as_str())
        .bind(passkey.created_at)
        .bind(passkey.last_used_at)
        .execute(&mut *transaction)
        .await
        .map_err(conflict("a passkey"))?;
        events::append(&mut transaction, scope, &event).await?;
        transaction.commit().await
    }

    async fn passkeys_of(&self, scope: &TenantScope, user: &UserId) -> Result<Vec<PasskeyRecord>> {
        let rows = sqlx::query("SELECT * FROM passkey WHERE tenant = ?1 AND user = ?2 ORDER BY created_at, id")
            .bind(scope.tenant().as_str())
            .bind(user.0.to_vec())
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(record).collect()
    }

    async fn passkey_of_credential(&self, credential_id: &[u8]) -> Result<Option<(TenantScope, PasskeyRecord)>> {
        let row = sqlx::query("SELECT * FROM passkey WHERE credential_id = ?1")
            .bind(credential_id)
            .fetch_optional(&self.readers)
            .await?;
        row.map(|row| Ok((TenantScope::of_row(parse(&row, "tenant")?), record(&row)?))).transpose()
    }

    async fn touch_passkey(&self, scope: &TenantScope, id: &PasskeyId, credential: &str, at: UnixMillis) -> Result<()> {
        let query = sqlx::query("UPDATE passkey SET credential = ?3, last_used_at = ?4 WHERE tenant = ?1 AND id = ?2")
            .bind(scope.tenant().as_str())
            .bind(id.0.to_vec())
            .bind(credential)
            .bind(at);
        self.writer.execute(query).await?;
        Ok(())
    }

    async fn delete_passkey(&self, scope: &TenantScope, id: &PasskeyId, event: NewEvent) -> Result<bool> {
        self.delete("DELETE FROM passkey WHERE tenant = ?1 AND id = ?2", scope, &id.0, event).await
    }
}

fn record(row: &SqliteRow) -> Result<PasskeyRecord> {
    Ok(PasskeyRecord {
        id: PasskeyId(bytes(row, "id")?),
        user: UserId(bytes(row, "user")?),
        name: get(row, "name")?,
        credential_id: get(row, "credential_id")?,
        credential: get(row, "credential")?,
        created_at: get(row, "created_at")?,
        last_used_at: get(row, "last_used_at")?,
    })
}
