use std::time::Duration;

use async_trait::async_trait;
use protocol::api::{CallPolicy, ShortcutPolicy};
use protocol::ids::TenantId;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::row::{get, parse, unsigned};
use super::{Sqlite3, conflict, events, log, roles};
use crate::storage::{NewEvent, RemoteAccessSettings, Result, StorageError, Tenant, TenantScope, Tenants};

const SECONDS_PER_DAY: u64 = 24 * 60 * 60;

/// Creates a tenant within the transaction of `connection`.
pub(super) async fn create(connection: &mut SqliteConnection, tenant: &Tenant) -> Result<TenantScope> {
    sqlx::query("INSERT INTO tenant (id, name, created_at) VALUES (?1, ?2, ?3)")
        .bind(tenant.id.as_str())
        .bind(tenant.name.as_str())
        .bind(tenant.created_at)
        .execute(&mut *connection)
        .await
        .map_err(conflict("a tenant with this id"))?;
    let scope = TenantScope::of_row(tenant.id.clone());
    log::create(connection, &scope).await?;
    write_settings(connection, &scope, &RemoteAccessSettings::default()).await?;
    roles::create_built_in(connection, &scope).await?;
    Ok(scope)
}

#[async_trait]
impl Tenants for Sqlite3 {
    async fn create_tenant(&self, tenant: &Tenant, event: NewEvent) -> Result<TenantScope> {
        let mut transaction = self.begin().await?;
        let scope = create(&mut transaction, tenant).await?;
        events::append(&mut transaction, &scope, &event).await?;
        transaction.commit().await?;
        Ok(scope)
    }

    async fn tenant(&self, id: &TenantId) -> Result<Option<(TenantScope, Tenant)>> {
        let row = sqlx::query("SELECT id, name, created_at FROM tenant WHERE id = ?1")
            .bind(id.as_str())
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(scoped_tenant).transpose()
    }

    async fn tenants(&self) -> Result<Vec<(TenantScope, Tenant)>> {
        let rows = sqlx::query("SELECT id, name, created_at FROM tenant ORDER BY id").fetch_all(&self.readers).await?;
        rows.iter().map(scoped_tenant).collect()
    }

    async fn tenant_of(&self, scope: &TenantScope) -> Result<Tenant> {
        let found = self.tenant(scope.tenant()).await?;
        found.map(|(_, tenant)| tenant).ok_or(StorageError::Corrupt("tenant"))
    }

    async fn rename_tenant(&self, scope: &TenantScope, name: &str, event: NewEvent) -> Result<()> {
        let mut transaction = self.begin().await?;
        sqlx::query("UPDATE tenant SET name = ?2 WHERE id = ?1")
            .bind(scope.tenant().as_str())
            .bind(name)
            .execute(&mut *transaction)
            .await?;
        events::append(&mut transaction, scope, &event).await?;
        transaction.commit().await
    }

    async fn remote_access(&self, scope: &TenantScope) -> Result<RemoteAccessSettings> {
        read_settings(&mut *self.readers.acquire().await?, scope).await
    }

    async fn set_remote_access(
        &self,
        scope: &TenantScope,
        before: &RemoteAccessSettings,
        after: &RemoteAccessSettings,
        event: NewEvent,
    ) -> Result<bool> {
        let mut transaction = self.begin().await?;
        if read_settings(&mut transaction, scope).await? != *before {
            return Ok(false);
        }
        write_settings(&mut transaction, scope, after).await?;
        events::append(&mut transaction, scope, &event).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

fn scoped_tenant(row: &SqliteRow) -> Result<(TenantScope, Tenant)> {
    let id: TenantId = parse(row, "id")?;
    let tenant = Tenant { id: id.clone(), name: get(row, "name")?, created_at: get(row, "created_at")? };
    Ok((TenantScope::of_row(id), tenant))
}

async fn read_settings(connection: &mut SqliteConnection, scope: &TenantScope) -> Result<RemoteAccessSettings> {
    let row = sqlx::query("SELECT * FROM remote_access WHERE tenant = ?1")
        .bind(scope.tenant().as_str())
        .fetch_one(connection)
        .await?;
    settings(&row)
}

async fn write_settings(
    connection: &mut SqliteConnection,
    scope: &TenantScope,
    settings: &RemoteAccessSettings,
) -> Result<()> {
    sqlx::query(
        "INSERT OR REPLACE INTO remote_access (tenant, enabled, acknowledged_by, call_policy, view_shortcuts,
             idle_limit_s, maximum_s, decline_within_s, room_may_end, retention_days, step_up)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )
    .bind(scope.tenant().as_str())
    .bind(settings.enabled)
    .bind(settings.acknowledged_by.as_deref())
    .bind(call_policy_text(settings.call_policy))
    .bind(shortcut_policy_text(settings.view_shortcuts))
    .bind(settings.idle_limit.as_secs() as i64)
    .bind(settings.maximum_duration.as_secs() as i64)
    .bind(settings.decline_within.map(|within| within.as_secs() as i64))
    .bind(settings.room_may_end)
    .bind((settings.audit_retention.as_secs() / SECONDS_PER_DAY) as i64)
    .bind(settings.step_up)
    .execute(connection)
    .await?;
    Ok(())
}

fn settings(row: &SqliteRow) -> Result<RemoteAccessSettings> {
    let seconds = |column| unsigned(row, column).map(Duration::from_secs);
    let decline: Option<i64> = get(row, "decline_within_s")?;
    Ok(RemoteAccessSettings {
        enabled: get(row, "enabled")?,
        acknowledged_by: get(row, "acknowledged_by")?,
        call_policy: call_policy(get(row, "call_policy")?)?,
        view_shortcuts: shortcut_policy(get(row, "view_shortcuts")?)?,
        idle_limit: seconds("idle_limit_s")?,
        maximum_duration: seconds("maximum_s")?,
        decline_within: decline.map(|seconds| Duration::from_secs(seconds.unsigned_abs())),
        room_may_end: get(row, "room_may_end")?,
        step_up: get(row, "step_up")?,
        audit_retention: Duration::from_secs(unsigned(row, "retention_days")? * SECONDS_PER_DAY),
    })
}

fn call_policy_text(policy: CallPolicy) -> &'static str {
    match policy {
        CallPolicy::Pause => "pause",
        CallPolicy::End => "end",
        CallPolicy::Continue => "continue",
    }
}

fn call_policy(text: &str) -> Result<CallPolicy> {
    let all = [CallPolicy::Pause, CallPolicy::End, CallPolicy::Continue];
    let found = all.into_iter().find(|policy| call_policy_text(*policy) == text);
    found.ok_or(StorageError::Corrupt("call_policy"))
}

fn shortcut_policy_text(policy: ShortcutPolicy) -> &'static str {
    match policy {
        ShortcutPolicy::All => "all",
        ShortcutPolicy::Safe => "safe",
        ShortcutPolicy::None => "none",
    }
}

fn shortcut_policy(text: &str) -> Result<ShortcutPolicy> {
    let all = [ShortcutPolicy::All, ShortcutPolicy::Safe, ShortcutPolicy::None];
    let found = all.into_iter().find(|policy| shortcut_policy_text(*policy) == text);
    found.ok_or(StorageError::Corrupt("view_shortcuts"))
}
