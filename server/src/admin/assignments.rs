//! Assignments: who holds a role, and where.

use std::collections::{BTreeSet, HashMap};

use protocol::api::{self, ASSIGNMENT_PART_MAX, EditAssignment, NewAssignment};
use protocol::ids::{AssignmentId, GroupId, RoleId};

use super::change::{AdminError, Change, Result};
use super::roles::{fit_description, fit_name};
use super::shown::Names;
use super::{Without, has_administrator};
use crate::access::{self, BuiltInRole, Coverage, PermissionSet, RoleGrant};
use crate::audit::{Event, FieldChange};
use crate::random;
use crate::state::AppState;
use crate::storage::{Assignment, AssignmentScope, AssignmentsOf, Role, TenantScope};

/// Most assignments of a tenant.
const ASSIGNMENTS_MAX: usize = 5000;

/// # Errors
/// When there is no such assignment, or the storage fails.
pub async fn show(state: &AppState, scope: &TenantScope, id: &AssignmentId) -> Result<api::Assignment> {
    let stored = state.core.storage.assignment(scope, id).await?.ok_or(AdminError::NotFound)?;
    let names = Names::of(state, scope, std::slice::from_ref(&stored)).await?;
    Ok(names.assignment(stored))
}

/// # Errors
/// When there is no such role, or the assignment cannot be had so.
pub async fn create(change: Change<'_>, role: &RoleId, wanted: NewAssignment) -> Result<api::Assignment> {
    let storage = &change.state.core.storage;
    let role = storage.role(change.scope, role).await?.ok_or(AdminError::NotFound)?;
    if ASSIGNMENTS_MAX <= storage.assignments(change.scope, AssignmentsOf::Tenant).await?.len() {
        let sentence = format!("There are {ASSIGNMENTS_MAX} assignments, which is the most there can be.");
        return Err(AdminError::Conflict(sentence));
    }
    let permissions = permissions(&role);
    may_hand_out(&change, role.built_in, permissions)?;
    let assignment = fit(&change, role.id, wanted, None).await?;
    let gives_self_access = gives_self_access(&change, &assignment, role.built_in, permissions).await?;
    let event = change.event(&Event::assignment_created(&assignment, &role.name, gives_self_access));
    storage.create_assignment(change.scope, &assignment, event).await?;
    let (state, scope) = (change.state, change.scope);
    change.done().await;
    show(state, scope, &assignment.id).await
}

/// # Errors
/// When there is no such assignment, or it cannot be had so.
pub async fn edit(change: Change<'_>, id: &AssignmentId, wanted: EditAssignment) -> Result<api::Assignment> {
    let storage = &change.state.core.storage;
    let (stored, role) = found(&change, id).await?;
    let permissions = permissions(&role);
    may_hand_out(&change, role.built_in, permissions)?;
    let assignment = fit(&change, role.id, wanted.assignment, Some(&stored)).await?;
    let gives_self_access = gives_self_access(&change, &assignment, role.built_in, permissions).await?;
    keep_an_administrator(&change, &role, Without::Assignment(*id, Some(&assignment))).await?;
    if wanted.version != stored.version {
        return Err(AdminError::stale());
    }
    let changes = FieldChange::between(&stored, &assignment);
    if !changes.is_empty() {
        let name = assignment.name.clone();
        let event = Event::AssignmentChanged { assignment: *id, name, role: role.name, changes, gives_self_access };
        let event = change.event(&event);
        if !storage.set_assignment(change.scope, &assignment, event).await? {
            return Err(AdminError::stale());
        }
    }
    let (state, scope) = (change.state, change.scope);
    change.done().await;
    show(state, scope, id).await
}

