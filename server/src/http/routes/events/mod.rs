//! `GET /events`: live updates.

mod stream;

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::Stream;
use protocol::api::{LiveEvent, Problem};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::extract::SignedIn;
use crate::state::AppState;
use stream::LiveStream;

/// Proxies cut connections on which nothing moves.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(events))
}

/// Changes of the rooms that the signed-in user may see, the ends of the user's sessions, and changes of settings
///
/// Server-sent events; `data` holds one JSON object. The stream ends with the login.
#[utoipa::path(
    get, path = "/events", tag = "events", security(("login" = [])),
    extensions(("x-needs" = json!("login"))), responses((status = 200, body = LiveEvent, content_type = "text/event-stream"), (status = 401, body = Problem)),
)]
async fn events(
    State(state): State<AppState>,
    signed_in: SignedIn,
) -> Sse<impl Stream<Item = Result<Event, Infallible>> + Send> {
    Sse::new(LiveStream::new(state, signed_in).into_events()).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use protocol::ids::RoomId;
    use serde_json::Value;

    use crate::test_server::TestServer;

    fn room(text: &str) -> RoomId {
        RoomId::new(text).expect("a slug")
    }

    #[tokio::test]
    async fn people_hear_of_the_rooms_that_they_may_see() {
        let server = TestServer::start().await;
        let mut stream = server.viewer_of("aurora").await.open_events().await;
        server.enrol("aurora").await;
        server.consoles.appear("aurora");
        server.core.live.room_changed(&server.scope("contoso").await, &room("borealis"));
        server.core.live.room_changed(&server.scope("contoso").await, &room("aurora"));
        let event = stream.next().await.expect("an event");
        assert_eq!((&event["kind"], &event["room"]["id"]), (&"room".into(), &"aurora".into()));
        assert_eq!((&event["room"]["state"], &event["counters"]["healthy"]), (&"healthy".into(), &1.into()));
        assert!(!event.to_string().contains("borealis"));
    }

    #[tokio::test]
    async fn another_tenants_changes_are_not_heard() {
        let server = TestServer::start().await;
        let mut stream = server.administrator_of("fabrikam").await.open_events().await;
        server.core.live.room_changed(&server.scope("contoso").await, &room("aurora"));
        server.core.live.room_changed(&server.scope("fabrikam").await, &room("fabric"));
        assert_eq!(stream.next().await.expect("an event")["room"]["id"], "fabric");
    }

    #[tokio::test]
    async fn everybody_of_the_tenant_hears_once_that_settings_changed() {
        let server = TestServer::start().await;
        let mut stream = server.viewer_of("aurora").await.open_events().await;
        let mut foreign = server.administrator_of("fabrikam").await.open_events().await;
        for _ in 0..3 {
            server.core.live.settings_changed(&server.scope("contoso").await);
        }
        assert_eq!(stream.next().await.expect("an event"), serde_json::json!({"kind": "settings_changed"}));
        server.core.live.stopping();
        assert_eq!((stream.next().await, foreign.next().await), (None, None));
    }

    #[tokio::test]
    async fn a_reader_that_fell_behind_is_told_to_load_again() {
        let server = TestServer::start().await;
        let mut stream = server.administrator().await.open_events().await;
        let scope = server.scope("contoso").await;
        for _ in 0..5000 {
            server.core.live.room_changed(&scope, &room("aurora"));
        }
        assert_eq!(stream.next().await.expect("an event")["kind"], "reload");
    }

    #[tokio::test]
    async fn signing_out_ends_the_stream() {
        let server = TestServer::start().await;
        let browser = server.administrator().await;
        let mut stream = browser.open_events().await;
        assert_eq!(browser.post("/api/v1/logout", Value::Null).await.status, 204);
        let end = tokio::time::timeout(Duration::from_secs(2), stream.next()).await;
        assert_eq!(end.expect("in time"), None);
    }
}
