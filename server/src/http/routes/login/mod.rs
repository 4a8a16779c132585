//! `POST /login`, with a password or a passkey, and `POST /logout`.

mod passkey;
mod sign_in;
mod sign_out;

use protocol::api::PASSWORD_MIN_CHARS;
use protocol::reason::EndReason;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::error::{ApiError, ApiResult};
use crate::logins::password;
use crate::state::{AppState, SessionsOf};
use crate::storage::{LoginKey, TenantScope};

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(sign_in::sign_in))
        .routes(routes!(sign_out::sign_out))
        .routes(routes!(passkey::begin))
        .routes(routes!(passkey::sign_in))
}

pub(super) use sign_in::{cookies_of, end_earlier_login, signed_in};

/// Whether a new password is long enough; `field` is where it stands in the request.
pub(super) fn fit_password(field: &str, text: &str) -> ApiResult<()> {
    if text.chars().count() < PASSWORD_MIN_CHARS || password::MAX_BYTES < text.len() {
        let sentence = format!("{field}: take at least {PASSWORD_MIN_CHARS} characters.");
        return Err(ApiError::bad_request(sentence));
    }
    Ok(())
}

/// Lets the end of logins take effect: their event streams and the sessions that were started from them end.
pub(super) async fn ended(state: &AppState, scope: &TenantScope, logins: &[LoginKey]) {
    for login in logins {
        state.core.live.login_ended(scope, *login);
        state.consoles.end_sessions(scope, SessionsOf::Login(*login), EndReason::SignedOut).await;
    }
}
