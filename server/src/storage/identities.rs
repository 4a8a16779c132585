//! Whom identity providers name, as accounts.

use async_trait::async_trait;
use protocol::api::UnixMillis;
use protocol::ids::UserId;

use super::{NewEvent, NewUser, Result, TenantScope};

/// Ties an account to what an identity provider calls its person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewIdentity {
    pub issuer: String,
    pub subject: String,
    pub user: UserId,
    pub linked_at: UnixMillis,
}

#[async_trait]
pub trait Identities {
    /// The account of `subject` at `issuer`.
    async fn identity(&self, scope: &TenantScope, issuer: &str, subject: &str) -> Result<Option<UserId>>;

    /// Ties an account to an identity, making the account first when it is new.
    ///
    /// # Errors
    /// `Conflict` when the account has an identity, the identity an account, or the new account's e-mail address one
    /// somewhere in the installation: nothing is stored then.
    async fn link_identity(
        &self,
        scope: &TenantScope,
        identity: &NewIdentity,
        new_user: Option<&NewUser>,
        events: Vec<NewEvent>,
    ) -> Result<()>;

    /// Marks a sign-in as completed until it would have run out anyway. `false` when it was completed before.
    async fn spend_sign_in(&self, state_hash: &[u8; 32], expires_at: UnixMillis) -> Result<bool>;

    /// Forgets completed sign-ins that have run out.
    async fn purge_sign_ins(&self, now: UnixMillis) -> Result<u64>;
}
