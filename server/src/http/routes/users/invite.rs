use axum::Json;
use axum::extract::State;
use protocol::api::{Invitation, Problem};

use super::OfUser;
use crate::admin::users;
use crate::http::error::ApiResult;
use crate::http::extract::{ApiPath, Everywhere, needs};
use crate::http::routes::to_end;
use crate::http::step_up::StepUp;
use crate::state::AppState;

/// Make a one-time link with which somebody sets a new password
///
/// The link before stops working; the present password works until the link is used. Whoever has the link can take over
/// the account: for an account that may do more than whoever asks it is refused.
#[utoipa::path(
    post, path = "/users/{user}/invitation", tag = "users", security(("login" = [])), params(OfUser),
    extensions(("x-needs" = json!("everywhere:role.modify")), ("x-step-up" = json!("setting"))), responses(
        (status = 200, body = Invitation), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem, description = "the account is disabled"),
    ),
)]
pub(super) async fn invite(
    State(state): State<AppState>,
    permitted: Everywhere<needs::RoleModify>,
    _: StepUp,
    ApiPath(OfUser { user: id }): ApiPath<OfUser>,
) -> ApiResult<Json<Invitation>> {
    let invited = to_end(async move {
        let change = permitted.signed_in.change(&state).await?;
        Ok(users::invite(change, &id).await?)
    });
    invited.await.map(Json)
}
