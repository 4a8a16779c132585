use axum::Json;
use axum::extract::State;
use protocol::api::{CheckInvitation, InvitedPerson, Problem};

use crate::audit::Client;
use crate::http::error::{ApiError, ApiResult};
use crate::http::extract::ApiJson;
use crate::invitation;
use crate::state::AppState;

/// Whom an invitation is for
///
/// Links that are unknown, used or too old, or of a disabled account, are answered alike.
#[utoipa::path(
    post, path = "/invitation/check", tag = "users", request_body = CheckInvitation,
    extensions(("x-needs" = json!("nobody"))), responses(
        (status = 200, body = InvitedPerson), (status = 400, body = Problem), (status = 403, body = Problem),
        (status = 409, body = Problem), (status = 429, body = Problem),
    ),
)]
pub(super) async fn check(
    State(state): State<AppState>,
    client: Client,
    ApiJson(request): ApiJson<CheckInvitation>,
) -> ApiResult<Json<InvitedPerson>> {
    state.logins.admit_link(client)?;
    let storage = &state.core.storage;
    let invited = storage.invited(&invitation::hash(&request.token), state.core.clock.now()).await?;
    let (scope, user) = invited.ok_or(ApiError::InvitationSpent)?;
    let organisation = storage.tenant_of(&scope).await?.name;
    Ok(Json(InvitedPerson { name: user.name, email: user.email, organisation }))
}
