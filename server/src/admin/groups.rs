//! Groups of users: who is in them, and what comes with it.

use std::collections::BTreeSet;

use protocol::api::{CreateGroup, EditGroup, GroupDetail};
use protocol::ids::{GroupId, UserId};

use super::assignments::{self, may_hand_out};
use super::change::{AdminError, Change, Result};
use super::roles::{fit_description, fit_name};
use super::users::last_administrator;
use super::{Without, has_administrator, shown};
use crate::access::RoleGrant;
use crate::audit::{Event, FieldChange};
use crate::random;
use crate::state::AppState;
use crate::storage::{AssignmentsOf, Group, GroupFilter, NewGroup, StorageError, TenantScope};

/// Most groups of a tenant.
pub const GROUPS_MAX: u32 = 5000;
/// Most members that come with a new group.
const FIRST_MEMBERS_MAX: usize = 500;
/// Between names of groups in a table.
pub const SEPARATOR: char = ';';

/// # Errors
/// When there is no such group, or the storage fails.
pub async fn show(state: &AppState, scope: &TenantScope, id: &GroupId) -> Result<GroupDetail> {
    let group = state.core.storage.group(scope, id).await?.ok_or(AdminError::NotFound)?;
    let version = group.version;
    let assignments = shown::held_assignments(state, scope, AssignmentsOf::Group(*id)).await?;
    Ok(GroupDetail { group: shown::group_entry(group), assignments, version })
}

/// Makes a group with its first members. It is not in any assignment yet, so nobody comes to anything by it.
///
/// # Errors
/// When it cannot be had so.
pub async fn create(change: Change<'_>, wanted: CreateGroup) -> Result<GroupDetail> {
    let (storage, scope) = (&change.state.core.storage, change.scope);
    if GROUPS_MAX <= storage.groups(scope, &GroupFilter::default()).await?.n_all {
        return Err(AdminError::Conflict(format!("There are {GROUPS_MAX} groups, which is the most there can be.")));
    }
    let group = NewGroup {
        id: GroupId(random::bytes()),
        name: fit_group_name(&wanted.name)?,
        description: fit_description(&wanted.description)?,
        created_at: change.state.core.clock.now(),
    };
    let members: BTreeSet<UserId> = wanted.members.into_iter().collect();
    let members: Vec<UserId> = members.into_iter().collect();
    if FIRST_MEMBERS_MAX < members.len() {
        return Err(AdminError::Unfit(format!("members: take at most {FIRST_MEMBERS_MAX}.")));
    }
    if storage.users_by_ids(scope, &members).await?.len() != members.len() {
        return Err(AdminError::Unfit("members: one of these people does not exist.".to_owned()));
    }
    let joined = members.iter().map(|user| joined(&group.name, group.id, *user, false));
    let events = std::iter::once(created(&group)).chain(joined).map(|event| change.event(&event)).collect();
    storage.create_group(scope, &group, &members, events).await.map_err(taken)?;
    show(change.state, scope, &group.id).await
}

/// # Errors
/// When there is no such group, or it cannot be had so.
pub async fn edit(change: Change<'_>, id: &GroupId, wanted: EditGroup) -> Result<GroupDetail> {
    let storage = &change.state.core.storage;
    let stored = found(&change, id).await?;
    let group = NewGroup {
        id: *id,
        name: fit_group_name(&wanted.name)?,
        description: fit_description(&wanted.description)?,
        created_at: 0,
    };
    if wanted.version != stored.version {
        return Err(AdminError::stale());
    }
    let before = NewGroup { id: *id, name: stored.name, description: stored.description, created_at: group.created_at };
    let changes = FieldChange::between(&before, &group);
    if !changes.is_empty() {
        let event = change.event(&Event::GroupChanged { group: *id, name: group.name.clone(), changes });
        if !storage.set_group(change.scope, &group, wanted.version, event).await.map_err(taken)? {
            return Err(AdminError::stale());
        }
    }
    show(change.state, change.scope, id).await
}

