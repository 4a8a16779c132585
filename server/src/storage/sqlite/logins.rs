use async_trait::async_trait;
use protocol::api::UnixMillis;
use protocol::ids::UserId;
use sqlx::sqlite::SqliteConnection;

use super::row::{bytes, get, parse};
use super::{Sqlite3, events};
use crate::storage::{LoginKey, LoginRecord, Logins, NewEvent, Result, TenantScope};

/// Ends a user's logins but `keep` within the transaction of `connection`; returns those that ended.
pub(super) async fn end_all(
    connection: &mut SqliteConnection,
    scope: &TenantScope,
    user: &UserId,
    keep: Option<&LoginKey>,
) -> Result<Vec<LoginKey>> {
    let rows =
        sqlx::query("DELETE FROM login WHERE tenant = ?1 AND user = ?2 AND (?3 IS NULL OR key <> ?3) RETURNING key")
            .bind(scope.tenant().as_str())
            .bind(user.0.to_vec())
            .bind(keep.map(|key| key.0.to_vec()))
            .fetch_all(connection)
            .await?;
    rows.iter().map(|row| Ok(LoginKey(bytes(row, "key")?))).collect()
}

#[async_trait]
impl Logins for Sqlite3 {
    async fn create_login(&self, scope: &TenantScope, login: &LoginRecord, event: NewEvent) -> Result<()> {
        let mut transaction = self.begin().await?;
        sqlx::query("INSERT INTO login (key, tenant, user, created_at, last_active_at) VALUES (?1, ?2, ?3, ?4, ?5)")
            .bind(login.key.0.to_vec())
            .bind(scope.tenant().as_str())
            .bind(login.user.0.to_vec())
            .bind(login.created_at)
            .bind(login.last_active_at)
            .execute(&mut *transaction)
            .await?;
        sqlx::query("UPDATE user SET last_login_at = ?3 WHERE tenant = ?1 AND id = ?2")
            .bind(scope.tenant().as_str())
            .bind(login.user.0.to_vec())
            .bind(login.created_at)
            .execute(&mut *transaction)
            .await?;
        events::append(&mut transaction, scope, &event).await?;
        transaction.commit().await
    }

    async fn login(&self, key: &LoginKey) -> Result<Option<(TenantScope, LoginRecord)>> {
        let row = sqlx::query("SELECT tenant, user, created_at, last_active_at FROM login WHERE key = ?1")
            .bind(key.0.to_vec())
            .fetch_optional(&self.readers)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let record = LoginRecord {
            key: *key,
            user: UserId(bytes(&row, "user")?),
            created_at: get(&row, "created_at")?,
            last_active_at: get(&row, "last_active_at")?,
        };
        Ok(Some((TenantScope::of_row(parse(&row, "tenant")?), record)))
    }

    async fn touch_login(&self, scope: &TenantScope, key: &LoginKey, at: UnixMillis) -> Result<()> {
        let query =
            sqlx::query("UPDATE login SET last_active_at = ?3 WHERE tenant = ?1 AND key = ?2 AND last_active_at < ?3")
                .bind(scope.tenant().as_str())
                .bind(key.0.to_vec())
                .bind(at);
        self.writer.execute(query).await?;
        Ok(())
    }

    async fn end_login(&self, scope: &TenantScope, key: &LoginKey, event: NewEvent) -> Result<()> {
        let mut transaction = self.begin().await?;
        let ended = sqlx::query("DELETE FROM login WHERE tenant = ?1 AND key = ?2")
            .bind(scope.tenant().as_str())
            .bind(key.0.to_vec())
            .execute(&mut *transaction)
            .await?;
        if 0 < ended.rows_affected() {
            events::append(&mut transaction, scope, &event).await?;
        }
        transaction.commit().await
    }

    async fn end_logins(&self, scope: &TenantScope, user: &UserId, event: NewEvent) -> Result<Vec<LoginKey>> {
        let mut transaction = self.begin().await?;
        let ended = end_all(&mut transaction, scope, user, None).await?;
        for _ in &ended {
            events::append(&mut transaction, scope, &event).await?;
        }
        transaction.commit().await?;
        Ok(ended)
    }

    async fn purge_logins(&self, created: UnixMillis, active: UnixMillis) -> Result<u64> {
        let query =
            sqlx::query("DELETE FROM login WHERE created_at <= ?1 OR last_active_at <= ?2").bind(created).bind(active);
        let purged = self.writer.execute(query).await?;
        Ok(purged.rows_affected())
    }
}
