use serde::{Deserialize, Serialize};

use super::{GroupRef, HeldAssignment, UnixMillis};
use crate::ids::UserId;

/// Fewest characters of a password.
pub const PASSWORD_MIN_CHARS: usize = 12;

/// A person, as lists and forms name them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserSummary {
    pub id: UserId,
    pub name: String,
    pub email: String,
}

/// A row of the list of users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserEntry {
    pub id: UserId,
    pub name: String,
    pub email: String,
    pub state: UserState,
    pub created_at: UnixMillis,
    /// When they last signed in; `None` when they never did.
    pub last_login_at: Option<UnixMillis>,
}

/// Whether somebody can sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum UserState {
    Active,
    /// Has no way to sign in yet: the invitation was not taken up.
    Invited,
    /// Cannot sign in until an administrator enables the account again.
    Disabled,
}

/// `GET /users?q=&state=&cursor=&limit=` and `GET /groups/{group}/members?q=&cursor=&limit=`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserList {
    /// In the order of their names, then their addresses.
    pub users: Vec<UserEntry>,
    /// How many match the filter.
    pub n_matching: u32,
    /// How many there are without the filter.
    pub n_all: u32,
    /// Give it back as `cursor` for the next page.
    pub next_cursor: Option<String>,
}

/// `POST /users`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateUser {
    /// Unique over the installation.
    pub email: String,
    pub name: String,
}

/// The answer to `POST /users`
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreatedUser {
    pub user: UserEntry,
    pub invitation: Invitation,
}

impl std::fmt::Debug for CreatedUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CreatedUser").field("user", &self.user.id).finish_non_exhaustive()
    }
}

/// `POST /users/{user}/invitation`: a one-time link with which a person sets a password and signs in. A new one replaces
/// the one before; the present password works until the link is used.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Invitation {
    /// `https://…/welcome#<token>`: whoever has it can take over the account.
    pub url: String,
    pub expires_at: UnixMillis,
}

/// Never shows the link.
impl std::fmt::Debug for Invitation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Invitation").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// `POST /invitation/check`: whom a link is for. The answer is an [`InvitedPerson`].
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CheckInvitation {
    pub token: String,
}

impl std::fmt::Debug for CheckInvitation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CheckInvitation")
    }
}

/// Whom an invitation is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InvitedPerson {
    pub name: String,
    pub email: String,
    /// The organisation's name.
    pub organisation: String,
}

/// `POST /invitation`: sets the password and signs in; the answer is [`super::Me`]. Every earlier login ends.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AcceptInvitation {
    pub token: String,
    /// At least [`PASSWORD_MIN_CHARS`] characters.
    pub password: String,
}

impl std::fmt::Debug for AcceptInvitation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AcceptInvitation")
    }
}

/// `PUT /me/password`: every other login of the person ends.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    pub present: String,
    /// At least [`PASSWORD_MIN_CHARS`] characters.
    pub new: String,
}

impl std::fmt::Debug for ChangePassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ChangePassword")
    }
}

/// `GET /users/{user}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserDetail {
    pub user: UserEntry,
    pub groups: Vec<GroupRef>,
    /// Own ones, and those of the groups.
    pub assignments: Vec<HeldAssignment>,
    /// How many passkeys they have.
    pub n_passkeys: u32,
    /// Names the present state, for [`EditUser`].
    pub version: u32,
}

/// `PUT /users/{user}`. Disabling ends the person's logins and live sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EditUser {
    pub name: String,
    pub disabled: bool,
    /// What the change is based on; refused when there is another one by then.
    pub version: u32,
}

/// `POST /users/import`: accounts and groups from a table (CSV, RFC 4180) with the header `email,name,groups,disabled`;
/// only `email` and `name` are needed, and an empty cell in one of the others leaves that as it is. Groups are separated
/// by `;`. Groups that do not exist are made. A row with `groups` makes its person a member of exactly these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ImportUsers {
    /// The table, up to 2 MiB and 10,000 rows.
    pub csv: String,
    /// `false` only tells what would change.
    pub apply: bool,
}

/// The answer to `POST /users/import`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportReport {
    /// Rows that cannot be had, by their line; with one of them nothing is applied.
    pub problems: Vec<ImportProblem>,
    /// What changes, in the order of the lines.
    pub changes: Vec<ImportChange>,
    /// Rows that say what is so already.
    pub n_unchanged: u32,
    /// It was done. `false` for a dry run, and when there are problems.
    pub applied: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportProblem {
    /// Counted from 1, the header included.
    pub line: u32,
    /// A sentence that names the column.
    pub problem: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportChange {
    /// Counted from 1, the header included.
    pub line: u32,
    pub email: String,
    /// The account is new; such people sign in with an invitation or with the identity provider.
    pub created: bool,
    /// New name, when it changes.
    pub name: Option<String>,
    /// New state, when it changes.
    pub disabled: Option<bool>,
    /// Groups that the person comes to.
    pub joins: Vec<String>,
    /// Groups that the person leaves.
    pub leaves: Vec<String>,
}
