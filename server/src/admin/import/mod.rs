//! Accounts and groups from a table, and as one. What a dry run tells is what applying does: both make the same plan.
//!
//! Reading order: [`table`] (what a table says), [`plan`] (what it changes).

mod plan;
mod table;

use std::collections::HashMap;

use protocol::api::{ImportReport, ImportUsers};
use protocol::ids::UserId;

use super::change::{AdminError, Change, Result};
use super::groups::GROUPS_MAX;
use super::users::logins_ended;
use crate::state::AppState;
use crate::storage::{GroupFilter, TenantScope};
use plan::{Plan, Present};
use table::{Exported, Table};

/// Largest table in bytes.
pub const TABLE_MAX_BYTES: usize = 2 << 20;

/// Tells what a table changes and, when that is wanted and nothing is in the way, changes it: all or nothing.
///
/// # Errors
/// When the storage fails, or does not fit any more to what the plan was made from.
pub async fn import(change: Change<'_>, wanted: ImportUsers) -> Result<ImportReport> {
    let (state, scope) = (change.state, change.scope);
    let table = Table::read(&wanted.csv);
    let present = Present::read(&change, &table.rows).await?;
    let Plan { problems, changes, n_unchanged, steps } = Plan::make(&change, &present, table);
    let applied = wanted.apply && problems.is_empty();
    if applied && !steps.is_empty() {
        let ended = state.core.storage.import(scope, &steps).await;
        let ended = ended.map_err(|error| if error.is_conflict() { AdminError::stale() } else { error.into() })?;
        logins_ended(state, scope, &ended.ok_or_else(AdminError::stale)?);
        change.done().await;
    }
    Ok(ImportReport { problems, changes, n_unchanged, applied })
}

/// All accounts as a table that [`import`] takes back.
///
/// # Errors
/// When the storage fails.
pub async fn export(state: &AppState, scope: &TenantScope) -> Result<String> {
    let storage = &state.core.storage;
    let users = storage.users(scope).await?;
    let groups = storage.groups(scope, &GroupFilter { limit: GROUPS_MAX, ..GroupFilter::default() }).await?.groups;
    let names: HashMap<_, _> = groups.iter().map(|group| (group.id, group.name.as_str())).collect();
    let mut groups_of: HashMap<UserId, Vec<&str>> = HashMap::new();
    for (group, user) in storage.memberships(scope).await? {
        groups_of.entry(user).or_default().extend(names.get(&group));
    }
    Ok(table::write(users.iter().map(|user| {
        let mut groups = groups_of.remove(&user.id).unwrap_or_default();
        groups.sort_by_cached_key(|name| name.to_lowercase());
        Exported { email: &user.email, name: &user.name, groups, disabled: user.disabled }
    })))
}
