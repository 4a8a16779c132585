use axum::Json;
use axum::extract::State;
use protocol::api::{Problem, RemoteAccessSettings};

use crate::http::error::ApiResult;
use crate::http::extract::{Everywhere, needs};
use crate::opt_in;
use crate::state::AppState;

/// The organisation's opt-in to remote access and the policies beside it
///
/// Needs the permission `service_settings.view` for the whole organisation.
#[utoipa::path(
    get, path = "/settings/remote-access", tag = "settings", security(("login" = [])),
    extensions(("x-needs" = json!("everywhere:service_settings.view"))), responses(
        (status = 200, body = RemoteAccessSettings), (status = 401, body = Problem), (status = 403, body = Problem),
    ),
)]
pub(super) async fn get(
    State(state): State<AppState>,
    permitted: Everywhere<needs::ServiceSettingsView>,
) -> ApiResult<Json<RemoteAccessSettings>> {
    let settings = state.core.storage.remote_access(&permitted.signed_in.scope).await?;
    Ok(Json(opt_in::shown(&settings)))
}
