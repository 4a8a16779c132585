//! Accounts: who can sign in.

use protocol::api::{CreateUser, CreatedUser, EditUser, GroupRef, Invitation, UserDetail, UserEntry};
use protocol::ids::UserId;

use super::change::{AdminError, Change, Result};
use super::roles::fit_name;
use super::{Without, has_administrator, shown};
use crate::access::{Effective, may_manage_account};
use crate::audit::Event;
use crate::state::AppState;
use crate::storage::{AssignmentsOf, LoginKey, NewUser, PasskeyRecord, TenantScope, User, UserEdit, UserFilter};
use crate::{invitation, naming, random};

/// Most accounts of a tenant.
pub const USERS_MAX: u32 = 100_000;

/// # Errors
/// When there is no such user, or the storage fails.
pub async fn show(state: &AppState, scope: &TenantScope, id: &UserId) -> Result<UserDetail> {
    let storage = &state.core.storage;
    let user = storage.user(scope, id).await?.ok_or(AdminError::NotFound)?;
    let groups = storage.groups_of(scope, id).await?;
    Ok(UserDetail {
        user: entry(&user),
        groups: groups.into_iter().map(|group| GroupRef { id: group.id, name: group.name }).collect(),
        assignments: shown::held_assignments(state, scope, AssignmentsOf::User(*id)).await?,
        n_passkeys: storage.passkeys_of(scope, id).await?.len() as u32,
        version: user.version,
    })
}

/// A user as lists show them.
pub fn entry(user: &User) -> UserEntry {
    UserEntry {
        id: user.id,
        name: user.name.clone(),
        email: user.email.clone(),
        state: user.state(),
        created_at: user.created_at,
        last_login_at: user.last_login_at,
    }
}

/// Makes an account and a link with which its owner sets a password.
///
/// # Errors
/// When it cannot be had so.
pub async fn create(change: Change<'_>, wanted: CreateUser) -> Result<CreatedUser> {
    let (core, scope) = (&change.state.core, change.scope);
    let name = fit_name(&wanted.name)?;
    let email = naming::email(&wanted.email);
    let email = email.ok_or_else(|| AdminError::Unfit("email: this is no e-mail address.".to_owned()))?;
    if USERS_MAX <= core.storage.list_users(scope, &UserFilter::default()).await?.n_all {
        return Err(AdminError::Conflict(format!("There are {USERS_MAX} accounts, which is the most there can be.")));
    }
    if let Some((of, user)) = core.storage.user_by_email(&email).await? {
        return Err(if of == *scope { taken(Some(&user.name)) } else { taken(None) });
    }
    let now = core.clock.now();
    let user = NewUser { id: UserId(random::bytes()), email, name, password_hash: None, created_at: now };
    let (stored, shown) = invitation::make(core, user.id);
    let events = [
        Event::UserCreated { user: user.id, name: user.name.clone(), email: user.email.clone() },
        Event::InvitationMade { user: user.id, expires_at: stored.expires_at },
    ];
    let events = events.iter().map(|event| change.event(event)).collect();
    let created = core.storage.create_invited_user(scope, &user, &stored, events).await;
    created.map_err(|error| if error.is_conflict() { taken(None) } else { error.into() })?;
    let user = core.storage.user(scope, &user.id).await?.ok_or(AdminError::NotFound)?;
    Ok(CreatedUser { user: entry(&user), invitation: shown })
}

/// An address has an account: `owner` is told of one's own tenant only.
fn taken(owner: Option<&str>) -> AdminError {
    AdminError::Conflict(match owner {
        Some(owner) => format!("{owner} has this address already."),
        None => "This address cannot be used here.".to_owned(),
    })
}

/// Renames, disables or enables somebody. Disabling ends their logins and sessions.
///
/// # Errors
/// When there is no such user, or it cannot be had so.
pub async fn edit(change: Change<'_>, id: &UserId, wanted: EditUser) -> Result<UserDetail> {
    let (state, scope) = (change.state, change.scope);
    let before = state.core.storage.user(scope, id).await?.ok_or(AdminError::NotFound)?;
    let name = fit_name(&wanted.name)?;
    may_manage(&change, &before).await?;
    if wanted.disabled && !before.disabled {
        may_disable(&change, id).await?;
    }
    if wanted.version != before.version {
        return Err(AdminError::stale());
    }
    let events = events_of(&before, &name, wanted.disabled);
    if !events.is_empty() {
        let edit = UserEdit { id: *id, name, disabled: wanted.disabled, version: wanted.version };
        let events = events.iter().map(|event| change.event(event)).collect();
        let ended = state.core.storage.edit_user(scope, &edit, events).await?.ok_or_else(AdminError::stale)?;
        logins_ended(state, scope, &ended);
    }
    if wanted.disabled != before.disabled {
        change.done().await;
    }
    show(state, scope, id).await
}

