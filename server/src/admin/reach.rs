//! Who can reach which room's console, and the assignments that say so.

use std::collections::{HashMap, HashSet};

use protocol::access::{Access, Permission};
use protocol::api::{Covers, GroupRef, ReachBy, ReachedRoom, ReachingPerson, RoleRef, RoomReach, UserReach};
use protocol::ids::{GroupId, RoleId, UserId};

use super::change::{AdminError, Result};
use super::shown;
use crate::access::{PermissionSet, is_at_or_below};
use crate::state::AppState;
use crate::storage::{Assignment, AssignmentScope, AssignmentsOf, RoomFacts, TenantScope, User};

/// Which part of a list is wanted, in the order of names in lower case and then of ids.
#[derive(Debug, Clone, Default)]
pub struct Part {
    /// In lower case: all must be there.
    pub words: Vec<String>,
    /// What is behind this name and id.
    pub after: Option<(String, String)>,
    pub limit: usize,
}

/// A part of a list.
#[derive(Debug)]
pub struct Found<T> {
    pub part: T,
    /// Name and id of the last one, when there are more behind it.
    pub last: Option<(String, String)>,
}

/// Somebody who reaches a room, with what the search looks at.
struct Reaching {
    user: User,
    by: Vec<ReachBy>,
}

/// Who can reach a room.
///
/// # Errors
/// When the storage fails.
pub async fn of_room(state: &AppState, scope: &TenantScope, room: &RoomFacts, part: &Part) -> Result<Found<RoomReach>> {
    let storage = &state.core.storage;
    let giving = Giving::of(state, scope, AssignmentsOf::Tenant).await?;
    let mut by_user: HashMap<UserId, Vec<ReachBy>> = HashMap::new();
    let mut members: HashMap<GroupId, Vec<UserId>> = HashMap::new();
    let mut wanted_groups = HashSet::new();
    let covering: Vec<_> = giving.covering(room).collect();
    for (assignment, ..) in &covering {
        wanted_groups.extend(assignment.groups.iter().copied());
    }
    let groups = storage.groups_by_ids(scope, &wanted_groups.into_iter().collect::<Vec<_>>()).await?;
    for group in &groups {
        members.insert(group.id, storage.members_of(scope, &group.id).await?);
    }
    for (assignment, given, covers) in covering {
        for user in &assignment.users {
            by_user.entry(*user).or_default().push(given.by(assignment, *user, None, &covers));
        }
        for group in groups.iter().filter(|group| assignment.groups.contains(&group.id)) {
            let via = GroupRef { id: group.id, name: group.name.clone() };
            for user in members.get(&group.id).into_iter().flatten() {
                by_user.entry(*user).or_default().push(given.by(assignment, *user, Some(via.clone()), &covers));
            }
        }
    }
    let users = storage.users_by_ids(scope, &by_user.keys().copied().collect::<Vec<_>>()).await?;
    let mut people: Vec<Reaching> = users
        .into_iter()
        .filter(|user| !user.disabled)
        .map(|user| Reaching { by: by_user.remove(&user.id).unwrap_or_default(), user })
        .collect();
    people.sort_by_cached_key(Reaching::position);
    let n_all = people.len();
    people.retain(|person| person.matches(&part.words));
    let n_matching = people.len();
    let behind = |person: &Reaching| part.after.as_ref().is_none_or(|after| *after < person.position());
    let mut shown: Vec<Reaching> = people.into_iter().filter(behind).take(part.limit + 1).collect();
    let has_more = part.limit < shown.len();
    shown.truncate(part.limit);
    let last = shown.last().filter(|_| has_more).map(Reaching::position);
    let enabled = storage.remote_access(scope).await?.enabled;
    let part = RoomReach {
        people: shown.into_iter().map(Reaching::shown).collect(),
        n_matching: n_matching as u32,
        n_all: n_all as u32,
        next_cursor: None,
        remote_access_enabled: enabled,
    };
    Ok(Found { part, last })
}

