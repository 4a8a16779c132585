use axum::Json;
use axum::extract::State;
use protocol::api::{PasskeyCeremony, Problem};

use crate::http::error::ApiResult;
use crate::http::extract::SignedIn;
use crate::state::AppState;

/// Begin to confirm with a passkey that it is oneself
#[utoipa::path(
    post, path = "/me/confirmation/begin", tag = "login", security(("login" = [])),
    extensions(("x-needs" = json!("login"))), responses(
        (status = 200, body = PasskeyCeremony),
        (status = 401, body = Problem, description = "nobody is signed in, or the person has no passkey"),
        (status = 403, body = Problem), (status = 409, body = Problem, description = "there are no passkeys at this address"),
    ),
)]
pub(super) async fn begin(State(state): State<AppState>, signed_in: SignedIn) -> ApiResult<Json<PasskeyCeremony>> {
    Ok(Json(state.passkeys.begin_confirming((&signed_in).into()).await?))
}