/// What is written down when somebody is called `name` and is disabled or not.
pub(super) fn events_of(before: &User, name: &str, disabled: bool) -> Vec<Event> {
    let user = before.id;
    let renamed =
        (before.name != name).then(|| Event::UserRenamed { user, before: before.name.clone(), after: name.to_owned() });
    let switched = match (before.disabled, disabled) {
        (false, true) => Some(Event::UserDisabled { user }),
        (true, false) => Some(Event::UserEnabled { user }),
        _ => None,
    };
    renamed.into_iter().chain(switched).collect()
}

/// Closes the event streams of logins that were ended.
pub(super) fn logins_ended(state: &AppState, scope: &TenantScope, ended: &[LoginKey]) {
    for login in ended {
        state.core.live.login_ended(scope, *login);
    }
}

/// Makes a link with which somebody sets a new password; the one before stops working.
///
/// # Errors
/// When there is no such user, or they cannot have one.
pub async fn invite(change: Change<'_>, id: &UserId) -> Result<Invitation> {
    let core = &change.state.core;
    let user = core.storage.user(change.scope, id).await?.ok_or(AdminError::NotFound)?;
    may_manage(&change, &user).await?;
    if user.disabled {
        return Err(AdminError::Conflict("This account is disabled. Enable it first.".to_owned()));
    }
    let (stored, shown) = invitation::make(core, user.id);
    let event = change.event(&Event::InvitationMade { user: user.id, expires_at: stored.expires_at });
    if !core.storage.invite(change.scope, &stored, event).await? {
        return Err(AdminError::NotFound);
    }
    Ok(shown)
}

/// Removes all passkeys of somebody who lost theirs.
///
/// # Errors
/// When there is no such user, or whoever makes the change may do less than the account.
pub async fn remove_passkeys(change: Change<'_>, id: &UserId) -> Result<()> {
    let storage = &change.state.core.storage;
    let user = storage.user(change.scope, id).await?.ok_or(AdminError::NotFound)?;
    may_manage(&change, &user).await?;
    for PasskeyRecord { id: passkey, name, .. } in storage.passkeys_of(change.scope, id).await? {
        let event = change.event(&Event::PasskeyRemoved { user: *id, passkey, name });
        storage.delete_passkey(change.scope, &passkey, event).await?;
    }
    Ok(())
}

/// # Errors
/// When whoever makes the change may do less than the account: they could act in its name, or get rid of who is above
/// them.
pub(super) async fn may_manage(change: &Change<'_>, user: &User) -> Result<()> {
    if user.id == change.user.id {
        return Ok(());
    }
    let other = Effective::new(change.state.core.storage.grants_of(change.scope, &user.id).await?);
    if may_manage_account(&change.effective, &other) {
        return Ok(());
    }
    Err(above(&user.name))
}

/// Somebody of this name may do more than whoever makes the change.
pub(super) fn above(name: &str) -> AdminError {
    AdminError::Forbidden(format!(
        "{name} may do more than you: whoever changes this account could act in its name. Ask a Global Administrator to \
         make this change."
    ))
}

async fn may_disable(change: &Change<'_>, id: &UserId) -> Result<()> {
    if *id == change.user.id {
        return Err(own_account());
    }
    if !has_administrator(&change.state.core.storage, change.scope, Without::User(*id)).await? {
        return Err(last_administrator());
    }
    Ok(())
}

pub(super) fn own_account() -> AdminError {
    let sentence = "You cannot disable your own account. Ask another administrator to do it.";
    AdminError::Conflict(sentence.to_owned())
}

/// Somebody has to be there who can make others administrators.
pub(super) fn last_administrator() -> AdminError {
    let sentence =
        "Nobody who can sign in would be Global Administrator any more. Give the role to somebody else first.";
    AdminError::Conflict(sentence.to_owned())
}
