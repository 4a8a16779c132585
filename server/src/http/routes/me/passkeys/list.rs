use axum::Json;
use axum::extract::State;
use protocol::api::{PasskeyList, Problem};

use crate::http::error::ApiResult;
use crate::http::extract::SignedIn;
use crate::state::AppState;

/// One's own passkeys
#[utoipa::path(
    get, path = "/me/passkeys", tag = "login", security(("login" = [])),
    extensions(("x-needs" = json!("login"))), responses((status = 200, body = PasskeyList), (status = 401, body = Problem)),
)]
pub(super) async fn list(State(state): State<AppState>, signed_in: SignedIn) -> ApiResult<Json<PasskeyList>> {
    Ok(Json(state.passkeys.list((&signed_in).into()).await?))
}
