use serde::{Deserialize, Serialize};

use super::{GroupRef, RoleRef, RoomRef, UserSummary};
use crate::access::Access;
use crate::ids::AssignmentId;

/// `GET /rooms/{room}/reach?q=&cursor=&limit=`: who can reach a room's console. Needs `report.view` for the room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoomReach {
    /// In the order of their names. People whose account is disabled reach nothing.
    pub people: Vec<ReachingPerson>,
    /// How many match the search.
    pub n_matching: u32,
    /// How many there are.
    pub n_all: u32,
    pub next_cursor: Option<String>,
    /// While the organisation has not opted in, nobody can start a session, whoever is listed.
    pub remote_access_enabled: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReachingPerson {
    pub user: UserSummary,
    /// The highest that the assignments give.
    pub access: Access,
    pub by: Vec<ReachBy>,
}

/// `GET /users/{user}/reach?q=&cursor=&limit=`: which rooms' consoles a person can reach. Needs `role.view`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserReach {
    /// In the order of their names.
    pub rooms: Vec<ReachedRoom>,
    /// How many match the search.
    pub n_matching: u32,
    /// How many there are.
    pub n_all: u32,
    pub next_cursor: Option<String>,
    /// While the organisation has not opted in, nobody can start a session, whatever is listed.
    pub remote_access_enabled: bool,
    /// The account is disabled: nothing can be reached until it is enabled again.
    pub disabled: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReachedRoom {
    pub room: RoomRef,
    /// The highest that the assignments give.
    pub access: Access,
    pub by: Vec<ReachBy>,
}

/// An assignment that gives somebody access to a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReachBy {
    pub assignment: AssignmentId,
    pub assignment_name: String,
    pub role: RoleRef,
    pub access: Access,
    /// The group through which the person is a member.
    pub via: Option<GroupRef>,
    pub covers: Covers,
    /// The person gave themselves this access.
    pub self_made: bool,
}

/// What of an assignment's scope a room falls under; the first that fits, in this order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Covers {
    /// The room itself.
    Room,
    /// A room group, by its name.
    RoomGroup(String),
    /// A place, by its path.
    Place(String),
    Everywhere,
}
