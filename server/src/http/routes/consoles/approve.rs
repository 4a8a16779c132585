use axum::extract::State;
use axum::http::StatusCode;
use protocol::api::{ApproveConsole, Problem};
use protocol::ids::RoomId;

use super::{changed, fingerprint, looked_at, require, to_end, trust_changed};
use crate::audit::Event;
use crate::http::error::{ApiError, ApiResult};
use crate::http::extract::{ApiJson, InRoom, needs};
use crate::http::step_up::StepUp;
use crate::state::AppState;
use crate::storage::{Approval, ConsoleStatus};

/// Approve the console that waits in a room, after its fingerprint was compared with what the console shows
#[utoipa::path(
    post, path = "/rooms/{room}/console/approve", tag = "rooms", security(("login" = [])),
    params(("room" = RoomId, Path)), request_body = ApproveConsole,
    extensions(("x-needs" = json!("room:room.modify")), ("x-step-up" = json!("setting"))), responses(
        (status = 204), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, body = Problem, description = "another console or key waits there, or none any more"),
    ),
)]
pub(super) async fn approve(
    State(state): State<AppState>,
    room: InRoom<needs::RoomModify>,
    _: StepUp,
    ApiJson(request): ApiJson<ApproveConsole>,
) -> ApiResult<StatusCode> {
    let InRoom { signed_in, room, .. } = room;
    to_end(async move {
        let change = signed_in.change(&state).await?;
        let console = looked_at(&change, &room, request.console).await?;
        if fingerprint(&console) != request.fingerprint {
            let sentence = "The fingerprint is not the one of this console's key. Do not approve it; compare again.";
            return Err(ApiError::Conflict(sentence.to_owned()));
        }
        require(&console, ConsoleStatus::Pending)?;
        let approved =
            Event::ConsoleApproved { room: room.room.id, console: console.id, fingerprint: request.fingerprint };
        let approved = change.event(&approved);
        let approval = Approval { by: Some(signed_in.user.id), at: state.core.clock.now() };
        if !state.core.storage.approve_console(change.scope, &console, approval, approved).await? {
            return Err(changed());
        }
        trust_changed(&change, &console).await?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

#[cfg(test)]
mod tests {
    use protocol::ids::ConsoleId;
    use serde_json::{Value, json};

    use crate::test_server::TestServer;

    #[tokio::test]
    async fn the_console_that_was_compared_is_approved_and_it_says_by_whom() {
        let server = TestServer::start().await;
        let administrator = server.administrator().await;
        server.enrol_pending("aurora").await;
        let room = administrator.get("/api/v1/rooms/aurora").await.json();
        assert_eq!((&room["state"], &room["console"]["status"]), (&"pending".into(), &"pending".into()));
        assert_eq!(room["console"]["approved_at"], Value::Null);
        let console = &room["console"];
        let body = json!({"console": console["id"], "fingerprint": console["fingerprint"]});
        let answer = administrator.post("/api/v1/rooms/aurora/console/approve", body.clone()).await;
        assert_eq!(answer.status, 204, "{}", answer.text());
        let approved = administrator.get("/api/v1/rooms/aurora").await.json();
        assert_eq!((&approved["state"], &approved["console"]["status"]), (&"disconnected".into(), &"approved".into()));
        assert_eq!(approved["console"]["approved_by"], "Ada Admin");
        assert_eq!(approved["console"]["approved_at"], server.clock.now());
        let events = server.events("console.approved").await;
        assert_eq!((events.len(), &events[0]["fingerprint"]), (1, &console["fingerprint"]));
        assert_eq!(events[0]["actor"]["name"], "Ada Admin");
        let again = administrator.post("/api/v1/rooms/aurora/console/approve", body).await;
        assert_eq!(again.problem_code(409), "conflict");
    }

    #[tokio::test]
    async fn another_key_or_console_than_the_one_that_was_looked_at_is_not_approved() {
        let server = TestServer::start().await;
        let administrator = server.administrator().await;
        server.enrol_pending("aurora").await;
        let console = administrator.get("/api/v1/rooms/aurora").await.json()["console"].clone();
        // Another console used a newer string in between.
        server.enrol_pending("aurora").await;
        let other = administrator.get("/api/v1/rooms/aurora").await.json()["console"].clone();
        for (id, fingerprint) in [
            (&console["id"], &console["fingerprint"]),
            (&other["id"], &console["fingerprint"]),
            (&console["id"], &other["fingerprint"]),
            (&json!(ConsoleId([9; 16])), &other["fingerprint"]),
        ] {
            let body = json!({"console": id, "fingerprint": fingerprint});
            let answer = administrator.post("/api/v1/rooms/aurora/console/approve", body).await;
            assert_eq!(answer.problem_code(409), "conflict");
        }
        assert!(server.events("console.approved").await.is_empty());
        assert_eq!(administrator.get("/api/v1/rooms/aurora").await.json()["console"]["status"], "pending");
    }
}
