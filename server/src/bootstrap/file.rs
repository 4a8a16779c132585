//! The bootstrap file as it is written.

use std::path::Path;

use protocol::access::Permission;
use protocol::ids::{RoomId, TenantId};
use serde::Deserialize;

use super::{BootstrapError, Result};

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    #[serde(default, rename = "tenant")]
    pub(super) tenants: Vec<TenantEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TenantEntry {
    pub(super) id: TenantId,
    pub(super) name: String,
    pub(super) remote_access: Option<RemoteAccessEntry>,
    #[serde(default, rename = "user")]
    pub(super) users: Vec<UserEntry>,
    #[serde(default, rename = "group")]
    pub(super) groups: Vec<GroupEntry>,
    #[serde(default, rename = "role")]
    pub(super) roles: Vec<RoleEntry>,
    #[serde(default, rename = "assignment")]
    pub(super) assignments: Vec<AssignmentEntry>,
    #[serde(default, rename = "room")]
    pub(super) rooms: Vec<RoomEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RemoteAccessEntry {
    pub(super) enabled: bool,
    pub(super) acknowledged_by: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UserEntry {
    pub(super) email: String,
    pub(super) name: String,
    pub(super) password: Option<String>,
    pub(super) password_hash: Option<String>,
    #[serde(default)]
    pub(super) roles: Vec<String>,
}

/// Never shows the password.
impl std::fmt::Debug for UserEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UserEntry")
    }
}

/// A group of users.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupEntry {
    pub(super) name: String,
    pub(super) description: Option<String>,
    /// E-mail addresses.
    #[serde(default)]
    pub(super) members: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RoleEntry {
    pub(super) name: String,
    #[serde(default)]
    pub(super) description: Option<String>,
    pub(super) permissions: Vec<Permission>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AssignmentEntry {
    pub(super) role: String,
    /// The role's name when there is none.
    pub(super) name: Option<String>,
    /// E-mail addresses.
    #[serde(default)]
    pub(super) members: Vec<String>,
    /// Names of groups of users.
    #[serde(default)]
    pub(super) member_groups: Vec<String>,
    #[serde(default)]
    pub(super) rooms: Vec<RoomId>,
    /// Names of room groups.
    #[serde(default)]
    pub(super) groups: Vec<String>,
    #[serde(default)]
    pub(super) places: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RoomEntry {
    pub(super) id: RoomId,
    pub(super) name: String,
    #[serde(default)]
    pub(super) place: String,
    #[serde(default)]
    pub(super) groups: Vec<String>,
    #[serde(default)]
    pub(super) enrolment: EnrolmentEntry,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum EnrolmentEntry {
    #[default]
    Pending,
    PreApproved,
}

/// Reads a bootstrap file.
///
/// # Errors
/// When it is unreadable, or says something that the format does not know.
pub fn read(path: &Path) -> Result<File> {
    let text =
        std::fs::read_to_string(path).map_err(|source| BootstrapError::Read { path: path.to_owned(), source })?;
    toml::from_str(&text).map_err(|source| BootstrapError::Parse { path: path.to_owned(), source: Box::new(source) })
}
