use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use protocol::api::{CreateGroup, GroupDetail, Problem};

use crate::admin::groups;
use crate::http::error::ApiResult;
use crate::http::extract::{ApiJson, Everywhere, needs};
use crate::http::routes::to_end;
use crate::http::step_up::StepUp;
use crate::state::AppState;

/// Make a group with its first members
#[utoipa::path(
    post, path = "/groups", tag = "users", security(("login" = [])), request_body = CreateGroup,
    extensions(("x-needs" = json!("everywhere:role.modify")), ("x-step-up" = json!("setting"))), responses(
        (status = 201, body = GroupDetail), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 409, body = Problem, description = "the name is taken"),
    ),
)]
pub(super) async fn create(
    State(state): State<AppState>,
    permitted: Everywhere<needs::RoleModify>,
    _: StepUp,
    ApiJson(wanted): ApiJson<CreateGroup>,
) -> ApiResult<(StatusCode, Json<GroupDetail>)> {
    let created = to_end(async move {
        let change = permitted.signed_in.change(&state).await?;
        Ok(groups::create(change, wanted).await?)
    });
    Ok((StatusCode::CREATED, Json(created.await?)))
}
