//! People who sign in.

use async_trait::async_trait;
use protocol::api::{UnixMillis, UserState};
use protocol::ids::{GroupId, UserId};

use super::groups::NewGroup;
use super::{LoginKey, NewEvent, NewInvitation, Result, TenantScope};

#[derive(Clone, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub email: String,
    pub name: String,
    /// A PHC string; `None` cannot sign in with a password.
    pub password_hash: Option<String>,
    /// An identity provider says when it is this person.
    pub has_identity: bool,
    pub disabled: bool,
    pub created_at: UnixMillis,
    pub last_login_at: Option<UnixMillis>,
    /// Grows with every change of name or state.
    pub version: u32,
}

impl User {
    pub fn state(&self) -> UserState {
        match &self.password_hash {
            _ if self.disabled => UserState::Disabled,
            None if !self.has_identity => UserState::Invited,
            _ => UserState::Active,
        }
    }
}

/// Never shows the hash.
impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A user to be created.
#[derive(Clone)]
pub struct NewUser {
    pub id: UserId,
    pub email: String,
    pub name: String,
    pub password_hash: Option<String>,
    pub created_at: UnixMillis,
}

/// A part of the list, which is in the order of names in lower case, then of addresses.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserFilter {
    /// In lower case: each must be in the name or in the address.
    pub words: Vec<String>,
    pub state: Option<UserState>,
    /// Only the members of this group; also those that are counted without the rest of the filter.
    pub group: Option<GroupId>,
    pub after: Option<UserPosition>,
    pub limit: u32,
}

/// A place in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserPosition {
    /// The name in lower case.
    pub name_key: String,
    /// The address in lower case.
    pub email_key: String,
}

impl From<&User> for UserPosition {
    fn from(user: &User) -> Self {
        Self { name_key: user.name.to_lowercase(), email_key: email_key(&user.email) }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserPage {
    pub users: Vec<User>,
    /// There are more behind the last one.
    pub has_more: bool,
    pub n_matching: u32,
    pub n_all: u32,
}

/// What a user is to be called, and whether they can sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserEdit {
    pub id: UserId,
    pub name: String,
    pub disabled: bool,
    /// What the change is based on.
    pub version: u32,
}

/// One step of a change of many accounts at once.
#[derive(Clone)]
pub enum ImportStep {
    CreateUser(NewUser),
    EditUser(UserEdit),
    CreateGroup(NewGroup),
    Join { group: GroupId, user: UserId },
    Leave { group: GroupId, user: UserId },
}

/// How two addresses are compared.
pub fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}

#[async_trait]
pub trait Users {
    /// # Errors
    /// `Conflict` when the e-mail address has an account somewhere in the installation.
    async fn create_user(&self, scope: &TenantScope, user: &NewUser, event: NewEvent) -> Result<()>;

    /// Stores a user together with their invitation.
    ///
    /// # Errors
    /// As [`Users::create_user`].
    async fn create_invited_user(
        &self,
        scope: &TenantScope,
        user: &NewUser,
        invitation: &NewInvitation,
        events: Vec<NewEvent>,
    ) -> Result<()>;

    async fn user(&self, scope: &TenantScope, id: &UserId) -> Result<Option<User>>;

    /// All users of the tenant, in the order of their names, then their addresses.
    async fn users(&self, scope: &TenantScope) -> Result<Vec<User>>;

    /// A part of the list.
    async fn list_users(&self, scope: &TenantScope, filter: &UserFilter) -> Result<UserPage>;

    /// Those that exist, in the order of their names, then their addresses.
    async fn users_by_ids(&self, scope: &TenantScope, ids: &[UserId]) -> Result<Vec<User>>;

    /// At most `limit` enabled users with each word (in lower case) in the name or in the address: first those whose name
    /// starts with one of them, then those whose address does.
    async fn best_users(&self, scope: &TenantScope, words: &[String], limit: u32) -> Result<Vec<User>>;

    /// The account of an address, which is unique over the installation; upper and lower case are the same.
    async fn user_by_email(&self, email: &str) -> Result<Option<(TenantScope, User)>>;

    /// Which of these addresses, as [`email_key`] gives them, have an account in another tenant.
    async fn taken_elsewhere(&self, scope: &TenantScope, email_keys: &[String]) -> Result<Vec<String>>;

    async fn rename_user(&self, scope: &TenantScope, id: &UserId, name: &str, event: NewEvent) -> Result<()>;

    /// Changes a user; disabling ends their logins, which are returned. `None` when there is another version by now, or no
    /// such user: nothing is stored then.
    async fn edit_user(
        &self,
        scope: &TenantScope,
        edit: &UserEdit,
        events: Vec<NewEvent>,
    ) -> Result<Option<Vec<LoginKey>>>;

    /// Sets a password and ends all logins but `keep`; returns those that ended.
    async fn set_password_hash(
        &self,
        scope: &TenantScope,
        id: &UserId,
        hash: &str,
        keep: &LoginKey,
        event: NewEvent,
    ) -> Result<Vec<LoginKey>>;

    /// Takes all steps or none, each with its events; returns the logins that ended. `None` when a step does not fit to
    /// what is stored by now.
    async fn import(&self, scope: &TenantScope, steps: &[(ImportStep, Vec<NewEvent>)])
    -> Result<Option<Vec<LoginKey>>>;
}
