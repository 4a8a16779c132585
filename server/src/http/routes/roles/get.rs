use axum::Json;
use axum::extract::State;
use protocol::api::{Problem, RoleDetail};
use protocol::ids::RoleId;

use crate::admin::roles;
use crate::http::error::ApiResult;
use crate::http::extract::{ApiPath, Everywhere, needs};
use crate::state::AppState;

/// A role with its assignments
#[utoipa::path(
    get, path = "/roles/{role}", tag = "roles", security(("login" = [])), params(("role" = RoleId, Path)),
    extensions(("x-needs" = json!("everywhere:role.view"))),
    responses(
        (status = 200, body = RoleDetail), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem),
    ),
)]
pub(super) async fn get(
    State(state): State<AppState>,
    everywhere: Everywhere<needs::RoleView>,
    ApiPath(role): ApiPath<RoleId>,
) -> ApiResult<Json<RoleDetail>> {
    Ok(Json(roles::show(&state, &everywhere.signed_in.scope, &role).await?))
}
