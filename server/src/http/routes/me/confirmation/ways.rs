use axum::Json;
use axum::extract::State;
use protocol::api::{ConfirmationWays, Problem};

use crate::http::error::ApiResult;
use crate::http::extract::SignedIn;
use crate::http::step_up::Confirmed;
use crate::state::AppState;

/// How one can confirm that it is oneself
#[utoipa::path(
    get, path = "/me/confirmation", tag = "login", security(("login" = [])),
    extensions(("x-needs" = json!("login"))), responses(
        (status = 200, body = ConfirmationWays), (status = 401, body = Problem),
    ),
)]
pub(super) async fn ways(
    State(state): State<AppState>,
    signed_in: SignedIn,
    confirmed: Option<Confirmed>,
) -> ApiResult<Json<ConfirmationWays>> {
    let passkeys = state.core.storage.passkeys_of(&signed_in.scope, &signed_in.user.id).await?;
    let passkey = !passkeys.is_empty();
    let providers = if !passkey && signed_in.user.has_identity { state.oidc.offered() } else { Vec::new() };
    let password = !passkey && signed_in.user.password_hash.is_some();
    Ok(Json(ConfirmationWays { confirmed: confirmed.is_some(), passkey, password, providers }))
}
