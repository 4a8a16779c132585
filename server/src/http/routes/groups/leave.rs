use axum::extract::State;
use axum::http::StatusCode;
use protocol::api::Problem;

use super::OfMember;
use crate::admin::groups;
use crate::http::error::ApiResult;
use crate::http::extract::{ApiPath, Everywhere, needs};
use crate::http::routes::to_end;
use crate::http::step_up::StepUp;
use crate::state::AppState;

/// Take somebody out of a group
///
/// Nothing happens when they are no member. Sessions that depended on it have ended when the answer comes.
#[utoipa::path(
    delete, path = "/groups/{group}/members/{user}", tag = "users", security(("login" = [])), params(OfMember),
    extensions(("x-needs" = json!("everywhere:role.modify")), ("x-step-up" = json!("setting"))), responses(
        (status = 204), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "nobody would be Global Administrator any more"),
    ),
)]
pub(super) async fn leave(
    State(state): State<AppState>,
    permitted: Everywhere<needs::RoleModify>,
    _: StepUp,
    ApiPath(OfMember { group, user }): ApiPath<OfMember>,
) -> ApiResult<StatusCode> {
    to_end(async move {
        let change = permitted.signed_in.change(&state).await?;
        groups::leave(change, &group, &user).await?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}
