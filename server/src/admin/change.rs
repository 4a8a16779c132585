use std::sync::Arc;

use tokio::sync::OwnedMutexGuard;

use crate::access::{BuiltInRole, Effective, RoleGrant, gains_remote_access};
use crate::audit::{Actor, Client, Event};
use crate::state::AppState;
use crate::storage::{NewEvent, StorageError, TenantScope, User};

/// Why something was not changed. The texts are sentences for people.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdminError {
    /// Also what another tenant's things look like.
    #[error("There is no such thing here.")]
    NotFound,
    /// The sentence begins with the field's name.
    #[error("{0}")]
    Unfit(String),
    /// The present state does not allow it.
    #[error("{0}")]
    Conflict(String),
    /// The person's roles do not allow it; the sentence says why.
    #[error("{0}")]
    Forbidden(String),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

pub type Result<T> = std::result::Result<T, AdminError>;

impl AdminError {
    /// Somebody else changed the same thing in between.
    pub fn stale() -> Self {
        Self::Conflict("Somebody else changed this meanwhile. Load it again, then make your change.".to_owned())
    }
}

/// A change of who may do what, from the check to its effect.
///
/// INVARIANT: there is one at a time. Two changes that are each allowed must not add up to one that is not, such as
/// joining a group while the group is given remote access.
pub struct Change<'a> {
    pub state: &'a AppState,
    pub scope: &'a TenantScope,
    /// Who makes it.
    pub user: &'a User,
    /// What they may do, read when the change began.
    pub effective: Effective,
    client: Client,
    _only_one: OwnedMutexGuard<()>,
}

impl<'a> Change<'a> {
    /// Waits for its turn.
    ///
    /// # Errors
    /// When the storage fails.
    pub async fn begin(state: &'a AppState, scope: &'a TenantScope, user: &'a User, client: Client) -> Result<Self> {
        let only_one = Arc::clone(&state.administering).lock_owned().await;
        // What was true when the request came may have changed while it waited.
        let effective = Effective::new(state.core.storage.grants_of(scope, &user.id).await?);
        Ok(Self { state, scope, user, effective, client, _only_one: only_one })
    }

    pub fn event(&self, event: &Event) -> NewEvent {
        self.state.core.auditor.event(&Actor::from(self.user), self.client, event)
    }

    /// Whether the change gives whoever makes it remote access that they do not have, when `after` is what they hold by
    /// then. Global Administrators may do that, and the log says so.
    ///
    /// # Errors
    /// `Forbidden` for everybody else.
    pub fn gives_self_access(&self, after: &[RoleGrant]) -> Result<bool> {
        let gains = gains_remote_access(self.effective.grants(), after);
        if gains && !self.effective.holds(BuiltInRole::GlobalAdministrator) {
            let sentence = "Nobody can give themselves remote access. Ask another administrator to make this change.";
            return Err(AdminError::Forbidden(sentence.to_owned()));
        }
        Ok(gains)
    }

    /// Lets the stored change take effect. Returns when the sessions that it ends are recorded.
    pub async fn done(self) {
        let (state, scope) = (self.state, self.scope);
        // The next change need not wait for consoles to say good-bye.
        drop(self);
        state.access_changed(scope).await;
    }
}
