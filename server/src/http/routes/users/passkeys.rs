use axum::extract::State;
use axum::http::StatusCode;
use protocol::api::Problem;

use super::OfUser;
use crate::admin::users;
use crate::http::error::ApiResult;
use crate::http::extract::{ApiPath, Everywhere, needs};
use crate::http::routes::to_end;
use crate::http::step_up::StepUp;
use crate::state::AppState;

/// Remove all passkeys of an account
///
/// For somebody who has lost theirs. Refused for an account that may do more than whoever asks.
#[utoipa::path(
    delete, path = "/users/{user}/passkeys", tag = "users", security(("login" = [])), params(OfUser),
    extensions(("x-needs" = json!("everywhere:role.modify")), ("x-step-up" = json!("setting"))), responses(
        (status = 204), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
    ),
)]
pub(super) async fn delete(
    State(state): State<AppState>,
    permitted: Everywhere<needs::RoleModify>,
    _: StepUp,
    ApiPath(OfUser { user: id }): ApiPath<OfUser>,
) -> ApiResult<StatusCode> {
    to_end(async move {
        let change = permitted.signed_in.change(&state).await?;
        users::remove_passkeys(change, &id).await?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}
