use axum::Json;
use axum::extract::State;
use protocol::api::{PasskeyCeremony, Problem};

use crate::http::error::ApiResult;
use crate::http::extract::SignedIn;
use crate::http::step_up::Confirmed;
use crate::state::AppState;

/// Begin to add a passkey to one's own account
#[utoipa::path(
    post, path = "/me/passkeys/begin", tag = "login", security(("login" = [])),
    extensions(("x-needs" = json!("login")), ("x-step-up" = json!("always"))), responses(
        (status = 200, body = PasskeyCeremony), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 409, body = Problem, description = "there are no passkeys at this address, or too many"),
    ),
)]
pub(super) async fn begin(
    State(state): State<AppState>,
    signed_in: SignedIn,
    _: Confirmed,
) -> ApiResult<Json<PasskeyCeremony>> {
    Ok(Json(state.passkeys.begin_adding((&signed_in).into()).await?))
}
