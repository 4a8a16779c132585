//! Roles and the assignments that give them to people.

use async_trait::async_trait;
use protocol::access::Permission;
use protocol::api::UnixMillis;
use protocol::ids::{RoomId, UserId};

use super::{NewEvent, Result, TenantScope};
use crate::access::{BuiltInRole, RoleGrant};

/// Names a role or an assignment.
pub type RoleId = i64;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    pub id: RoleId,
    pub name: String,
    pub built_in: Option<BuiltInRole>,
    /// Of a built-in role: those of this version of the server.
    pub permissions: Vec<Permission>,
}

/// Ties a role to members and a scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAssignment {
    pub role: RoleId,
    pub members: Vec<UserId>,
    /// Covers the whole tenant; the lists below are then empty.
    pub everywhere: bool,
    pub rooms: Vec<RoomId>,
    /// Names of room groups.
    pub groups: Vec<String>,
    /// Full paths in the site tree.
    pub places: Vec<String>,
    pub created_at: UnixMillis,
}

#[async_trait]
pub trait Roles {
    async fn roles(&self, scope: &TenantScope) -> Result<Vec<Role>>;

    /// # Errors
    /// `Conflict` when the name is taken.
    async fn create_role(
        &self,
        scope: &TenantScope,
        name: &str,
        permissions: &[Permission],
        event: NewEvent,
    ) -> Result<RoleId>;

    /// Changes a custom role.
    async fn set_permissions(
        &self,
        scope: &TenantScope,
        role: RoleId,
        permissions: &[Permission],
        event: NewEvent,
    ) -> Result<()>;

    async fn create_assignment(&self, scope: &TenantScope, assignment: &NewAssignment, event: NewEvent) -> Result<()>;

    /// The same assignment exists already: same role, members and scope.
    async fn has_assignment(&self, scope: &TenantScope, assignment: &NewAssignment) -> Result<bool>;

    /// What the user's assignments give, for [`crate::access::Effective`].
    async fn grants_of(&self, scope: &TenantScope, user: &UserId) -> Result<Vec<RoleGrant>>;
}