/// Which rooms a person can reach.
///
/// # Errors
/// When there is no such person, or the storage fails.
pub async fn of_user(state: &AppState, scope: &TenantScope, user: &UserId, part: &Part) -> Result<Found<UserReach>> {
    let storage = &state.core.storage;
    let user = storage.user(scope, user).await?.ok_or(AdminError::NotFound)?;
    let giving = Giving::of(state, scope, AssignmentsOf::User(user.id)).await?;
    let groups = storage.groups_of(scope, &user.id).await?;
    let rooms = state.rooms.rooms(scope).await?;
    let words: Vec<&str> = part.words.iter().map(String::as_str).collect();
    let (mut n_all, mut n_matching) = (0, 0);
    let (mut shown, mut last, mut has_more) = (Vec::new(), None, false);
    for room in rooms.all() {
        let mut by = Vec::new();
        for (assignment, given, covers) in giving.covering(&room.facts) {
            if assignment.users.contains(&user.id) {
                by.push(given.by(assignment, user.id, None, &covers));
            }
            for group in groups.iter().filter(|group| assignment.groups.contains(&group.id)) {
                let via = GroupRef { id: group.id, name: group.name.clone() };
                by.push(given.by(assignment, user.id, Some(via), &covers));
            }
        }
        let Some(access) = highest(&by) else { continue };
        n_all += 1;
        if !room.matches(&words) {
            continue;
        }
        n_matching += 1;
        let (name, id) = room.position();
        if part.after.as_ref().is_some_and(|(after_name, after_id)| (name, id) <= (after_name, after_id)) {
            continue;
        }
        if shown.len() == part.limit {
            has_more = true;
            continue;
        }
        last = Some((name.to_owned(), id.to_owned()));
        shown.push(ReachedRoom { room: shown::room_ref(&room.facts), access, by });
    }
    let part = UserReach {
        rooms: shown,
        n_matching,
        n_all,
        next_cursor: None,
        remote_access_enabled: storage.remote_access(scope).await?.enabled,
        disabled: user.disabled,
    };
    Ok(Found { part, last: last.filter(|_| has_more) })
}

/// A role that gives remote access.
struct Given {
    role: RoleRef,
    access: Access,
}

impl Given {
    fn by(&self, assignment: &Assignment, user: UserId, via: Option<GroupRef>, covers: &Covers) -> ReachBy {
        ReachBy {
            assignment: assignment.id,
            assignment_name: assignment.name.clone(),
            role: self.role.clone(),
            access: self.access,
            via,
            covers: covers.clone(),
            self_made: assignment.made_by == Some(user),
        }
    }
}

/// The assignments that give remote access to something.
struct Giving {
    assignments: Vec<Assignment>,
    roles: HashMap<RoleId, Given>,
}

impl Giving {
    async fn of(state: &AppState, scope: &TenantScope, of: AssignmentsOf) -> Result<Self> {
        let mut roles = HashMap::new();
        for role in state.core.storage.roles(scope).await? {
            let permissions: PermissionSet = role.permissions.iter().copied().collect();
            if let Some(access) = permissions.closed().iter().filter_map(Permission::access).max() {
                roles.insert(role.id, Given { role: RoleRef { id: role.id, name: role.name }, access });
            }
        }
        let assignments = state.core.storage.assignments(scope, of).await?;
        let assignments = assignments.into_iter().filter(|assignment| roles.contains_key(&assignment.role)).collect();
        Ok(Self { assignments, roles })
    }

    fn covering<'a>(&'a self, room: &'a RoomFacts) -> impl Iterator<Item = (&'a Assignment, &'a Given, Covers)> + 'a {
        self.assignments.iter().filter_map(|assignment| {
            let covers = covers(&assignment.scope, room)?;
            Some((assignment, self.roles.get(&assignment.role)?, covers))
        })
    }
}

/// What of a scope a room falls under.
fn covers(scope: &AssignmentScope, room: &RoomFacts) -> Option<Covers> {
    if scope.rooms.contains(&room.room.id) {
        return Some(Covers::Room);
    }
    if let Some(group) = scope.room_groups.iter().find(|group| room.groups.contains(group)) {
        return Some(Covers::RoomGroup(group.clone()));
    }
    if let Some(place) = scope.places.iter().find(|place| is_at_or_below(&room.room.place, place)) {
        return Some(Covers::Place(place.clone()));
    }
    scope.everywhere.then_some(Covers::Everywhere)
}

fn highest(by: &[ReachBy]) -> Option<Access> {
    by.iter().map(|by| by.access).max()
}

impl Reaching {
    fn position(&self) -> (String, String) {
        (self.user.name.to_lowercase(), self.user.id.to_string())
    }

    fn matches(&self, words: &[String]) -> bool {
        let text = format!("{}\n{}", self.user.name, self.user.email).to_lowercase();
        words.iter().all(|word| text.contains(word))
    }

    fn shown(self) -> ReachingPerson {
        let access = highest(&self.by).unwrap_or(Access::View);
        ReachingPerson { user: shown::user_summary(&self.user), access, by: self.by }
    }
}
