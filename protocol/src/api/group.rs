use serde::{Deserialize, Serialize};

use super::HeldAssignment;
use crate::ids::{GroupId, UserId};

/// A group of users, as lists and forms name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GroupRef {
    pub id: GroupId,
    pub name: String,
}

/// A row of the list of groups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GroupEntry {
    pub id: GroupId,
    pub name: String,
    pub description: String,
    pub n_members: u32,
    /// Assignments that the group is a member of.
    pub n_assignments: u32,
}

/// `GET /groups?q=&cursor=&limit=`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GroupList {
    /// In the order of their names.
    pub groups: Vec<GroupEntry>,
    /// How many match the filter.
    pub n_matching: u32,
    /// How many there are without the filter.
    pub n_all: u32,
    /// Give it back as `cursor` for the next page.
    pub next_cursor: Option<String>,
}

/// `POST /groups`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateGroup {
    /// Unique in the organisation, whatever the case.
    pub name: String,
    #[serde(default)]
    pub description: String,
    /// At most 500; more are added one by one or by an import.
    #[serde(default)]
    pub members: Vec<UserId>,
}

/// `GET /groups/{group}`. Its members have a list of their own: `GET /groups/{group}/members`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GroupDetail {
    pub group: GroupEntry,
    pub assignments: Vec<HeldAssignment>,
    /// Names the present name and description, for [`EditGroup`].
    pub version: u32,
}

/// `PUT /groups/{group}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EditGroup {
    pub name: String,
    pub description: String,
    /// What the change is based on; refused when there is another one by then.
    pub version: u32,
}
