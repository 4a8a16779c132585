//! Roles and the assignments that give them to people.

use std::collections::BTreeSet;

use async_trait::async_trait;
use protocol::access::Permission;
use protocol::api::UnixMillis;
use protocol::ids::{AssignmentId, GroupId, RoleId, RoomId, UserId};
use serde::Serialize;

use super::{NewEvent, Result, TenantScope};
use crate::access::{BuiltInRole, RoleGrant};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    pub id: RoleId,
    pub name: String,
    pub description: String,
    pub built_in: Option<BuiltInRole>,
    /// Of a built-in role: those of this version of the server.
    pub permissions: Vec<Permission>,
    pub n_assignments: u32,
    /// Grows with every change of the role itself.
    pub version: u32,
}

/// A custom role to be stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewRole {
    #[serde(skip)]
    pub id: RoleId,
    pub name: String,
    pub description: String,
    pub permissions: Vec<Permission>,
}

impl From<&Role> for NewRole {
    fn from(role: &Role) -> Self {
        let Role { id, name, description, permissions, .. } = role.clone();
        Self { id, name, description, permissions }
    }
}

/// Ties a role to members and a scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Assignment {
    #[serde(skip)]
    pub id: AssignmentId,
    #[serde(skip)]
    pub role: RoleId,
    pub name: String,
    pub description: String,
    pub users: Vec<UserId>,
    pub groups: Vec<GroupId>,
    #[serde(flatten)]
    pub scope: AssignmentScope,
    /// Who made it or changed it last; `None` is somebody at the command line.
    #[serde(skip)]
    pub made_by: Option<UserId>,
    #[serde(skip)]
    pub made_at: UnixMillis,
    /// Grows with every change.
    #[serde(skip)]
    pub version: u32,
}

impl Assignment {
    /// Whether both say the same: role, members and scope, in any order.
    pub fn is_like(&self, other: &Self) -> bool {
        self.role == other.role
            && same(&self.users, &other.users)
            && same(&self.groups, &other.groups)
            && self.scope.everywhere == other.scope.everywhere
            && same(&self.scope.rooms, &other.scope.rooms)
            && same(&self.scope.room_groups, &other.scope.room_groups)
            && same(&self.scope.places, &other.scope.places)
    }
}

fn same<T: Ord>(a: &[T], b: &[T]) -> bool {
    a.iter().collect::<BTreeSet<_>>() == b.iter().collect::<BTreeSet<_>>()
}

/// Where an assignment counts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct AssignmentScope {
    /// Covers the whole tenant; the lists below are then empty.
    pub everywhere: bool,
    pub rooms: Vec<RoomId>,
    /// Names of room groups.
    pub room_groups: Vec<String>,
    /// Full paths in the site tree.
    pub places: Vec<String>,
}

/// Which assignments are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssignmentsOf {
    Tenant,
    Role(RoleId),
    /// Those that the group is a member of.
    Group(GroupId),
    /// Those that the user is a member of, alone or by a group.
    User(UserId),
}

#[async_trait]
pub trait Roles {
    /// The built-in ones, then the others in the order of their names.
    async fn roles(&self, scope: &TenantScope) -> Result<Vec<Role>>;

    async fn role(&self, scope: &TenantScope, id: &RoleId) -> Result<Option<Role>>;

    /// Stores a custom role and, when there is one, its first assignment, each with its event.
    ///
    /// # Errors
    /// `Conflict` when the name is taken.
    async fn create_role(
        &self,
        scope: &TenantScope,
        role: &NewRole,
        event: NewEvent,
        assignment: Option<(Assignment, NewEvent)>,
    ) -> Result<()>;

    /// Changes the custom role of this id. `false` when its version is not `version` any more, or there is no such role:
    /// nothing is stored then.
    ///
    /// # Errors
    /// `Conflict` when the name is taken.
    async fn set_role(&self, scope: &TenantScope, role: &NewRole, version: u32, event: NewEvent) -> Result<bool>;

    /// Removes a custom role with its assignments. `false` when there is no such role.
    async fn delete_role(&self, scope: &TenantScope, id: &RoleId, event: NewEvent) -> Result<bool>;

    /// Oldest first.
    async fn assignments(&self, scope: &TenantScope, of: AssignmentsOf) -> Result<Vec<Assignment>>;

    async fn assignment(&self, scope: &TenantScope, id: &AssignmentId) -> Result<Option<Assignment>>;

    async fn create_assignment(&self, scope: &TenantScope, assignment: &Assignment, event: NewEvent) -> Result<()>;

    /// Changes everything but the role of an assignment, whose `version` is the one that the change is based on. `false`
    /// when there is another version by now, or no such assignment: nothing is stored then.
    async fn set_assignment(&self, scope: &TenantScope, assignment: &Assignment, event: NewEvent) -> Result<bool>;

    /// `false` when there is no such assignment.
    async fn delete_assignment(&self, scope: &TenantScope, id: &AssignmentId, event: NewEvent) -> Result<bool>;

    /// What the user's assignments give, own ones and those of groups, for [`crate::access::Effective`].
    async fn grants_of(&self, scope: &TenantScope, user: &UserId) -> Result<Vec<RoleGrant>>;

    /// A number per tenant that grows with every change of who may do what and of its rooms, whoever makes it.
    async fn access_versions(&self) -> Result<Vec<(TenantScope, i64)>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_members_and_scope_does_not_matter() {
        let assignment = |users: &[u8], places: &[&str]| Assignment {
            id: AssignmentId([0; 16]),
            role: RoleId([1; 16]),
            name: String::new(),
            description: String::new(),
            users: users.iter().map(|user| UserId([*user; 16])).collect(),
            groups: Vec::new(),
            scope: AssignmentScope {
                places: places.iter().map(|&place| place.to_owned()).collect(),
                ..AssignmentScope::default()
            },
            made_by: None,
            made_at: 0,
            version: 1,
        };
        let one = assignment(&[1, 2], &["a", "b"]);
        assert!(one.is_like(&assignment(&[2, 1, 1], &["b", "a"])));
        for other in [assignment(&[1], &["a", "b"]), assignment(&[1, 2], &["a"]), assignment(&[1, 3], &["a", "b"])] {
            assert!(!one.is_like(&other) && !other.is_like(&one), "{other:?}");
        }
    }
}
