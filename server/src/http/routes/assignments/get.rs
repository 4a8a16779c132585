use axum::Json;
use axum::extract::State;
use protocol::api::{Assignment, Problem};
use protocol::ids::AssignmentId;

use crate::admin::assignments;
use crate::http::error::ApiResult;
use crate::http::extract::{ApiPath, Everywhere, needs};
use crate::state::AppState;

/// An assignment
#[utoipa::path(
    get, path = "/assignments/{assignment}", tag = "roles", security(("login" = [])),
    params(("assignment" = AssignmentId, Path)),
    extensions(("x-needs" = json!("everywhere:role.view"))),
    responses(
        (status = 200, body = Assignment), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem),
    ),
)]
pub(super) async fn get(
    State(state): State<AppState>,
    everywhere: Everywhere<needs::RoleView>,
    ApiPath(assignment): ApiPath<AssignmentId>,
) -> ApiResult<Json<Assignment>> {
    Ok(Json(assignments::show(&state, &everywhere.signed_in.scope, &assignment).await?))
}
