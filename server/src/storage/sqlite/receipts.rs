use async_trait::async_trait;
use protocol::ids::{ConsoleId, SessionId};
use protocol::secure::ConsoleSigningKey;

use super::{Sqlite3, events};
use crate::storage::receipts::Kept;
use crate::storage::{NewEvent, NewReceipt, Receipts, Result, TenantScope};

#[async_trait]
impl Receipts for Sqlite3 {
    async fn learn_signing_key(
        &self,
        scope: &TenantScope,
        id: &ConsoleId,
        key: &ConsoleSigningKey,
        event: NewEvent,
    ) -> Result<bool> {
        let mut transaction = self.begin().await?;
        let learned =
            sqlx::query("UPDATE console SET signing_key = ?3 WHERE tenant = ?1 AND id = ?2 AND signing_key IS NULL")
                .bind(scope.tenant().as_str())
                .bind(id.0.to_vec())
                .bind(key.to_bytes().to_vec())
                .execute(&mut *transaction)
                .await?;
        if learned.rows_affected() == 0 {
            let known: i64 =
                sqlx::query_scalar("SELECT count(*) FROM console WHERE tenant = ?1 AND id = ?2 AND signing_key = ?3")
                    .bind(scope.tenant().as_str())
                    .bind(id.0.to_vec())
                    .bind(key.to_bytes().to_vec())
                    .fetch_one(&mut *transaction)
                    .await?;
            return Ok(known == 1);
        }
        events::append(&mut transaction, scope, &event).await?;
        transaction.commit().await?;
        Ok(true)
    }

    async fn keep_receipt(&self, scope: &TenantScope, receipt: &NewReceipt, events: Vec<NewEvent>) -> Result<Kept> {
        let mut transaction = self.begin().await?;
        let stored = sqlx::query(
            "INSERT INTO receipt (tenant, session, console, number, signed, received_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (tenant, session) DO NOTHING",
        )
        .bind(scope.tenant().as_str())
        .bind(receipt.session.0.to_vec())
        .bind(receipt.console.0.to_vec())
        .bind(signed(receipt.number))
        .bind(receipt.signed.as_slice())
        .bind(receipt.received_at)
        .execute(&mut *transaction)
        .await?;
        if stored.rows_affected() == 0 {
            drop(transaction);
            let known = self.receipt(scope, &receipt.session).await?;
            return Ok(if known.as_ref() == Some(&receipt.signed) { Kept::Known } else { Kept::Other });
        }
        sqlx::query("UPDATE console SET receipt_number = ?3 WHERE tenant = ?1 AND id = ?2")
            .bind(scope.tenant().as_str())
            .bind(receipt.console.0.to_vec())
            .bind(signed(receipt.number))
            .execute(&mut *transaction)
            .await?;
        for event in &events {
            events::append(&mut transaction, scope, event).await?;
        }
        transaction.commit().await?;
        Ok(Kept::Stored)
    }

    async fn pass_receipt(
        &self,
        scope: &TenantScope,
        id: &ConsoleId,
        number: u64,
        event: Option<NewEvent>,
    ) -> Result<()> {
        let mut transaction = self.begin().await?;
        sqlx::query(
            "UPDATE console SET receipt_number = max(coalesce(receipt_number, 0), ?3) WHERE tenant = ?1 AND id = ?2",
        )
        .bind(scope.tenant().as_str())
        .bind(id.0.to_vec())
        .bind(signed(number))
        .execute(&mut *transaction)
        .await?;
        if let Some(event) = &event {
            events::append(&mut transaction, scope, event).await?;
        }
        transaction.commit().await
    }

    async fn receipt(&self, scope: &TenantScope, session: &SessionId) -> Result<Option<Vec<u8>>> {
        let signed = sqlx::query_scalar("SELECT signed FROM receipt WHERE tenant = ?1 AND session = ?2")
            .bind(scope.tenant().as_str())
            .bind(session.0.to_vec())
            .fetch_optional(&self.readers)
            .await?;
        Ok(signed)
    }
}

/// No console comes so far; one that says so is not believed, either.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
