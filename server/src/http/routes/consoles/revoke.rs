use axum::extract::State;
use axum::http::StatusCode;
use protocol::api::{Problem, ThisConsole};
use protocol::ids::RoomId;

use super::{changed, fingerprint, looked_at, take_out, to_end};
use crate::audit::Event;
use crate::http::error::ApiResult;
use crate::http::extract::{ApiJson, InRoom, needs};
use crate::http::step_up::StepUp;
use crate::state::AppState;
use crate::storage::ConsoleStatus;

/// Revoke the console of a room: its sessions end, its link is cut, and its key opens nothing any more
#[utoipa::path(
    post, path = "/rooms/{room}/console/revoke", tag = "rooms", security(("login" = [])),
    params(("room" = RoomId, Path)), request_body = ThisConsole,
    extensions(("x-needs" = json!("room:room.unenroll")), ("x-step-up" = json!("setting"))), responses(
        (status = 204), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem, description = "the room has another console by now, or none, or one that is to be refused instead"),
    ),
)]
pub(super) async fn revoke(
    State(state): State<AppState>,
    room: InRoom<needs::RoomUnenroll>,
    _: StepUp,
    ApiJson(request): ApiJson<ThisConsole>,
) -> ApiResult<StatusCode> {
    let InRoom { signed_in, room, .. } = room;
    to_end(async move {
        let change = signed_in.change(&state).await?;
        let console = looked_at(&change, &room, request.console).await?;
        if console.status() == ConsoleStatus::Pending {
            return Err(changed());
        }
        let revoked =
            Event::ConsoleRevoked { room: room.room.id, console: console.id, fingerprint: fingerprint(&console) };
        let revoked = change.event(&revoked);
        take_out(&change, &console, revoked).await?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::test_server::TestServer;

    #[tokio::test]
    async fn a_revoked_console_is_gone_and_its_sessions_are_looked_at() {
        let server = TestServer::start().await;
        let administrator = server.administrator().await;
        let console = server.enrol("aurora").await;
        let n_rechecks = server.consoles.n_rechecks();
        let path = "/api/v1/rooms/aurora/console/revoke";
        assert_eq!(administrator.post(path, json!({"console": console})).await.status, 204);
        assert_eq!(server.consoles.n_rechecks(), n_rechecks + 1);
        assert_eq!(administrator.get("/api/v1/rooms/aurora").await.json()["console"], Value::Null);
        assert_eq!(server.events("console.revoked").await[0]["console"], json!(console));
        assert_eq!(administrator.post(path, json!({"console": console})).await.problem_code(409), "conflict");
    }

    #[tokio::test]
    async fn whoever_may_only_use_a_console_cannot_revoke_it() {
        let server = TestServer::start().await;
        let console = server.enrol("aurora").await;
        let modifier = server.modifier_of("aurora").await;
        for verb in ["approve", "refuse", "revoke", "release"] {
            let path = format!("/api/v1/rooms/aurora/console/{verb}");
            assert_eq!(modifier.post(&path, json!({"console": console})).await.problem_code(403), "forbidden");
        }
        assert_eq!(modifier.get("/api/v1/rooms/aurora").await.json()["console"]["status"], "approved");
    }
}
