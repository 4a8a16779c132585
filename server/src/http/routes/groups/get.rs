use axum::Json;
use axum::extract::State;
use protocol::api::{GroupDetail, Problem};

use super::OfGroup;
use crate::admin::groups;
use crate::http::error::ApiResult;
use crate::http::extract::{ApiPath, Everywhere, needs};
use crate::state::AppState;

/// One group with its assignments
#[utoipa::path(
    get, path = "/groups/{group}", tag = "users", security(("login" = [])), params(OfGroup),
    extensions(("x-needs" = json!("everywhere:role.view"))), responses(
        (status = 200, body = GroupDetail), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem),
    ),
)]
pub(super) async fn get(
    State(state): State<AppState>,
    permitted: Everywhere<needs::RoleView>,
    ApiPath(OfGroup { group }): ApiPath<OfGroup>,
) -> ApiResult<Json<GroupDetail>> {
    Ok(Json(groups::show(&state, &permitted.signed_in.scope, &group).await?))
}
