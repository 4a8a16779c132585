use axum::Json;
use axum::extract::State;
use protocol::api::{EditRole, Problem, RoleDetail};
use protocol::ids::RoleId;

use crate::admin::roles;
use crate::http::error::ApiResult;
use crate::http::extract::{Administrator, ApiJson, ApiPath};
use crate::http::step_up::StepUp;
use crate::state::AppState;

/// Change a custom role
///
/// Sessions that depended on a permission that goes have ended when the answer comes. Built-in roles cannot be changed.
#[utoipa::path(
    put, path = "/roles/{role}", tag = "roles", security(("login" = [])), params(("role" = RoleId, Path)),
    request_body = EditRole,
    extensions(("x-needs" = json!("administrator")), ("x-step-up" = json!("setting"))),
    responses(
        (status = 200, body = RoleDetail), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
    ),
)]
pub(super) async fn put(
    State(state): State<AppState>,
    Administrator { signed_in }: Administrator,
    _: StepUp,
    ApiPath(role): ApiPath<RoleId>,
    ApiJson(wanted): ApiJson<EditRole>,
) -> ApiResult<Json<RoleDetail>> {
    let change = signed_in.change(&state).await?;
    Ok(Json(roles::edit(change, &role, wanted).await?))
}
