use axum::Json;
use axum::extract::State;
use protocol::api::SetupStatus;

use crate::http::error::ApiResult;
use crate::state::AppState;

/// Whether the installation waits for its first administrator
#[utoipa::path(get, path = "/setup", tag = "setup", extensions(("x-needs" = json!("nobody"))), responses((status = 200, body = SetupStatus)))]
pub(super) async fn status(State(state): State<AppState>) -> ApiResult<Json<SetupStatus>> {
    Ok(Json(SetupStatus { needed: state.core.storage.tenants().await?.is_empty() }))
}
