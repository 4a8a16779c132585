use axum::Json;
use axum::extract::State;
use protocol::api::{Problem, RoleList};

use crate::admin::shown;
use crate::http::error::ApiResult;
use crate::http::extract::{Everywhere, needs};
use crate::state::AppState;

/// The roles of the organisation
#[utoipa::path(
    get, path = "/roles", tag = "roles", security(("login" = [])),
    extensions(("x-needs" = json!("everywhere:role.view"))),
    responses((status = 200, body = RoleList), (status = 401, body = Problem), (status = 403, body = Problem)),
)]
pub(super) async fn list(
    State(state): State<AppState>,
    everywhere: Everywhere<needs::RoleView>,
) -> ApiResult<Json<RoleList>> {
    let roles = state.core.storage.roles(&everywhere.signed_in.scope).await?;
    Ok(Json(RoleList { roles: roles.into_iter().map(shown::role).collect() }))
}
