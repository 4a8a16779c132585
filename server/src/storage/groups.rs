//! Groups of users.

use async_trait::async_trait;
use protocol::api::UnixMillis;
use protocol::ids::{GroupId, UserId};
use serde::Serialize;

use super::{NewEvent, Result, TenantScope};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub id: GroupId,
    pub name: String,
    pub description: String,
    pub n_members: u32,
    /// Assignments that the group is a member of.
    pub n_assignments: u32,
    /// Grows with every change of name or description.
    pub version: u32,
}

/// A group to be stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewGroup {
    #[serde(skip)]
    pub id: GroupId,
    pub name: String,
    pub description: String,
    #[serde(skip)]
    pub created_at: UnixMillis,
}

/// A part of the list, which is in the order of names in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GroupFilter {
    /// In lower case: all must be in the name.
    pub words: Vec<String>,
    /// Names behind this one, in lower case.
    pub after: Option<String>,
    pub limit: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupPage {
    pub groups: Vec<Group>,
    /// There are more behind the last one.
    pub has_more: bool,
    pub n_matching: u32,
    pub n_all: u32,
}

#[async_trait]
pub trait Groups {
    /// Stores a group with its first members.
    ///
    /// # Errors
    /// `Conflict` when the name is taken, whatever the case.
    async fn create_group(
        &self,
        scope: &TenantScope,
        group: &NewGroup,
        members: &[UserId],
        events: Vec<NewEvent>,
    ) -> Result<()>;

    /// Changes name and description. `false` when the version is not `version` any more, or there is no such group:
    /// nothing is stored then.
    ///
    /// # Errors
    /// `Conflict` when the name is taken.
    async fn set_group(&self, scope: &TenantScope, group: &NewGroup, version: u32, event: NewEvent) -> Result<bool>;

    /// `false` when there is no such group.
    async fn delete_group(&self, scope: &TenantScope, id: &GroupId, event: NewEvent) -> Result<bool>;

    async fn group(&self, scope: &TenantScope, id: &GroupId) -> Result<Option<Group>>;

    async fn groups(&self, scope: &TenantScope, filter: &GroupFilter) -> Result<GroupPage>;

    /// At most `limit` groups with each word (in lower case) in the name: first those whose name starts with one of them.
    async fn best_groups(&self, scope: &TenantScope, words: &[String], limit: u32) -> Result<Vec<Group>>;

    /// Those that exist, in the order of their names.
    async fn groups_by_ids(&self, scope: &TenantScope, ids: &[GroupId]) -> Result<Vec<Group>>;

    /// Names are unique, whatever the case.
    async fn group_by_name(&self, scope: &TenantScope, name: &str) -> Result<Option<Group>>;

    /// The groups that a user is in, in the order of their names.
    async fn groups_of(&self, scope: &TenantScope, user: &UserId) -> Result<Vec<Group>>;

    /// Who is in which group, of all groups.
    async fn memberships(&self, scope: &TenantScope) -> Result<Vec<(GroupId, UserId)>>;

    async fn members_of(&self, scope: &TenantScope, group: &GroupId) -> Result<Vec<UserId>>;

    /// `false` when the user is a member already.
    ///
    /// # Errors
    /// When there is no such group or user.
    async fn join_group(&self, scope: &TenantScope, group: &GroupId, user: &UserId, event: NewEvent) -> Result<bool>;

    /// `false` when the user is no member.
    async fn leave_group(&self, scope: &TenantScope, group: &GroupId, user: &UserId, event: NewEvent) -> Result<bool>;
}
