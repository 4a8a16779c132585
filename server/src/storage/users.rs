//! People who sign in.

use async_trait::async_trait;
use protocol::api::UnixMillis;
use protocol::ids::UserId;

use super::{NewEvent, Result, TenantScope};

#[derive(Clone, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub email: String,
    pub name: String,
    /// A PHC string; `None` cannot sign in with a password.
    pub password_hash: Option<String>,
    pub disabled: bool,
    pub created_at: UnixMillis,
}

/// Never shows the hash.
impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A user to be created or, by its e-mail, changed.
#[derive(Clone)]
pub struct NewUser {
    pub id: UserId,
    pub email: String,
    pub name: String,
    pub password_hash: Option<String>,
    pub created_at: UnixMillis,
}

#[async_trait]
pub trait Users {
    /// # Errors
    /// `Conflict` when the e-mail address has an account somewhere in the installation.
    async fn create_user(&self, scope: &TenantScope, user: &NewUser, event: NewEvent) -> Result<()>;

    async fn user(&self, scope: &TenantScope, id: &UserId) -> Result<Option<User>>;

    /// All users of the tenant, in the order of their addresses.
    async fn users(&self, scope: &TenantScope) -> Result<Vec<User>>;

    /// Those that exist, in any order.
    async fn users_by_ids(&self, scope: &TenantScope, ids: &[UserId]) -> Result<Vec<User>>;

    /// The account of an address, which is unique over the installation; upper and lower case are the same.
    async fn user_by_email(&self, email: &str) -> Result<Option<(TenantScope, User)>>;

    async fn rename_user(&self, scope: &TenantScope, id: &UserId, name: &str, event: NewEvent) -> Result<()>;

    async fn set_password_hash(
        &self,
        scope: &TenantScope,
        id: &UserId,
        hash: &str,
        event: Option<NewEvent>,
    ) -> Result<()>;
}
