use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use protocol::api::{Problem, StartSession, StartedSession};

use crate::http::error::ApiResult;
use crate::http::extract::{ApiJson, InRoom, needs};
use crate::http::step_up::StepUp;
use crate::state::AppState;

/// Start a session
///
/// Goes through the gate, asks the console, and answers when the console shows its ring. The answer opens the viewer's
/// socket once.
#[utoipa::path(
    post,
    path = "/rooms/{room}/sessions",
    tag = "sessions",
    params(("room" = String, Path)),
    request_body = StartSession,
    security(("login" = [])),
    extensions(("x-needs" = json!("room:room.view")), ("x-step-up" = json!("setting"))), responses(
        (status = 201, body = StartedSession),
        (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, body = Problem, description = "with `code` `refused`, `refusal` names the row of the gate that is shut"),
    ),
)]
pub(super) async fn start(
    State(state): State<AppState>,
    in_room: InRoom<needs::RoomView>,
    _: StepUp,
    ApiJson(body): ApiJson<StartSession>,
) -> ApiResult<(StatusCode, Json<StartedSession>)> {
    let room = in_room.room.room.id;
    let started = state.sessions.start(in_room.signed_in.into(), room, body.viewer_key).await?;
    Ok((StatusCode::CREATED, Json(started)))
}
