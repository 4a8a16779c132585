use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use protocol::api::{NewPasskey, Passkey, Problem};

use crate::http::error::ApiResult;
use crate::http::extract::{ApiJson, SignedIn};
use crate::http::routes::to_end;
use crate::http::step_up::Confirmed;
use crate::state::AppState;

/// Add the passkey that a browser made
#[utoipa::path(
    post, path = "/me/passkeys", tag = "login", security(("login" = [])), request_body = NewPasskey,
    extensions(("x-needs" = json!("login")), ("x-step-up" = json!("always"))), responses(
        (status = 201, body = Passkey), (status = 400, body = Problem),
        (status = 401, body = Problem, description = "nobody is signed in, or the answer proves nothing"),
        (status = 403, body = Problem), (status = 409, body = Problem),
    ),
)]
pub(super) async fn create(
    State(state): State<AppState>,
    signed_in: SignedIn,
    _: Confirmed,
    ApiJson(new): ApiJson<NewPasskey>,
) -> ApiResult<(StatusCode, Json<Passkey>)> {
    let added = to_end(async move { Ok(state.passkeys.add((&signed_in).into(), new).await?) }).await?;
    Ok((StatusCode::CREATED, Json(added)))
}
