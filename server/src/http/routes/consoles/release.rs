use axum::extract::State;
use axum::http::StatusCode;
use protocol::api::{Problem, ThisConsole};
use protocol::ids::RoomId;

use super::{changed, fingerprint, looked_at, require, to_end, trust_changed};
use crate::audit::Event;
use crate::http::error::ApiResult;
use crate::http::extract::{ApiJson, InRoom, needs};
use crate::http::step_up::StepUp;
use crate::state::AppState;
use crate::storage::ConsoleStatus;

/// Trust a console again that was set aside because its key seemed to be in two places
#[utoipa::path(
    post, path = "/rooms/{room}/console/release", tag = "rooms", security(("login" = [])),
    params(("room" = RoomId, Path)), request_body = ThisConsole,
    extensions(("x-needs" = json!("room:room.modify")), ("x-step-up" = json!("setting"))), responses(
        (status = 204), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem, description = "the room has another console by now, or this one is not set aside"),
    ),
)]
pub(super) async fn release(
    State(state): State<AppState>,
    room: InRoom<needs::RoomModify>,
    _: StepUp,
    ApiJson(request): ApiJson<ThisConsole>,
) -> ApiResult<StatusCode> {
    let InRoom { signed_in, room, .. } = room;
    to_end(async move {
        let change = signed_in.change(&state).await?;
        let console = looked_at(&change, &room, request.console).await?;
        require(&console, ConsoleStatus::Quarantined)?;
        let released =
            Event::ConsoleReleased { room: room.room.id, console: console.id, fingerprint: fingerprint(&console) };
        let released = change.event(&released);
        if !state.core.storage.release_console(change.scope, &console.id, released).await? {
            return Err(changed());
        }
        trust_changed(&change, &console).await?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::test_server::TestServer;

    #[tokio::test]
    async fn a_console_that_is_not_set_aside_cannot_be_released() {
        let server = TestServer::start().await;
        let administrator = server.administrator().await;
        let console = server.enrol("aurora").await;
        let path = "/api/v1/rooms/aurora/console/release";
        assert_eq!(administrator.post(path, json!({"console": console})).await.problem_code(409), "conflict");
        assert!(server.events("console.released").await.is_empty());
    }
}
