use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use protocol::api::{CreateRole, Problem, RoleDetail};

use crate::admin::roles;
use crate::http::error::ApiResult;
use crate::http::extract::{Administrator, ApiJson};
use crate::http::step_up::StepUp;
use crate::state::AppState;

/// Make a custom role, with its first assignment or without one
///
/// Role and assignment are made both or neither. Nobody but a Global Administrator can give themselves remote access.
#[utoipa::path(
    post, path = "/roles", tag = "roles", security(("login" = [])), request_body = CreateRole,
    extensions(("x-needs" = json!("administrator")), ("x-step-up" = json!("setting"))),
    responses(
        (status = 201, body = RoleDetail), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 409, body = Problem),
    ),
)]
pub(super) async fn create(
    State(state): State<AppState>,
    Administrator { signed_in }: Administrator,
    _: StepUp,
    ApiJson(wanted): ApiJson<CreateRole>,
) -> ApiResult<(StatusCode, Json<RoleDetail>)> {
    let change = signed_in.change(&state).await?;
    Ok((StatusCode::CREATED, Json(roles::create(change, wanted).await?)))
}
