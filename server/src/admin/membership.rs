//! Membership in groups that an identity provider decides.

use std::sync::Arc;

use protocol::ids::ProviderId;

use super::groups::{joined, left};
use super::{Without, has_administrator};
use crate::audit::{Actor, Client};
use crate::config::GroupsClaim;
use crate::state::AppState;
use crate::storage::{Group, Result, TenantScope, User};

/// What a provider said about somebody's groups.
#[derive(Debug, Clone)]
pub struct Told<'a> {
    pub provider: &'a ProviderId,
    /// Which of its values is which of our groups.
    pub claim: &'a GroupsClaim,
    pub values: &'a [String],
}

/// Lets somebody join and leave the groups that the configuration names, as the provider says, and lets that take
/// effect: sessions that depended on a group end. Other groups are left alone, and none is made.
pub async fn follow(state: &AppState, scope: &TenantScope, user: &User, told: &Told<'_>, client: Client) -> Result<()> {
    let only_one = Arc::clone(&state.administering).lock_owned().await;
    let mut n_changes = 0;
    let mut names: Vec<&String> = told.claim.names.values().collect();
    names.sort_unstable();
    names.dedup();
    let held = state.core.storage.groups_of(scope, &user.id).await?;
    for name in names {
        let Some(group) = state.core.storage.group_by_name(scope, name).await? else {
            tracing::warn!(provider = %told.provider, group = name, "an identity provider is to decide about a group that does not exist");
            continue;
        };
        let is_member = held.iter().any(|held| held.id == group.id);
        let belongs = told.values.iter().any(|value| told.claim.names.get(value) == Some(name));
        let changed = match (belongs, is_member) {
            (true, false) => join(state, scope, user, &group, client).await?,
            (false, true) => leave(state, scope, user, &group, client).await?,
            _ => false,
        };
        n_changes += usize::from(changed);
    }
    drop(only_one);
    if 0 < n_changes {
        state.access_changed(scope).await;
    }
    Ok(())
}

async fn join(state: &AppState, scope: &TenantScope, user: &User, group: &Group, client: Client) -> Result<bool> {
    let event = state.core.auditor.event(&Actor::Server, client, &joined(&group.name, group.id, user.id, false));
    state.core.storage.join_group(scope, &group.id, &user.id, event).await
}

/// The last Global Administrator stays: without one, nobody could ever make another.
async fn leave(state: &AppState, scope: &TenantScope, user: &User, group: &Group, client: Client) -> Result<bool> {
    match has_administrator(&state.core.storage, scope, Without::Member(group.id, user.id)).await {
        Ok(true) => {}
        Ok(false) => {
            tracing::warn!("an identity provider would take the last Global Administrator out of their group");
            return Ok(false);
        }
        Err(super::AdminError::Storage(error)) => return Err(error),
        Err(_) => return Ok(false),
    }
    let event = state.core.auditor.event(&Actor::Server, client, &left(&group.name, group.id, user.id));
    state.core.storage.leave_group(scope, &group.id, &user.id, event).await
}
