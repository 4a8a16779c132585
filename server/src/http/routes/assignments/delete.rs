use axum::extract::State;
use axum::http::StatusCode;
use protocol::api::Problem;
use protocol::ids::AssignmentId;

use crate::admin::assignments;
use crate::http::error::ApiResult;
use crate::http::extract::{ApiPath, Everywhere, needs};
use crate::http::step_up::StepUp;
use crate::state::AppState;

/// Take a role away from those who hold it by an assignment
///
/// Sessions that depended on it have ended when the answer comes.
#[utoipa::path(
    delete, path = "/assignments/{assignment}", tag = "roles", security(("login" = [])),
    params(("assignment" = AssignmentId, Path)),
    extensions(("x-needs" = json!("everywhere:role.modify")), ("x-step-up" = json!("setting"))),
    responses(
        (status = 204), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem),
    ),
)]
pub(super) async fn delete(
    State(state): State<AppState>,
    Everywhere { signed_in, .. }: Everywhere<needs::RoleModify>,
    _: StepUp,
    ApiPath(assignment): ApiPath<AssignmentId>,
) -> ApiResult<StatusCode> {
    let change = signed_in.change(&state).await?;
    assignments::delete(change, &assignment).await?;
    Ok(StatusCode::NO_CONTENT)
}
