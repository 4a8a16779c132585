use async_trait::async_trait;
use protocol::api::UnixMillis;
use protocol::ids::UserId;

use super::row::bytes;
use super::{Sqlite3, conflict, users};
use crate::storage::{Identities, NewEvent, NewIdentity, NewUser, Result, TenantScope};

#[async_trait]
impl Identities for Sqlite3 {
    async fn identity(&self, scope: &TenantScope, issuer: &str, subject: &str) -> Result<Option<UserId>> {
        let row = sqlx::query("SELECT user FROM user_identity WHERE tenant = ?1 AND issuer = ?2 AND subject = ?3")
            .bind(scope.tenant().as_str())
            .bind(issuer)
            .bind(subject)
            .fetch_optional(&self.readers)
            .await?;
        row.map(|row| bytes(&row, "user").map(UserId)).transpose()
    }

    async fn link_identity(
        &self,
        scope: &TenantScope,
        identity: &NewIdentity,
        new_user: Option<&NewUser>,
        events: Vec<NewEvent>,
    ) -> Result<()> {
        let mut transaction = self.begin().await?;
        if let Some(user) = new_user {
            users::create(&mut transaction, scope, user).await?;
        }
        sqlx::query("INSERT INTO user_identity (tenant, issuer, subject, user, linked_at) VALUES (?1, ?2, ?3, ?4, ?5)")
            .bind(scope.tenant().as_str())
            .bind(identity.issuer.as_str())
            .bind(identity.subject.as_str())
            .bind(identity.user.0.to_vec())
            .bind(identity.linked_at)
            .execute(&mut *transaction)
            .await
            .map_err(conflict("an identity"))?;
        for event in &events {
            super::events::append(&mut transaction, scope, event).await?;
        }
        transaction.commit().await
    }

    async fn spend_sign_in(&self, state_hash: &[u8; 32], expires_at: UnixMillis) -> Result<bool> {
        let query =
            sqlx::query("INSERT INTO spent_sign_in (state_hash, expires_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING")
                .bind(state_hash.to_vec())
                .bind(expires_at);
        let spent = self.writer.execute(query).await?;
        Ok(0 < spent.rows_affected())
    }

    async fn purge_sign_ins(&self, now: UnixMillis) -> Result<u64> {
        let query = sqlx::query("DELETE FROM spent_sign_in WHERE expires_at <= ?1").bind(now);
        let purged = self.writer.execute(query).await?;
        Ok(purged.rows_affected())
    }
}
