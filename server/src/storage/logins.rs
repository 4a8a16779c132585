//! Being signed in: one row per cookie, found by the hash of the cookie's value.

use async_trait::async_trait;
use protocol::api::UnixMillis;
use protocol::ids::UserId;
use sha2::{Digest as _, Sha256};

use super::{NewEvent, Result, TenantScope};

/// SHA-256 of a cookie's value: who reads the database cannot sign in with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LoginKey(pub [u8; 32]);

impl LoginKey {
    pub fn of_cookie(value: &[u8; 32]) -> Self {
        Self(Sha256::new().chain_update(b"redring login").chain_update(value).finalize().into())
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginRecord {
    pub key: LoginKey,
    pub user: UserId,
    pub created_at: UnixMillis,
    pub last_active_at: UnixMillis,
}

#[async_trait]
pub trait Logins {
    /// Stores a login; its user was last signed in then.
    async fn create_login(&self, scope: &TenantScope, login: &LoginRecord, event: NewEvent) -> Result<()>;

    async fn login(&self, key: &LoginKey) -> Result<Option<(TenantScope, LoginRecord)>>;

    async fn touch_login(&self, scope: &TenantScope, key: &LoginKey, at: UnixMillis) -> Result<()>;

    /// Ends a login. Ending one that is gone changes nothing and records nothing.
    async fn end_login(&self, scope: &TenantScope, key: &LoginKey, event: NewEvent) -> Result<()>;

    /// Ends all logins of a user, each with its event; returns them.
    async fn end_logins(&self, scope: &TenantScope, user: &UserId, event: NewEvent) -> Result<Vec<LoginKey>>;

    /// Removes logins created before `created` or not used since `active`, of all tenants.
    async fn purge_logins(&self, created: UnixMillis, active: UnixMillis) -> Result<u64>;
}
