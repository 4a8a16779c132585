use axum::Json;
use axum::extract::State;
use protocol::api::{EditGroup, GroupDetail, Problem};

use super::OfGroup;
use crate::admin::groups;
use crate::http::error::ApiResult;
use crate::http::extract::{ApiJson, ApiPath, Everywhere, needs};
use crate::http::routes::to_end;
use crate::http::step_up::StepUp;
use crate::state::AppState;

/// Change the name and description of a group
#[utoipa::path(
    put, path = "/groups/{group}", tag = "users", security(("login" = [])), params(OfGroup), request_body = EditGroup,
    extensions(("x-needs" = json!("everywhere:role.modify")), ("x-step-up" = json!("setting"))), responses(
        (status = 200, body = GroupDetail), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "changed since that version, or the name is taken"),
    ),
)]
pub(super) async fn put(
    State(state): State<AppState>,
    permitted: Everywhere<needs::RoleModify>,
    _: StepUp,
    ApiPath(OfGroup { group }): ApiPath<OfGroup>,
    ApiJson(wanted): ApiJson<EditGroup>,
) -> ApiResult<Json<GroupDetail>> {
    let edited = to_end(async move {
        let change = permitted.signed_in.change(&state).await?;
        Ok(groups::edit(change, &group, wanted).await?)
    });
    edited.await.map(Json)
}
