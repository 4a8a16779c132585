use async_trait::async_trait;
use protocol::api::UnixMillis;

use super::{Sqlite3, events, roles, tenants, users};
use crate::access::BuiltInRole;
use crate::storage::{Installation, NewEvent, NewUser, Result, SetupLink, Tenant, TenantScope};

#[async_trait]
impl Installation for Sqlite3 {
    async fn fact(&self, name: &str) -> Result<Option<String>> {
        let value = sqlx::query_scalar("SELECT value FROM fact WHERE name = ?1").bind(name.to_owned());
        Ok(value.fetch_optional(&self.readers).await?)
    }

    async fn set_fact(&self, name: &str, value: &str) -> Result<()> {
        let query = sqlx::query("INSERT OR REPLACE INTO fact (name, value) VALUES (?1, ?2)").bind(name).bind(value);
        self.writer.execute(query).await?;
        Ok(())
    }

    async fn offer_setup(&self, link: &SetupLink) -> Result<()> {
        let mut transaction = self.begin().await?;
        sqlx::query("DELETE FROM setup_link").execute(&mut *transaction).await?;
        sqlx::query("INSERT INTO setup_link (token_hash, expires_at) VALUES (?1, ?2)")
            .bind(link.token_hash.to_vec())
            .bind(link.expires_at)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }

    async fn set_up(
        &self,
        token_hash: &[u8; 32],
        now: UnixMillis,
        tenant: &Tenant,
        administrator: &NewUser,
        new_events: Vec<NewEvent>,
    ) -> Result<Option<TenantScope>> {
        let mut transaction = self.begin().await?;
        let spent = sqlx::query("DELETE FROM setup_link WHERE token_hash = ?1 AND ?2 < expires_at")
            .bind(token_hash.to_vec())
            .bind(now)
            .execute(&mut *transaction)
            .await?;
        let set_up_before: Option<i64> =
            sqlx::query_scalar("SELECT 1 FROM tenant LIMIT 1").fetch_optional(&mut *transaction).await?;
        if spent.rows_affected() == 0 || set_up_before.is_some() {
            return Ok(None);
        }
        let scope = tenants::create(&mut transaction, tenant).await?;
        users::create(&mut transaction, &scope, administrator).await?;
        let role = BuiltInRole::GlobalAdministrator;
        roles::assign_built_in(&mut transaction, &scope, role, &administrator.id, now).await?;
        for event in &new_events {
            events::append(&mut transaction, &scope, event).await?;
        }
        transaction.commit().await?;
        Ok(Some(scope))
    }
    async fn close(&self) {
        // Whoever closes last folds the journal back into the one file, and readers may not write.
        self.readers.close().await;
        self.writer.close().await;
        self.writers.close().await;
    }
}