/// Removes a group; sessions that depended on it end.
///
/// # Errors
/// When there is no such group, or it cannot be removed.
pub async fn delete(change: Change<'_>, id: &GroupId) -> Result<()> {
    let stored = found(&change, id).await?;
    may_change_members(&change, id).await?;
    keep_an_administrator(&change, Without::Group(*id)).await?;
    let event = change.event(&Event::GroupDeleted { group: *id, name: stored.name });
    if !change.state.core.storage.delete_group(change.scope, id, event).await? {
        return Err(AdminError::NotFound);
    }
    change.done().await;
    Ok(())
}

/// Makes somebody a member; nothing happens when they are.
///
/// # Errors
/// When there is no such group or user, or whoever makes the change may not do that.
pub async fn join(change: Change<'_>, id: &GroupId, user: &UserId) -> Result<()> {
    let storage = &change.state.core.storage;
    let group = found(&change, id).await?;
    let user = storage.user(change.scope, user).await?.ok_or(AdminError::NotFound)?;
    if storage.members_of(change.scope, id).await?.contains(&user.id) {
        return Ok(());
    }
    let given = may_change_members(&change, id).await?;
    let mut after = change.effective.grants().to_vec();
    if user.id == change.user.id {
        after.extend(given);
    }
    let gives_self_access = change.gives_self_access(&after)?;
    let event = change.event(&joined(&group.name, *id, user.id, gives_self_access));
    if storage.join_group(change.scope, id, &user.id, event).await? {
        change.done().await;
    }
    Ok(())
}

/// Takes somebody out; nothing happens when they are no member. Sessions that depended on it end.
///
/// # Errors
/// When there is no such group or user, or whoever makes the change may not do that.
pub async fn leave(change: Change<'_>, id: &GroupId, user: &UserId) -> Result<()> {
    let storage = &change.state.core.storage;
    let group = found(&change, id).await?;
    let user = storage.user(change.scope, user).await?.ok_or(AdminError::NotFound)?;
    if !storage.members_of(change.scope, id).await?.contains(&user.id) {
        return Ok(());
    }
    may_change_members(&change, id).await?;
    keep_an_administrator(&change, Without::Member(*id, user.id)).await?;
    let event = change.event(&left(&group.name, *id, user.id));
    if storage.leave_group(change.scope, id, &user.id, event).await? {
        change.done().await;
    }
    Ok(())
}

async fn found(change: &Change<'_>, id: &GroupId) -> Result<Group> {
    change.state.core.storage.group(change.scope, id).await?.ok_or(AdminError::NotFound)
}

/// Whoever changes the members of a group hands out its roles or takes them away. Returns what the group gives.
///
/// # Errors
/// When one of the roles allows more than whoever makes the change may hand out.
pub(super) async fn may_change_members(change: &Change<'_>, id: &GroupId) -> Result<Vec<RoleGrant>> {
    let given = assignments::given_to(change, id).await?;
    for grant in &given {
        may_hand_out(change, grant.built_in, grant.permissions)?;
    }
    Ok(given)
}

async fn keep_an_administrator(change: &Change<'_>, without: Without<'_>) -> Result<()> {
    let kept = has_administrator(&change.state.core.storage, change.scope, without).await?;
    if kept { Ok(()) } else { Err(last_administrator()) }
}

/// The name of a group: it can stand in a table among others.
///
/// # Errors
/// When it cannot be one.
pub fn fit_group_name(name: &str) -> Result<String> {
    if name.contains(SEPARATOR) {
        let sentence = "name: it cannot have a semicolon, which stands between groups in tables.";
        return Err(AdminError::Unfit(sentence.to_owned()));
    }
    fit_name(name)
}

pub(super) fn created(group: &NewGroup) -> Event {
    Event::GroupCreated { group: group.id, name: group.name.clone() }
}

pub(super) fn joined(name: &str, group: GroupId, user: UserId, gives_self_access: bool) -> Event {
    Event::GroupJoined { group, name: name.to_owned(), user, gives_self_access }
}

pub(super) fn left(name: &str, group: GroupId, user: UserId) -> Event {
    Event::GroupLeft { group, name: name.to_owned(), user }
}

fn taken(error: StorageError) -> AdminError {
    if error.is_conflict() {
        return AdminError::Conflict("There is a group with this name already. Choose another name.".to_owned());
    }
    error.into()
}
