//! Tenants and their opt-in to remote access.

use std::time::Duration;

use async_trait::async_trait;
use protocol::api::{CallPolicy, ShortcutPolicy, UnixMillis};
use protocol::ids::TenantId;

use super::{NewEvent, Result, TenantScope};

/// A customer of the installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    pub id: TenantId,
    pub name: String,
    pub created_at: UnixMillis,
}

/// The tenant's opt-in and the policies beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteAccessSettings {
    pub enabled: bool,
    /// The e-mail address that acknowledged enabling.
    pub acknowledged_by: Option<String>,
    pub call_policy: CallPolicy,
    pub view_shortcuts: ShortcutPolicy,
    pub idle_limit: Duration,
    pub maximum_duration: Duration,
    /// People in the room may decline within this time; `None` asks nobody.
    pub decline_within: Option<Duration>,
    /// People in the room may end a session.
    pub room_may_end: bool,
    /// People confirm that it is they before they start sessions or administer.
    pub step_up: bool,
    pub audit_retention: Duration,
}

impl Default for RemoteAccessSettings {
    fn default() -> Self {
        Self {
            enabled: false,
            acknowledged_by: None,
            call_policy: CallPolicy::Pause,
            view_shortcuts: ShortcutPolicy::All,
            idle_limit: Duration::from_mins(15),
            maximum_duration: Duration::from_hours(4),
            decline_within: None,
            room_may_end: true,
            step_up: false,
            audit_retention: Duration::from_hours(180 * 24),
        }
    }
}

#[async_trait]
pub trait Tenants {
    /// Creates a tenant with the default settings and the built-in roles.
    ///
    /// # Errors
    /// `Conflict` when the id is taken.
    async fn create_tenant(&self, tenant: &Tenant, event: NewEvent) -> Result<TenantScope>;

    async fn tenant(&self, id: &TenantId) -> Result<Option<(TenantScope, Tenant)>>;

    /// Every tenant, in the order of their ids.
    async fn tenants(&self) -> Result<Vec<(TenantScope, Tenant)>>;

    async fn tenant_of(&self, scope: &TenantScope) -> Result<Tenant>;

    async fn rename_tenant(&self, scope: &TenantScope, name: &str, event: NewEvent) -> Result<()>;

    async fn remote_access(&self, scope: &TenantScope) -> Result<RemoteAccessSettings>;

    /// Replaces the settings `before`. `false` when others are in force by now: nothing is stored then.
    async fn set_remote_access(
        &self,
        scope: &TenantScope,
        before: &RemoteAccessSettings,
        after: &RemoteAccessSettings,
        event: NewEvent,
    ) -> Result<bool>;
}
