use axum::Json;
use axum::extract::State;
use protocol::api::{ConsoleDetail, Problem, RoomDetail};
use protocol::ids::RoomId;
use protocol::secure::Fingerprint;

use super::Viewpoint;
use crate::http::error::ApiResult;
use crate::http::extract::{InRoom, needs};
use crate::state::AppState;
use crate::storage::{Console, StorageError, TenantScope};

/// One room with its console and live sessions
#[utoipa::path(
    get, path = "/rooms/{room}", tag = "rooms", security(("login" = [])), params(("room" = RoomId, Path)),
    extensions(("x-needs" = json!("room:room.view"))), responses((status = 200, body = RoomDetail), (status = 401, body = Problem), (status = 404, body = Problem)),
)]
pub(super) async fn get(State(state): State<AppState>, room: InRoom<needs::RoomView>) -> ApiResult<Json<RoomDetail>> {
    let InRoom { signed_in, room, permissions, .. } = room;
    let viewpoint = Viewpoint::of(&state, &signed_in.scope, &signed_in.effective).await?;
    let console = match state.core.storage.console_of_room(&signed_in.scope, &room.room.id).await? {
        Some(console) => Some(detail(&state, &signed_in.scope, console).await?),
        None => None,
    };
    Ok(Json(RoomDetail {
        summary: viewpoint.summary(&room),
        console,
        sessions: state.consoles.sessions(&signed_in.scope, &room.room.id),
        permissions: permissions.iter().collect(),
    }))
}

async fn detail(state: &AppState, scope: &TenantScope, console: Console) -> Result<ConsoleDetail, StorageError> {
    let approved_by = match console.approval.and_then(|approval| approval.by) {
        Some(user) => state.core.storage.user(scope, &user).await?.map(|user| user.name),
        None => None,
    };
    let status = console.status();
    let info = console.info;
    Ok(ConsoleDetail {
        id: console.id,
        fingerprint: Fingerprint::of(&console.key).to_string(),
        status,
        approved_at: console.approval.map(|approval| approval.at),
        approved_by,
        quarantined_at: console.quarantined_at,
        platform: info.platform,
        agent_version: info.agent_version,
        host_name: info.host_name,
        operating_system: info.operating_system,
        displays: info.displays,
        highest_access: info.highest_access,
        can_restart: info.can_restart,
        enrolled_at: console.enrolled_at,
        signals: console.signals,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::test_server::TestServer;

    #[tokio::test]
    async fn a_room_shows_its_console() {
        let server = TestServer::start().await;
        let viewer = server.viewer_of("aurora").await;
        let empty = viewer.get("/api/v1/rooms/aurora").await.json();
        assert_eq!((&empty["state"], &empty["console"]), (&"not_enrolled".into(), &Value::Null));
        server.enrol("aurora").await;
        server.consoles.appear("aurora");
        let room = viewer.get("/api/v1/rooms/aurora").await.json();
        assert_eq!((&room["state"], &room["call"]["state"]), (&"healthy".into(), &"idle".into()));
        assert_eq!(room["console"]["status"], "approved");
        assert_eq!(room["permissions"], serde_json::json!(["room.view", "remote_access.view"]));
        assert_eq!(room["console"]["fingerprint"].as_str().expect("text").len(), 39);
    }

    #[tokio::test]
    async fn a_room_that_may_not_be_seen_looks_like_none() {
        let server = TestServer::start().await;
        let stranger = server.stranger().await;
        let hidden = stranger.get("/api/v1/rooms/aurora").await;
        assert_eq!(hidden.problem_code(404), "not_found");
        for path in ["/api/v1/rooms/nowhere", "/api/v1/rooms/Not%20a%20slug", "/api/v1/rooms/%FF"] {
            let absent = stranger.get(path).await;
            assert_eq!((absent.status, absent.text()), (404, hidden.text()), "{path}");
        }
    }
}
