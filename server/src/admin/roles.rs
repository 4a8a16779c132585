//! Custom roles.

use std::collections::BTreeSet;

use protocol::access::Permission;
use protocol::api::{CreateRole, EditRole, RoleDetail};
use protocol::ids::RoleId;

use super::change::{AdminError, Change, Result};
use super::{assignments, shown};
use crate::access::{PermissionSet, RoleGrant};
use crate::audit::{Event, FieldChange};
use crate::state::AppState;
use crate::storage::{AssignmentsOf, NewRole, Role, StorageError, TenantScope};
use crate::{naming, random};

/// Most roles of a tenant.
const ROLES_MAX: usize = 500;

/// # Errors
/// When there is no such role, or the storage fails.
pub async fn show(state: &AppState, scope: &TenantScope, id: &RoleId) -> Result<RoleDetail> {
    let role = state.core.storage.role(scope, id).await?.ok_or(AdminError::NotFound)?;
    let assignments = shown::assignments(state, scope, AssignmentsOf::Role(*id)).await?;
    Ok(RoleDetail { role: shown::role(role), assignments })
}

/// Makes a role, and its first assignment when there is one.
///
/// # Errors
/// When it cannot be had so.
pub async fn create(change: Change<'_>, wanted: CreateRole) -> Result<RoleDetail> {
    let storage = &change.state.core.storage;
    if ROLES_MAX <= storage.roles(change.scope).await?.len() {
        return Err(AdminError::Conflict(format!("There are {ROLES_MAX} roles, which is the most there can be.")));
    }
    let role = role(RoleId(random::bytes()), &wanted.name, &wanted.description, wanted.permissions)?;
    may_allow(&change, &role)?;
    let permissions = role.permissions.iter().copied().collect();
    let assignment = match wanted.assignment {
        None => None,
        Some(wanted) => {
            let assignment = assignments::fit(&change, role.id, wanted, None).await?;
            let gives_self_access = assignments::gives_self_access(&change, &assignment, None, permissions).await?;
            let event = change.event(&Event::assignment_created(&assignment, &role.name, gives_self_access));
            Some((assignment, event))
        }
    };
    let NewRole { id, name, description, permissions } = role.clone();
    let event = change.event(&Event::RoleCreated { role: id, name, description, permissions });
    storage.create_role(change.scope, &role, event, assignment).await.map_err(taken)?;
    let (state, scope) = (change.state, change.scope);
    change.done().await;
    show(state, scope, &id).await
}

/// # Errors
/// When it cannot be had so.
pub async fn edit(change: Change<'_>, id: &RoleId, wanted: EditRole) -> Result<RoleDetail> {
    let storage = &change.state.core.storage;
    let stored = custom(&change, id).await?;
    let role = role(*id, &wanted.name, &wanted.description, wanted.permissions)?;
    may_allow(&change, &NewRole::from(&stored))?;
    may_allow(&change, &role)?;
    let permissions: PermissionSet = role.permissions.iter().copied().collect();
    let of_role = storage.assignments(change.scope, AssignmentsOf::Role(*id)).await?;
    let after = change.effective.grants().iter().cloned().map(|grant| {
        let concerned = of_role.iter().any(|assignment| assignment.id == grant.assignment);
        if concerned { RoleGrant { permissions, ..grant } } else { grant }
    });
    let gives_self_access = change.gives_self_access(&after.collect::<Vec<_>>())?;
    let changes = FieldChange::between(&NewRole::from(&stored), &role);
    if wanted.version != stored.version {
        return Err(AdminError::stale());
    }
    if !changes.is_empty() {
        let event = Event::RoleChanged { role: *id, name: role.name.clone(), changes, gives_self_access };
        let event = change.event(&event);
        if !storage.set_role(change.scope, &role, wanted.version, event).await.map_err(taken)? {
            return Err(AdminError::stale());
        }
    }
    let (state, scope) = (change.state, change.scope);
    change.done().await;
    show(state, scope, id).await
}

/// Removes a role with its assignments.
///
/// # Errors
/// When there is no such role, or it cannot be removed.
pub async fn delete(change: Change<'_>, id: &RoleId) -> Result<()> {
    let stored = custom(&change, id).await?;
    may_allow(&change, &NewRole::from(&stored))?;
    let event = change.event(&Event::RoleDeleted { role: *id, name: stored.name });
    if !change.state.core.storage.delete_role(change.scope, id, event).await? {
        return Err(AdminError::NotFound);
    }
    change.done().await;
    Ok(())
}

async fn custom(change: &Change<'_>, id: &RoleId) -> Result<Role> {
    let stored = change.state.core.storage.role(change.scope, id).await?.ok_or(AdminError::NotFound)?;
    if stored.built_in.is_some() {
        let sentence = format!("{} is a built-in role, which nobody can change or delete.", stored.name);
        return Err(AdminError::Conflict(sentence));
    }
    Ok(stored)
}

/// A custom role that gives more than its maker has is refused as an assignment to it would be.
fn may_allow(change: &Change<'_>, role: &NewRole) -> Result<()> {
    assignments::may_hand_out(change, None, role.permissions.iter().copied().collect())
}

fn role(id: RoleId, name: &str, description: &str, permissions: Vec<Permission>) -> Result<NewRole> {
    let permissions: BTreeSet<Permission> = permissions.into_iter().collect();
    if permissions.is_empty() {
        return Err(AdminError::Unfit("permissions: choose at least one.".to_owned()));
    }
    Ok(NewRole {
        id,
        name: fit_name(name)?,
        description: fit_description(description)?,
        permissions: permissions.into_iter().collect(),
    })
}

/// The name of a role, an assignment or a group.
///
/// # Errors
/// When it cannot be one.
pub fn fit_name(name: &str) -> Result<String> {
    let sentence = "name: it is empty, too long or has characters that cannot be shown.";
    naming::name(name).ok_or_else(|| AdminError::Unfit(sentence.to_owned()))
}

/// The description of a role, an assignment or a group.
///
/// # Errors
/// When it cannot be one.
pub fn fit_description(description: &str) -> Result<String> {
    let sentence = "description: it is too long or has characters that cannot be shown.";
    naming::description(description).ok_or_else(|| AdminError::Unfit(sentence.to_owned()))
}

fn taken(error: StorageError) -> AdminError {
    if error.is_conflict() {
        return AdminError::Conflict("There is a role with this name already. Choose another name.".to_owned());
    }
    error.into()
}
