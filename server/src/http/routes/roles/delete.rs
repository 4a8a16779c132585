use axum::extract::State;
use axum::http::StatusCode;
use protocol::api::Problem;
use protocol::ids::RoleId;

use crate::admin::roles;
use crate::http::error::ApiResult;
use crate::http::extract::{Administrator, ApiPath};
use crate::http::step_up::StepUp;
use crate::state::AppState;

/// Remove a custom role with its assignments
///
/// Sessions that depended on it have ended when the answer comes. Built-in roles cannot be removed.
#[utoipa::path(
    delete, path = "/roles/{role}", tag = "roles", security(("login" = [])), params(("role" = RoleId, Path)),
    extensions(("x-needs" = json!("administrator")), ("x-step-up" = json!("setting"))),
    responses(
        (status = 204), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem),
    ),
)]
pub(super) async fn delete(
    State(state): State<AppState>,
    Administrator { signed_in }: Administrator,
    _: StepUp,
    ApiPath(role): ApiPath<RoleId>,
) -> ApiResult<StatusCode> {
    let change = signed_in.change(&state).await?;
    roles::delete(change, &role).await?;
    Ok(StatusCode::NO_CONTENT)
}
