use axum::extract::State;
use axum::http::StatusCode;
use protocol::api::{Problem, ThisConsole};
use protocol::ids::RoomId;

use super::{fingerprint, looked_at, require, take_out, to_end};
use crate::audit::Event;
use crate::http::error::ApiResult;
use crate::http::extract::{ApiJson, InRoom, needs};
use crate::http::step_up::StepUp;
use crate::state::AppState;
use crate::storage::ConsoleStatus;

/// Refuse the console that waits in a room: it is told so, and the room has none again
#[utoipa::path(
    post, path = "/rooms/{room}/console/refuse", tag = "rooms", security(("login" = [])),
    params(("room" = RoomId, Path)), request_body = ThisConsole,
    extensions(("x-needs" = json!("room:room.modify")), ("x-step-up" = json!("setting"))), responses(
        (status = 204), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem, description = "another console waits there, or none any more"),
    ),
)]
pub(super) async fn refuse(
    State(state): State<AppState>,
    room: InRoom<needs::RoomModify>,
    _: StepUp,
    ApiJson(request): ApiJson<ThisConsole>,
) -> ApiResult<StatusCode> {
    let InRoom { signed_in, room, .. } = room;
    to_end(async move {
        let change = signed_in.change(&state).await?;
        let console = looked_at(&change, &room, request.console).await?;
        require(&console, ConsoleStatus::Pending)?;
        let refused =
            Event::ConsoleRefused { room: room.room.id, console: console.id, fingerprint: fingerprint(&console) };
        let refused = change.event(&refused);
        take_out(&change, &console, refused).await?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::test_server::TestServer;

    #[tokio::test]
    async fn a_refused_console_is_gone_and_an_approved_one_cannot_be_refused() {
        let server = TestServer::start().await;
        let administrator = server.administrator().await;
        let pending = server.enrol_pending("aurora").await;
        let path = "/api/v1/rooms/aurora/console/refuse";
        assert_eq!(administrator.post(path, json!({"console": pending})).await.status, 204);
        let room = administrator.get("/api/v1/rooms/aurora").await.json();
        assert_eq!((&room["state"], &room["console"]), (&"not_enrolled".into(), &Value::Null));
        assert_eq!(server.events("console.refused").await.len(), 1);
        assert_eq!(administrator.post(path, json!({"console": pending})).await.problem_code(409), "conflict");
        let approved = server.enrol("aurora").await;
        assert_eq!(administrator.post(path, json!({"console": approved})).await.problem_code(409), "conflict");
    }
}
