use axum::extract::State;
use axum::http::StatusCode;
use protocol::api::Problem;
use protocol::ids::SessionId;

use crate::http::error::ApiResult;
use crate::http::extract::{ApiPath, SignedIn};
use crate::state::AppState;

/// End a session
///
/// Answers when its end is recorded.
#[utoipa::path(
    delete,
    path = "/sessions/{session}",
    tag = "sessions",
    params(("session" = String, Path)),
    responses((status = 204), (status = 404, body = Problem, description = "the session is over, or somebody else's")),
)]
pub(super) async fn end(
    State(state): State<AppState>,
    signed_in: SignedIn,
    ApiPath(session): ApiPath<SessionId>,
) -> ApiResult<StatusCode> {
    state.sessions.end(&signed_in.into(), session).await?;
    Ok(StatusCode::NO_CONTENT)
}
