//! The public halves of people's passkeys.

use async_trait::async_trait;
use protocol::api::UnixMillis;
use protocol::ids::{PasskeyId, UserId};

use super::{NewEvent, Result, TenantScope};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyRecord {
    pub id: PasskeyId,
    pub user: UserId,
    /// As its owner named it.
    pub name: String,
    /// By which authenticators name it.
    pub credential_id: Vec<u8>,
    /// The public key with its counter, as JSON of the library that checks it.
    pub credential: String,
    pub created_at: UnixMillis,
    pub last_used_at: Option<UnixMillis>,
}

#[async_trait]
pub trait Passkeys {
    /// # Errors
    /// `Conflict` when the credential is somebody's already.
    async fn create_passkey(&self, scope: &TenantScope, passkey: &PasskeyRecord, event: NewEvent) -> Result<()>;

    /// Oldest first.
    async fn passkeys_of(&self, scope: &TenantScope, user: &UserId) -> Result<Vec<PasskeyRecord>>;

    /// Whose credential it is, in the whole installation.
    async fn passkey_of_credential(&self, credential_id: &[u8]) -> Result<Option<(TenantScope, PasskeyRecord)>>;

    /// Notes that a passkey was used; `credential` is its new state.
    async fn touch_passkey(&self, scope: &TenantScope, id: &PasskeyId, credential: &str, at: UnixMillis) -> Result<()>;

    /// `false` when there is none.
    async fn delete_passkey(&self, scope: &TenantScope, id: &PasskeyId, event: NewEvent) -> Result<bool>;
}
