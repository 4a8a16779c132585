use async_trait::async_trait;
use protocol::ids::UserId;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::row::{bytes, get, parse};
use super::{Sqlite3, conflict, events};
use crate::storage::{NewEvent, NewUser, Result, TenantScope, User, Users};

/// Creates a user within the transaction of `connection`.
pub(super) async fn create(connection: &mut SqliteConnection, scope: &TenantScope, user: &NewUser) -> Result<()> {
    sqlx::query(
        "INSERT INTO user (tenant, id, email, email_key, name, password_hash, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )
    .bind(scope.tenant().as_str())
    .bind(user.id.0.to_vec())
    .bind(user.email.as_str())
    .bind(email_key(&user.email))
    .bind(user.name.as_str())
    .bind(user.password_hash.as_deref())
    .bind(user.created_at)
    .execute(connection)
    .await
    .map_err(conflict("an account with this e-mail address"))?;
    Ok(())
}

#[async_trait]
impl Users for Sqlite3 {
    async fn create_user(&self, scope: &TenantScope, user: &NewUser, event: NewEvent) -> Result<()> {
        let mut transaction = self.begin().await?;
        create(&mut transaction, scope, user).await?;
        events::append(&mut transaction, scope, &event).await?;
        Ok(transaction.commit().await?)
    }

    async fn user(&self, scope: &TenantScope, id: &UserId) -> Result<Option<User>> {
        let row = sqlx::query("SELECT * FROM user WHERE tenant = ?1 AND id = ?2")
            .bind(scope.tenant().as_str())
            .bind(id.0.to_vec())
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(user).transpose()
    }

    async fn users(&self, scope: &TenantScope) -> Result<Vec<User>> {
        let rows = sqlx::query("SELECT * FROM user WHERE tenant = ?1 ORDER BY email_key")
            .bind(scope.tenant().as_str())
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(user).collect()
    }

    async fn users_by_ids(&self, scope: &TenantScope, ids: &[UserId]) -> Result<Vec<User>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let rows = sqlx::query(
            "SELECT * FROM user WHERE tenant = ?1 AND id IN (SELECT unhex(wanted.value) FROM json_each(?2) AS wanted)",
        )
        .bind(scope.tenant().as_str())
        .bind(serde_json::json!(ids).to_string())
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(user).collect()
    }

    async fn user_by_email(&self, email: &str) -> Result<Option<(TenantScope, User)>> {
        let row = sqlx::query("SELECT * FROM user WHERE email_key = ?1")
            .bind(email_key(email))
            .fetch_optional(&self.readers)
            .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some((TenantScope::of_row(parse(&row, "tenant")?), user(&row)?)))
    }

    async fn rename_user(&self, scope: &TenantScope, id: &UserId, name: &str, event: NewEvent) -> Result<()> {
        let mut transaction = self.begin().await?;
        sqlx::query("UPDATE user SET name = ?3 WHERE tenant = ?1 AND id = ?2")
            .bind(scope.tenant().as_str())
            .bind(id.0.to_vec())
            .bind(name)
            .execute(&mut *transaction)
            .await?;
        events::append(&mut transaction, scope, &event).await?;
        Ok(transaction.commit().await?)
    }

    async fn set_password_hash(
        &self,
        scope: &TenantScope,
        id: &UserId,
        hash: &str,
        event: Option<NewEvent>,
    ) -> Result<()> {
        let mut transaction = self.begin().await?;
        sqlx::query("UPDATE user SET password_hash = ?3 WHERE tenant = ?1 AND id = ?2")
            .bind(scope.tenant().as_str())
            .bind(id.0.to_vec())
            .bind(hash)
            .execute(&mut *transaction)
            .await?;
        if let Some(event) = event {
            events::append(&mut transaction, scope, &event).await?;
        }
        Ok(transaction.commit().await?)
    }
}

fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}

fn user(row: &SqliteRow) -> Result<User> {
    Ok(User {
        id: UserId(bytes(row, "id")?),
        email: get(row, "email")?,
        name: get(row, "name")?,
        password_hash: get(row, "password_hash")?,
        disabled: get(row, "disabled")?,
        created_at: get(row, "created_at")?,
    })
}