/// # Errors
/// When there is no such assignment, or it cannot be removed.
pub async fn delete(change: Change<'_>, id: &AssignmentId) -> Result<()> {
    let (stored, role) = found(&change, id).await?;
    may_hand_out(&change, role.built_in, permissions(&role))?;
    keep_an_administrator(&change, &role, Without::Assignment(*id, None)).await?;
    let event = change.event(&Event::AssignmentDeleted { assignment: *id, name: stored.name, role: role.name });
    if !change.state.core.storage.delete_assignment(change.scope, id, event).await? {
        return Err(AdminError::NotFound);
    }
    change.done().await;
    Ok(())
}

/// What the assignments of a group give to each of its members.
///
/// # Errors
/// When the storage fails.
pub(super) async fn given_to(change: &Change<'_>, group: &GroupId) -> Result<Vec<RoleGrant>> {
    let assignments = change.state.core.storage.assignments(change.scope, AssignmentsOf::Group(*group)).await?;
    grants_by(change, &assignments).await
}

/// What each assignment gives to each of its members.
///
/// # Errors
/// When the storage fails.
pub(super) async fn grants_by(change: &Change<'_>, assignments: &[Assignment]) -> Result<Vec<RoleGrant>> {
    let roles = change.state.core.storage.roles(change.scope).await?;
    let roles: HashMap<RoleId, &Role> = roles.iter().map(|role| (role.id, role)).collect();
    let grant = |assignment: &Assignment| {
        let role = roles.get(&assignment.role)?;
        Some(RoleGrant {
            assignment: assignment.id,
            built_in: role.built_in,
            permissions: permissions(role),
            coverage: coverage(&assignment.scope),
        })
    };
    Ok(assignments.iter().filter_map(grant).collect())
}

async fn found(change: &Change<'_>, id: &AssignmentId) -> Result<(Assignment, Role)> {
    let storage = &change.state.core.storage;
    let stored = storage.assignment(change.scope, id).await?.ok_or(AdminError::NotFound)?;
    let role = storage.role(change.scope, &stored.role).await?.ok_or(AdminError::NotFound)?;
    Ok((stored, role))
}

fn permissions(role: &Role) -> PermissionSet {
    role.permissions.iter().copied().collect()
}

/// # Errors
/// When whoever makes the change may not hand out such a role.
pub(super) fn may_hand_out(
    change: &Change<'_>,
    built_in: Option<BuiltInRole>,
    permissions: PermissionSet,
) -> Result<()> {
    if access::may_hand_out(&change.effective, built_in, permissions) {
        return Ok(());
    }
    let sentence = "This role allows more than your own roles do. Ask a Global Administrator to make this change.";
    Err(AdminError::Forbidden(sentence.to_owned()))
}

async fn keep_an_administrator(change: &Change<'_>, role: &Role, without: Without<'_>) -> Result<()> {
    if role.built_in != Some(BuiltInRole::GlobalAdministrator)
        || has_administrator(&change.state.core.storage, change.scope, without).await?
    {
        return Ok(());
    }
    let sentence = "Nobody would be Global Administrator any more. Give the role to somebody else first.";
    Err(AdminError::Conflict(sentence.to_owned()))
}

/// Whether the assignment, once it is stored, gives whoever makes it remote access that they do not have.
pub(super) async fn gives_self_access(
    change: &Change<'_>,
    assignment: &Assignment,
    built_in: Option<BuiltInRole>,
    permissions: PermissionSet,
) -> Result<bool> {
    let groups = change.state.core.storage.groups_of(change.scope, &change.user.id).await?;
    let is_member =
        assignment.users.contains(&change.user.id) || groups.iter().any(|group| assignment.groups.contains(&group.id));
    let others = change.effective.grants().iter().filter(|grant| grant.assignment != assignment.id);
    let mut after: Vec<RoleGrant> = others.cloned().collect();
    if is_member {
        let coverage = coverage(&assignment.scope);
        after.push(RoleGrant { assignment: assignment.id, built_in, permissions, coverage });
    }
    change.gives_self_access(&after)
}

