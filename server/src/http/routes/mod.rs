//! One folder per resource, one file per verb.

pub mod assignments;
pub mod audit;
pub mod consoles;
pub mod events;
pub mod groups;
pub mod health;
pub mod invitation;
pub mod login;
pub mod me;
pub mod oidc;
pub mod openapi;
pub mod reach;
pub mod remote_access;
pub mod roles;
pub mod rooms;
pub mod search;
pub mod sessions;
pub mod settings;
pub mod setup;
pub mod users;

use super::error::{ApiError, ApiResult};

/// Runs a change to its end even when whoever asked goes away: what is stored also takes effect.
async fn to_end<T: Send + 'static>(change: impl Future<Output = ApiResult<T>> + Send + 'static) -> ApiResult<T> {
    tokio::spawn(change).await.map_err(|_| ApiError::Internal)?
}
