use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use protocol::api::{Me, PasskeyAnswer, PasskeyCeremony, Problem};

use super::{end_earlier_login, signed_in};
use crate::audit::Client;
use crate::http::error::ApiResult;
use crate::http::extract::ApiJson;
use crate::http::routes::to_end;
use crate::logins::cookie;
use crate::state::AppState;

/// Begin to sign in with a passkey
///
/// The authenticator finds the account: nobody is told whether there is one.
#[utoipa::path(
    post, path = "/login/passkey/begin", tag = "login", extensions(("x-needs" = json!("nobody"))), responses(
        (status = 200, body = PasskeyCeremony), (status = 403, body = Problem),
        (status = 409, body = Problem, description = "there are no passkeys at this address"), (status = 429, body = Problem),
    ),
)]
pub(super) async fn begin(State(state): State<AppState>, client: Client) -> ApiResult<Json<PasskeyCeremony>> {
    Ok(Json(state.passkeys.begin_sign_in(client)?))
}

/// Sign in with a passkey
///
/// Passkeys that are unknown, of a disabled account or of no use are answered alike. A login that the browser had before
/// ends.
#[utoipa::path(
    post, path = "/login/passkey", tag = "login", request_body = PasskeyAnswer,
    extensions(("x-needs" = json!("nobody"))), responses(
        (status = 200, body = Me, description = "Sets the login cookie"), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 429, body = Problem),
    ),
)]
pub(super) async fn sign_in(
    State(state): State<AppState>,
    client: Client,
    headers: HeaderMap,
    ApiJson(answer): ApiJson<PasskeyAnswer>,
) -> ApiResult<Response> {
    to_end(async move {
        let login = state.passkeys.sign_in(&answer, client).await?;
        end_earlier_login(&state, cookie::login_key(&headers, &state.core.config.public_url), client).await?;
        signed_in(&state, login).await
    })
    .await
}
