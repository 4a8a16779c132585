use axum::Json;
use axum::extract::State;
use protocol::api::{Assignment, EditAssignment, Problem};
use protocol::ids::AssignmentId;

use crate::admin::assignments;
use crate::http::error::ApiResult;
use crate::http::extract::{ApiJson, ApiPath, Everywhere, needs};
use crate::http::step_up::StepUp;
use crate::state::AppState;

/// Change who holds a role by an assignment, or where
///
/// Sessions that depended on what goes have ended when the answer comes.
#[utoipa::path(
    put, path = "/assignments/{assignment}", tag = "roles", security(("login" = [])),
    params(("assignment" = AssignmentId, Path)), request_body = EditAssignment,
    extensions(("x-needs" = json!("everywhere:role.modify")), ("x-step-up" = json!("setting"))),
    responses(
        (status = 200, body = Assignment), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
    ),
)]
pub(super) async fn put(
    State(state): State<AppState>,
    Everywhere { signed_in, .. }: Everywhere<needs::RoleModify>,
    _: StepUp,
    ApiPath(assignment): ApiPath<AssignmentId>,
    ApiJson(wanted): ApiJson<EditAssignment>,
) -> ApiResult<Json<Assignment>> {
    let change = signed_in.change(&state).await?;
    Ok(Json(assignments::edit(change, &assignment, wanted).await?))
}
