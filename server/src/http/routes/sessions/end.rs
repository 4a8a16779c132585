use axum::extract::State;
use axum::http::StatusCode;
use protocol::api::Problem;
use protocol::ids::SessionId;
use protocol::reason::EndReason;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::http::error::ApiResult;
use crate::http::extract::{ApiPath, ApiQuery, SignedIn};
use crate::state::AppState;

/// How the viewer comes to end its session.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Cause {
    /// Why the session ends, when nobody pressed End; it is what the audit log says
    #[param(inline)]
    reason: Option<Reason>,
}

/// The reasons that a viewer may name itself; the others are for the server and the console to tell.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Reason {
    ViewerClosed,
    /// The console has another key than the one that this browser remembers.
    KeyMismatch,
}

impl From<Cause> for EndReason {
    fn from(cause: Cause) -> Self {
        match cause.reason {
            None => Self::EndedByViewer,
            Some(Reason::ViewerClosed) => Self::ViewerClosed,
            Some(Reason::KeyMismatch) => Self::KeyMismatch,
        }
    }
}

/// End a session
///
/// Answers when its end is recorded.
#[utoipa::path(
    delete,
    path = "/sessions/{session}",
    tag = "sessions",
    params(("session" = String, Path), Cause),
    security(("login" = [])),
    extensions(("x-needs" = json!("login"))), responses(
        (status = 204),
        (status = 400, body = Problem, description = "no such reason; the session goes on"),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem, description = "the session is over, or somebody else's"),
    ),
)]
pub(super) async fn end(
    State(state): State<AppState>,
    signed_in: SignedIn,
    ApiPath(session): ApiPath<SessionId>,
    ApiQuery(cause): ApiQuery<Cause>,
) -> ApiResult<StatusCode> {
    state.sessions.end(&signed_in.into(), session, cause.into()).await?;
    Ok(StatusCode::NO_CONTENT)
}
