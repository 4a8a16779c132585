//! What belongs to the installation and to no tenant.

use async_trait::async_trait;
use protocol::api::UnixMillis;

use super::{NewEvent, NewUser, Result, Tenant, TenantScope};

/// A one-time link for the first administrator, found by the hash of its token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetupLink {
    pub token_hash: [u8; 32],
    pub expires_at: UnixMillis,
}

#[async_trait]
pub trait Installation {
    /// A value that the installation remembers by name.
    async fn fact(&self, name: &str) -> Result<Option<String>>;

    async fn set_fact(&self, name: &str, value: &str) -> Result<()>;

    /// Makes `link` the only one.
    async fn offer_setup(&self, link: &SetupLink) -> Result<()>;

    /// Uses up the link and creates the first tenant with its Global Administrator, all at once. `None` when the link is
    /// unknown, ran out before `now`, or a tenant exists already.
    async fn set_up(
        &self,
        token_hash: &[u8; 32],
        now: UnixMillis,
        tenant: &Tenant,
        administrator: &NewUser,
        events: Vec<NewEvent>,
    ) -> Result<Option<TenantScope>>;

    /// Brings everything into its final place and lets go of it; later calls of any method fail.
    async fn close(&self);
}