fn coverage(scope: &AssignmentScope) -> Coverage {
    if scope.everywhere {
        return Coverage::Everywhere;
    }
    Coverage::Rooms {
        rooms: scope.rooms.iter().cloned().collect(),
        groups: scope.room_groups.iter().cloned().collect(),
        places: scope.places.clone(),
    }
}

/// The assignment that is wanted, of this role, in the place of `stored` when there is one.
///
/// # Errors
/// When it has no member or covers nothing, or names something that does not exist.
pub(super) async fn fit(
    change: &Change<'_>,
    role: RoleId,
    wanted: NewAssignment,
    stored: Option<&Assignment>,
) -> Result<Assignment> {
    let assignment = Assignment {
        id: stored.map_or_else(|| AssignmentId(random::bytes()), |stored| stored.id),
        role,
        name: fit_name(&wanted.name)?,
        description: fit_description(&wanted.description)?,
        users: few("users", wanted.users)?,
        groups: few("groups", wanted.groups)?,
        scope: AssignmentScope {
            everywhere: wanted.everywhere,
            rooms: few("rooms", wanted.rooms)?,
            room_groups: few("room_groups", wanted.room_groups)?,
            places: few("places", wanted.places)?,
        },
        made_by: Some(change.user.id),
        made_at: change.state.core.clock.now(),
        version: stored.map_or(1, |stored| stored.version),
    };
    if assignment.users.is_empty() && assignment.groups.is_empty() {
        return unfit("users: choose at least one person or group.");
    }
    members_exist(change, &assignment).await?;
    scope_exists(change, &assignment.scope, stored).await?;
    Ok(assignment)
}

async fn members_exist(change: &Change<'_>, assignment: &Assignment) -> Result<()> {
    let storage = &change.state.core.storage;
    if storage.users_by_ids(change.scope, &assignment.users).await?.len() != assignment.users.len() {
        return unfit("users: one of these people does not exist.");
    }
    if storage.groups_by_ids(change.scope, &assignment.groups).await?.len() != assignment.groups.len() {
        return unfit("groups: one of these groups does not exist.");
    }
    Ok(())
}

/// What an assignment covers already may have gone meanwhile: that keeps nobody from changing the rest.
async fn scope_exists(change: &Change<'_>, scope: &AssignmentScope, stored: Option<&Assignment>) -> Result<()> {
    let n_parts = scope.rooms.len() + scope.room_groups.len() + scope.places.len();
    match (scope.everywhere, n_parts) {
        (false, 0) => return unfit("rooms: choose at least one room, room group or place."),
        (true, 1..) => return unfit("everywhere: leave rooms, room groups and places out."),
        _ => {}
    }
    let rooms = change.state.rooms.rooms(change.scope).await?;
    let before = stored.map(|stored| stored.scope.clone()).unwrap_or_default();
    if scope.rooms.iter().any(|room| rooms.get(room).is_none() && !before.rooms.contains(room)) {
        return unfit("rooms: one of these rooms does not exist.");
    }
    if scope.room_groups.iter().any(|group| rooms.n_in_group(group) == 0 && !before.room_groups.contains(group)) {
        return unfit("room_groups: one of these room groups does not exist.");
    }
    if scope.places.iter().any(|place| rooms.n_at_place(place) == 0 && !before.places.contains(place)) {
        return unfit("places: no room is at one of these places or below it.");
    }
    Ok(())
}

/// Each once, and not too many.
fn few<T: Ord>(field: &str, parts: Vec<T>) -> Result<Vec<T>> {
    let parts: BTreeSet<T> = parts.into_iter().collect();
    if ASSIGNMENT_PART_MAX < parts.len() {
        return Err(AdminError::Unfit(format!("{field}: take at most {ASSIGNMENT_PART_MAX}.")));
    }
    Ok(parts.into_iter().collect())
}

fn unfit<T>(sentence: &str) -> Result<T> {
    Err(AdminError::Unfit(sentence.to_owned()))
}
