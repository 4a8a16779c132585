use std::collections::HashSet;

use protocol::ids::{AssignmentId, GroupId, UserId};

use super::Result;
use crate::access::BuiltInRole;
use crate::storage::{Assignment, AssignmentsOf, Store, TenantScope};

/// Something that is about to go, or to change.
#[derive(Debug, Clone, Copy)]
pub enum Without<'a> {
    /// The assignment, and what it will be instead.
    Assignment(AssignmentId, Option<&'a Assignment>),
    /// The user's account.
    User(UserId),
    Group(GroupId),
    /// A member of a group.
    Member(GroupId, UserId),
}

/// Whether somebody who can sign in is still Global Administrator of the whole tenant afterwards: without one, nobody
/// could ever give the tenant another.
///
/// # Errors
/// When the storage fails.
pub async fn has_administrator(storage: &Store, scope: &TenantScope, without: Without<'_>) -> Result<bool> {
    let roles = storage.roles(scope).await?;
    let Some(role) = roles.into_iter().find(|role| role.built_in == Some(BuiltInRole::GlobalAdministrator)) else {
        return Ok(false);
    };
    let mut users = HashSet::new();
    for stored in storage.assignments(scope, AssignmentsOf::Role(role.id)).await? {
        let assignment = match without {
            Without::Assignment(id, instead) if id == stored.id => instead,
            _ => Some(&stored),
        };
        let Some(assignment) = assignment.filter(|assignment| assignment.scope.everywhere) else { continue };
        users.extend(assignment.users.iter().copied());
        for group in &assignment.groups {
            if matches!(without, Without::Group(gone) if gone == *group) {
                continue;
            }
            let members = storage.members_of(scope, group).await?;
            let left = |user: &UserId| matches!(without, Without::Member(of, gone) if of == *group && gone == *user);
            users.extend(members.into_iter().filter(|user| !left(user)));
        }
    }
    if let Without::User(gone) = without {
        users.remove(&gone);
    }
    let users: Vec<UserId> = users.into_iter().collect();
    let users = storage.users_by_ids(scope, &users).await?;
    Ok(users.iter().any(|user| !user.disabled))
}
