//! Roles, assignments and groups as people see them: names in the place of ids.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use protocol::api;
use protocol::ids::{GroupId, RoleId, RoomId, UserId};

use crate::room_index::TenantRooms;
use crate::state::AppState;
use crate::storage::{Assignment, AssignmentScope, AssignmentsOf, Group, Result, Role, RoomFacts, TenantScope, User};

/// Everything that a list of assignments names.
pub struct Names {
    roles: HashMap<RoleId, api::RoleRef>,
    users: HashMap<UserId, api::UserSummary>,
    groups: HashMap<GroupId, api::GroupEntry>,
    pub(super) rooms: Arc<TenantRooms>,
}

impl Names {
    /// # Errors
    /// When the storage fails.
    pub async fn of(state: &AppState, scope: &TenantScope, assignments: &[Assignment]) -> Result<Self> {
        let storage = &state.core.storage;
        let users: HashSet<UserId> =
            assignments.iter().flat_map(|part| part.users.iter().copied().chain(part.made_by)).collect();
        let groups: HashSet<GroupId> = assignments.iter().flat_map(|part| part.groups.iter().copied()).collect();
        let users = storage.users_by_ids(scope, &users.into_iter().collect::<Vec<_>>()).await?;
        let groups = storage.groups_by_ids(scope, &groups.into_iter().collect::<Vec<_>>()).await?;
        let roles = storage.roles(scope).await?;
        Ok(Self {
            roles: roles.into_iter().map(|role| (role.id, api::RoleRef { id: role.id, name: role.name })).collect(),
            users: users.iter().map(|user| (user.id, user_summary(user))).collect(),
            groups: groups.into_iter().map(|group| (group.id, group_entry(group))).collect(),
            rooms: state.rooms.rooms(scope).await?,
        })
    }

    pub fn role(&self, id: RoleId) -> api::RoleRef {
        self.roles.get(&id).cloned().unwrap_or_else(|| api::RoleRef { id, name: String::new() })
    }

    pub fn group(&self, id: &GroupId) -> Option<api::GroupRef> {
        self.groups.get(id).map(|group| api::GroupRef { id: group.id, name: group.name.clone() })
    }

    pub fn assignment(&self, stored: Assignment) -> api::Assignment {
        let mut users: Vec<_> = stored.users.iter().filter_map(|id| self.users.get(id).cloned()).collect();
        let mut groups: Vec<_> = stored.groups.iter().filter_map(|id| self.groups.get(id).cloned()).collect();
        users.sort_by_cached_key(|user| user.name.to_lowercase());
        groups.sort_by_cached_key(|group| group.name.to_lowercase());
        api::Assignment {
            id: stored.id,
            role: self.role(stored.role),
            name: stored.name,
            description: stored.description,
            members: api::Members { users, groups },
            scope: self.scope(&stored.scope),
            made_by: stored.made_by.and_then(|id| self.users.get(&id).cloned()),
            made_at: stored.made_at,
            version: stored.version,
        }
    }

    pub fn scope(&self, scope: &AssignmentScope) -> api::Scope {
        let room = |id: &RoomId| room_by_id(&self.rooms, id);
        let group = |name: &String| api::RoomGroupRef { name: name.clone(), n_rooms: self.rooms.n_in_group(name) };
        let place = |path: &String| api::PlaceRef { path: path.clone(), n_rooms: self.rooms.n_at_place(path) };
        let mut shown = api::Scope {
            everywhere: scope.everywhere,
            rooms: scope.rooms.iter().map(room).collect(),
            room_groups: scope.room_groups.iter().map(group).collect(),
            places: scope.places.iter().map(place).collect(),
        };
        shown.rooms.sort_by_cached_key(|room| room.name.to_lowercase());
        shown
    }
}

/// # Errors
/// When the storage fails.
pub async fn assignments(state: &AppState, scope: &TenantScope, of: AssignmentsOf) -> Result<Vec<api::Assignment>> {
    let stored = state.core.storage.assignments(scope, of).await?;
    let names = Names::of(state, scope, &stored).await?;
    Ok(stored.into_iter().map(|assignment| names.assignment(assignment)).collect())
}

/// The assignments of one member as that member sees them. An assignment that a user holds in two ways is there once for
/// each way.
///
/// # Errors
/// When the storage fails.
pub async fn held_assignments(
    state: &AppState,
    scope: &TenantScope,
    of: AssignmentsOf,
) -> Result<Vec<api::HeldAssignment>> {
    let stored = state.core.storage.assignments(scope, of).await?;
    let names = Names::of(state, scope, &stored).await?;
    let mut held = Vec::new();
    let mut groups = Vec::new();
    if let AssignmentsOf::User(user) = of {
        groups = state.core.storage.groups_of(scope, &user).await?;
    }
    for assignment in stored {
        let shown = |via: Option<&Group>| api::HeldAssignment {
            id: assignment.id,
            name: assignment.name.clone(),
            role: names.role(assignment.role),
            scope: names.scope(&assignment.scope),
            via: via.map(|group| api::GroupRef { id: group.id, name: group.name.clone() }),
        };
        let AssignmentsOf::User(user) = of else {
            held.push(shown(None));
            continue;
        };
        if assignment.users.contains(&user) {
            held.push(shown(None));
        }
        held.extend(
            groups.iter().filter(|group| assignment.groups.contains(&group.id)).map(|group| shown(Some(group))),
        );
    }
    Ok(held)
}

pub fn role(role: Role) -> api::Role {
    api::Role {
        id: role.id,
        name: role.name,
        description: role.description,
        built_in: role.built_in.is_some(),
        permissions: role.permissions,
        n_assignments: role.n_assignments,
        version: role.version,
    }
}

pub fn user_summary(user: &User) -> api::UserSummary {
    api::UserSummary { id: user.id, name: user.name.clone(), email: user.email.clone() }
}

pub fn group_entry(group: Group) -> api::GroupEntry {
    api::GroupEntry {
        id: group.id,
        name: group.name,
        description: group.description,
        n_members: group.n_members,
        n_assignments: group.n_assignments,
    }
}

/// A room that is gone has its id left, which may come back.
pub fn room_by_id(rooms: &TenantRooms, id: &RoomId) -> api::RoomRef {
    match rooms.get(id) {
        Some(room) => room_ref(&room.facts),
        None => api::RoomRef { id: id.clone(), name: id.to_string(), place: String::new() },
    }
}

pub fn room_ref(facts: &RoomFacts) -> api::RoomRef {
    api::RoomRef { id: facts.room.id.clone(), name: facts.room.name.clone(), place: facts.room.place.clone() }
}
