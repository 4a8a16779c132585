use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use protocol::api::{Assignment, NewAssignment, Problem};
use protocol::ids::RoleId;

use crate::admin::assignments;
use crate::http::error::ApiResult;
use crate::http::extract::{ApiJson, ApiPath, Everywhere, needs};
use crate::http::step_up::StepUp;
use crate::state::AppState;

/// Give a role to people and groups for some rooms
///
/// Nobody can hand out more than their own roles allow, and nobody but a Global Administrator can give themselves remote
/// access.
#[utoipa::path(
    post, path = "/roles/{role}/assignments", tag = "roles", security(("login" = [])),
    params(("role" = RoleId, Path)), request_body = NewAssignment,
    extensions(("x-needs" = json!("everywhere:role.modify")), ("x-step-up" = json!("setting"))),
    responses(
        (status = 201, body = Assignment), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
    ),
)]
pub(super) async fn assign(
    State(state): State<AppState>,
    Everywhere { signed_in, .. }: Everywhere<needs::RoleModify>,
    _: StepUp,
    ApiPath(role): ApiPath<RoleId>,
    ApiJson(wanted): ApiJson<NewAssignment>,
) -> ApiResult<(StatusCode, Json<Assignment>)> {
    let change = signed_in.change(&state).await?;
    Ok((StatusCode::CREATED, Json(assignments::create(change, &role, wanted).await?)))
}
