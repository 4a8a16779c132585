use serde::{Deserialize, Serialize};

use super::{GroupEntry, GroupRef, RoleRef, UnixMillis, UserSummary};
use crate::ids::{AssignmentId, GroupId, RoomId, UserId};

/// Most users, most groups, most rooms, most room groups and most places of one assignment.
pub const ASSIGNMENT_PART_MAX: usize = 500;

/// Ties a role to members and a scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Assignment {
    pub id: AssignmentId,
    pub role: RoleRef,
    pub name: String,
    pub description: String,
    pub members: Members,
    pub scope: Scope,
    /// The person who made it or changed it last; `None` is somebody at the server's command line.
    pub made_by: Option<UserSummary>,
    pub made_at: UnixMillis,
    /// Names the present state, for a change.
    pub version: u32,
}

/// Who holds a role by an assignment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Members {
    pub users: Vec<UserSummary>,
    pub groups: Vec<GroupEntry>,
}

/// Where an assignment counts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Scope {
    /// The whole organisation: every room, and what belongs to no room. The lists are empty then.
    pub everywhere: bool,
    pub rooms: Vec<RoomRef>,
    /// Rooms in these room groups.
    pub room_groups: Vec<RoomGroupRef>,
    /// Rooms at these places of the site tree and below.
    pub places: Vec<PlaceRef>,
}

/// A room, as other things name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoomRef {
    pub id: RoomId,
    pub name: String,
    pub place: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoomGroupRef {
    pub name: String,
    pub n_rooms: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlaceRef {
    /// Path in the site tree: `Germany/Berlin/HQ/Floor 2`.
    pub path: String,
    /// Rooms there and below.
    pub n_rooms: u32,
}

/// `POST /roles/{role}/assignments`, and the assignment in `POST /roles`
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewAssignment {
    pub name: String,
    #[serde(default)]
    pub description: String,
    /// Users and groups together: at least one.
    #[serde(default)]
    pub users: Vec<UserId>,
    #[serde(default)]
    pub groups: Vec<GroupId>,
    /// Counts for the whole organisation; the lists below are empty then. Otherwise they have at least one entry.
    #[serde(default)]
    pub everywhere: bool,
    #[serde(default)]
    pub rooms: Vec<RoomId>,
    /// Names of room groups.
    #[serde(default)]
    pub room_groups: Vec<String>,
    /// Full paths in the site tree.
    #[serde(default)]
    pub places: Vec<String>,
}

/// `PUT /assignments/{assignment}`. Sessions that depended on what goes end at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EditAssignment {
    pub assignment: NewAssignment,
    /// What the change is based on; refused when there is another one by then.
    pub version: u32,
}

/// An assignment as one member sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HeldAssignment {
    pub id: AssignmentId,
    pub name: String,
    pub role: RoleRef,
    pub scope: Scope,
    /// The group that is a member of the assignment; `None` when the person is.
    pub via: Option<GroupRef>,
}

/// `GET /search/members?q=`: who can be a member of an assignment or a group. Needs `role.view`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemberMatches {
    /// The best 20; disabled ones are left out.
    pub users: Vec<UserSummary>,
    /// The best 20.
    pub groups: Vec<GroupEntry>,
}

/// `GET /search/scopes?q=`: what an assignment can cover. Needs `role.view`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScopeMatches {
    /// The best 20.
    pub rooms: Vec<RoomRef>,
    /// The best 20.
    pub room_groups: Vec<RoomGroupRef>,
    /// The best 20.
    pub places: Vec<PlaceRef>,
}
