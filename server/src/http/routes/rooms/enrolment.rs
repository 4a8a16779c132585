use axum::Json;
use axum::extract::State;
use protocol::api::{EnrolmentOffer, Problem};
use protocol::ids::RoomId;

use crate::enrolment_offer::{self, PORTAL_LIFETIME, Terms};
use crate::http::error::ApiResult;
use crate::http::extract::{InRoom, needs};
use crate::http::step_up::StepUp;
use crate::state::AppState;

/// Make a new enrolment string for a room; the last one stops working
///
/// The console that uses it takes the place of the room's present one.
#[utoipa::path(
    post, path = "/rooms/{room}/enrolment", tag = "rooms", security(("login" = [])), params(("room" = RoomId, Path)),
    extensions(("x-needs" = json!("room:room.modify")), ("x-step-up" = json!("setting"))), responses(
        (status = 200, body = EnrolmentOffer), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem),
    ),
)]
pub(super) async fn offer(
    State(state): State<AppState>,
    room: InRoom<needs::RoomModify>,
    _: StepUp,
) -> ApiResult<Json<EnrolmentOffer>> {
    let InRoom { signed_in, room, .. } = room;
    let terms = Terms { pre_approved: false, lifetime: PORTAL_LIFETIME };
    let (scope, actor) = (&signed_in.scope, signed_in.actor());
    let secret = enrolment_offer::offer(&state.core, scope, &room.room.id, terms, &actor, signed_in.client).await?;
    Ok(Json(enrolment_offer::shown(&state.core, scope, &secret)))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::test_server::TestServer;

    #[tokio::test]
    async fn each_string_replaces_the_last() {
        let server = TestServer::start().await;
        let administrator = server.administrator().await;
        let first = administrator.post("/api/v1/rooms/aurora/enrolment", Value::Null).await.json();
        let second = administrator.post("/api/v1/rooms/aurora/enrolment", Value::Null).await.json();
        assert_ne!(first["enrolment"], second["enrolment"]);
        assert_eq!(second["expires_at"], server.clock.now() + 15 * 60 * 1000);
    }

    #[tokio::test]
    async fn who_may_only_look_makes_none() {
        let server = TestServer::start().await;
        let viewer = server.viewer_of("aurora").await;
        let answer = viewer.post("/api/v1/rooms/aurora/enrolment", Value::Null).await;
        assert_eq!(answer.problem_code(403), "forbidden");
        let unseen = viewer.post("/api/v1/rooms/borealis/enrolment", Value::Null).await;
        assert_eq!(unseen.problem_code(404), "not_found");
    }
}
