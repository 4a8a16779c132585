use axum::Json;
use axum::extract::State;
use protocol::api::{Problem, StartSession, StartedSession};
use protocol::ids::SessionId;

use crate::http::error::ApiResult;
use crate::http::extract::{ApiJson, ApiPath, SignedIn};
use crate::state::AppState;

/// Connect a live session anew
///
/// For a viewer that lost its connection, within the same record: with a new viewer key, and a new grant.
#[utoipa::path(
    post,
    path = "/sessions/{session}/resume",
    tag = "sessions",
    params(("session" = String, Path)),
    request_body = StartSession,
    security(("login" = [])),
    extensions(("x-needs" = json!("login"))), responses(
        (status = 200, body = StartedSession),
        (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem, description = "the session is over, or somebody else's"),
        (status = 409, body = Problem, description = "with `code` `refused`, `refusal` names the row of the gate that is shut; the session goes on"),
    ),
)]
pub(super) async fn resume(
    State(state): State<AppState>,
    signed_in: SignedIn,
    ApiPath(session): ApiPath<SessionId>,
    ApiJson(body): ApiJson<StartSession>,
) -> ApiResult<Json<StartedSession>> {
    Ok(Json(state.sessions.resume(signed_in.into(), session, body.viewer_key).await?))
}
