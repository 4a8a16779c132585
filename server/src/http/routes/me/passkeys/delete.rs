use axum::extract::State;
use axum::http::StatusCode;
use protocol::api::Problem;
use protocol::ids::PasskeyId;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::http::error::{ApiError, ApiResult};
use crate::http::extract::{ApiPath, SignedIn};
use crate::http::step_up::Confirmed;
use crate::state::AppState;

/// The passkey of the path.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct OfPasskey {
    passkey: PasskeyId,
}

/// Remove a passkey from one's own account
#[utoipa::path(
    delete, path = "/me/passkeys/{passkey}", tag = "login", security(("login" = [])), params(OfPasskey),
    extensions(("x-needs" = json!("login")), ("x-step-up" = json!("always"))), responses(
        (status = 204), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
    ),
)]
pub(super) async fn delete(
    State(state): State<AppState>,
    signed_in: SignedIn,
    _: Confirmed,
    ApiPath(OfPasskey { passkey }): ApiPath<OfPasskey>,
) -> ApiResult<StatusCode> {
    let removed = state.passkeys.remove((&signed_in).into(), passkey).await?;
    if removed { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::NotFound) }
}
