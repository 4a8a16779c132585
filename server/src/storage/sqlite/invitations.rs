use async_trait::async_trait;
use protocol::api::UnixMillis;
use protocol::ids::UserId;
use sqlx::sqlite::SqliteConnection;

use super::row::{bytes, parse};
use super::{Sqlite3, events, logins, users};
use crate::storage::{Invitations, LoginKey, NewEvent, NewInvitation, Result, TenantScope, User};

/// Stores an invitation in the place of the one before, within the transaction of `connection`. `false` when there is no
/// such user.
pub(super) async fn replace(
    connection: &mut SqliteConnection,
    scope: &TenantScope,
    invitation: &NewInvitation,
) -> Result<bool> {
    let stored = sqlx::query(
        "INSERT OR REPLACE INTO invitation (tenant, user, token_hash, created_at, expires_at)
         SELECT tenant, id, ?3, ?4, ?5 FROM user WHERE tenant = ?1 AND id = ?2",
    )
    .bind(scope.tenant().as_str())
    .bind(invitation.user.0.to_vec())
    .bind(invitation.token_hash.to_vec())
    .bind(invitation.created_at)
    .bind(invitation.expires_at)
    .execute(connection)
    .await?;
    Ok(stored.rows_affected() == 1)
}

#[async_trait]
impl Invitations for Sqlite3 {
    async fn invite(&self, scope: &TenantScope, invitation: &NewInvitation, event: NewEvent) -> Result<bool> {
        let mut transaction = self.begin().await?;
        if !replace(&mut transaction, scope, invitation).await? {
            return Ok(false);
        }
        events::append(&mut transaction, scope, &event).await?;
        transaction.commit().await?;
        Ok(true)
    }

    async fn invited(&self, token_hash: &[u8; 32], now: UnixMillis) -> Result<Option<(TenantScope, User)>> {
        let row = sqlx::query(
            "SELECT user.* FROM invitation
             JOIN user ON user.tenant = invitation.tenant AND user.id = invitation.user
             WHERE invitation.token_hash = ?1 AND ?2 < invitation.expires_at AND NOT user.disabled",
        )
        .bind(token_hash.to_vec())
        .bind(now)
        .fetch_optional(&self.readers)
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some((TenantScope::of_row(parse(&row, "tenant")?), users::user(&row)?)))
    }

    async fn accept_invitation(
        &self,
        scope: &TenantScope,
        token_hash: &[u8; 32],
        now: UnixMillis,
        password_hash: &str,
        event: NewEvent,
    ) -> Result<Option<Vec<LoginKey>>> {
        let mut transaction = self.begin().await?;
        let taken = sqlx::query(
            "DELETE FROM invitation
             WHERE tenant = ?1 AND token_hash = ?2 AND ?3 < expires_at
                 AND EXISTS (SELECT 1 FROM user WHERE user.tenant = invitation.tenant AND user.id = invitation.user
                             AND NOT user.disabled)
             RETURNING user",
        )
        .bind(scope.tenant().as_str())
        .bind(token_hash.to_vec())
        .bind(now)
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(taken) = taken else { return Ok(None) };
        let user = UserId(bytes(&taken, "user")?);
        users::write_password(&mut transaction, scope, &user, password_hash).await?;
        let ended = logins::end_all(&mut transaction, scope, &user, None).await?;
        events::append(&mut transaction, scope, &event).await?;
        transaction.commit().await?;
        Ok(Some(ended))
    }
}
