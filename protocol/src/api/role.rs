use serde::{Deserialize, Serialize};

use super::{Assignment, NewAssignment};
use crate::access::Permission;
use crate::ids::RoleId;

/// Longest description of a role, an assignment or a group in bytes.
pub const DESCRIPTION_MAX_BYTES: usize = 500;

/// A role, as other things name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoleRef {
    pub id: RoleId,
    pub name: String,
}

/// A role: what those may do who hold it by an assignment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Role {
    pub id: RoleId,
    pub name: String,
    pub description: String,
    /// Every organisation has it and nobody can change it.
    pub built_in: bool,
    /// Without what they include: who may modify may also view.
    pub permissions: Vec<Permission>,
    pub n_assignments: u32,
    /// Names the present name, description and permissions, for [`EditRole`].
    pub version: u32,
}

/// `GET /roles`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoleList {
    /// The built-in ones, then the others in the order of their names.
    pub roles: Vec<Role>,
}

/// `POST /roles`: makes a role and, when it has one, its first assignment, both or neither.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateRole {
    /// Unique in the organisation, whatever the case.
    pub name: String,
    #[serde(default)]
    pub description: String,
    /// At least one.
    pub permissions: Vec<Permission>,
    #[serde(default)]
    pub assignment: Option<NewAssignment>,
}

/// `GET /roles/{role}`, and the answer to `POST /roles` and `PUT /roles/{role}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoleDetail {
    pub role: Role,
    /// Oldest first.
    pub assignments: Vec<Assignment>,
}

/// `PUT /roles/{role}`. Sessions that depended on a permission that goes end at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EditRole {
    pub name: String,
    pub description: String,
    /// At least one.
    pub permissions: Vec<Permission>,
    /// What the change is based on; refused when there is another one by then.
    pub version: u32,
}
