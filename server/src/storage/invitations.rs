//! One-time links with which people set a password: at most one per user, found by the hash of its token.

use async_trait::async_trait;
use protocol::api::UnixMillis;
use protocol::ids::UserId;

use super::{LoginKey, NewEvent, Result, TenantScope, User};

/// An invitation to be stored; the token itself is in the link only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewInvitation {
    pub user: UserId,
    pub token_hash: [u8; 32],
    pub created_at: UnixMillis,
    pub expires_at: UnixMillis,
}

#[async_trait]
pub trait Invitations {
    /// Makes this the one invitation of its user. `false` when there is no such user.
    async fn invite(&self, scope: &TenantScope, invitation: &NewInvitation, event: NewEvent) -> Result<bool>;

    /// Whom an invitation is for that is good at `now`; nobody whose account is disabled.
    async fn invited(&self, token_hash: &[u8; 32], now: UnixMillis) -> Result<Option<(TenantScope, User)>>;

    /// Uses an invitation up: sets the password and ends the user's logins, which are returned. `None` when it is not good
    /// (any more): nothing is stored then.
    async fn accept_invitation(
        &self,
        scope: &TenantScope,
        token_hash: &[u8; 32],
        now: UnixMillis,
        password_hash: &str,
        event: NewEvent,
    ) -> Result<Option<Vec<LoginKey>>>;
}
