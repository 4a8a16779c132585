use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use protocol::api::{CreateRoom, CreatedRoom, Problem};
use protocol::ids::RoomId;

use super::Viewpoint;
use crate::audit::Event;
use crate::enrolment_offer::{self, PORTAL_LIFETIME, Terms};
use crate::http::error::{ApiError, ApiResult};
use crate::http::extract::{ApiJson, Permitted, SignedIn, needs};
use crate::http::step_up::StepUp;
use crate::naming;
use crate::state::AppState;
use crate::storage::{NewRoom, StorageError};

/// How many numbers behind a taken id are tried.
const NUMBERS_MAX: u32 = 50;

/// Add a room; the answer holds the string that enrols its console
#[utoipa::path(
    post, path = "/rooms", tag = "rooms", security(("login" = [])), request_body = CreateRoom,
    extensions(("x-needs" = json!("somewhere:room.modify")), ("x-step-up" = json!("setting"))), responses(
        (status = 201, body = CreatedRoom), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 409, body = Problem),
    ),
)]
pub(super) async fn create(
    State(state): State<AppState>,
    permitted: Permitted<needs::RoomModify>,
    _: StepUp,
    ApiJson(request): ApiJson<CreateRoom>,
) -> ApiResult<(StatusCode, Json<CreatedRoom>)> {
    let name = naming::name(&request.name);
    let name = name.ok_or_else(|| ApiError::bad_request("name: it is empty, too long or cannot be used."))?;
    let place = naming::place(&request.place);
    let place = place.ok_or_else(|| ApiError::bad_request("place: it is too long or cannot be used."))?;
    permitted.at_place(&place)?;
    let signed_in = permitted.signed_in;
    let room = insert(&state, &signed_in, request.id, name, place).await?;
    state.core.live.room_changed(&signed_in.scope, &room);
    let terms = Terms { pre_approved: false, lifetime: PORTAL_LIFETIME };
    let (scope, actor) = (&signed_in.scope, signed_in.actor());
    let secret = enrolment_offer::offer(&state.core, scope, &room, terms, &actor, signed_in.client).await?;
    let facts = state.core.storage.room(scope, &room).await?.ok_or(ApiError::NotFound)?;
    let viewpoint = Viewpoint::of(&state, scope, &signed_in.effective).await?;
    let enrolment = enrolment_offer::shown(&state.core, scope, &secret);
    Ok((StatusCode::CREATED, Json(CreatedRoom { room: viewpoint.summary(&facts), enrolment })))
}

/// Stores the room under the id that was asked for, else under the first free one made from its name.
async fn insert(
    state: &AppState,
    signed_in: &SignedIn,
    wanted: Option<RoomId>,
    name: String,
    place: String,
) -> ApiResult<RoomId> {
    let slug = naming::slug(&name, "room");
    for number in 1..=NUMBERS_MAX {
        let made = || RoomId::new(naming::numbered(&slug, number));
        let id = wanted.clone().map_or_else(made, Ok);
        let id = id.map_err(|_| ApiError::bad_request("name: no id can be made from it."))?;
        let event = Event::RoomCreated { room: id.clone(), name: name.clone(), place: place.clone() };
        let event = state.core.auditor.event(&signed_in.actor(), signed_in.client, &event);
        let room = NewRoom {
            id: id.clone(),
            name: name.clone(),
            place: place.clone(),
            groups: Vec::new(),
            created_at: state.core.clock.now(),
        };
        match state.core.storage.create_room(&signed_in.scope, &room, event).await {
            Ok(()) => return Ok(id),
            Err(StorageError::Conflict(_)) if wanted.is_none() => {}
            Err(StorageError::Conflict(_)) => break,
            Err(error) => return Err(error.into()),
        }
    }
    Err(ApiError::Conflict("There is a room with this id already.".to_owned()))
}

#[cfg(test)]
mod tests {
    use protocol::secure::EnrolmentString;
    use serde_json::json;

    use crate::test_server::TestServer;

    #[tokio::test]
    async fn a_new_room_comes_with_its_enrolment_string() {
        let server = TestServer::start().await;
        let administrator = server.administrator().await;
        let answer =
            administrator.post("/api/v1/rooms", json!({"name": "Großer Saal", "place": " Germany / Bonn "})).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        let created = answer.json();
        assert_eq!(
            (&created["room"]["id"], &created["room"]["place"]),
            (&"grosser-saal".into(), &"Germany/Bonn".into())
        );
        let text = created["enrolment"]["enrolment"].as_str().expect("text");
        let string: EnrolmentString = text.parse().expect("an enrolment string");
        assert_eq!((string.tenant.as_str(), string.room.as_str()), ("contoso", "grosser-saal"));
        assert_eq!(string.server_key, server.core.keys.control_public());
        let command = created["enrolment"]["command"].as_str().expect("text");
        assert_eq!(command, format!("redring-agent run --enrolment {text}"));
        assert!(!server.events("console.enrolment_offered").await[0].to_string().contains(text));
    }

    #[tokio::test]
    async fn a_taken_name_gets_a_number_and_a_taken_id_is_a_conflict() {
        let server = TestServer::start().await;
        let administrator = server.administrator().await;
        let again = administrator.post("/api/v1/rooms", json!({"name": "Aurora"})).await;
        assert_eq!((again.status, &again.json()["room"]["id"]), (201, &"aurora-2".into()));
        let taken = administrator.post("/api/v1/rooms", json!({"name": "X", "id": "aurora"})).await;
        assert_eq!(taken.problem_code(409), "conflict");
        let same = administrator.post("/api/v1/rooms", json!({"name": "Aurora", "id": "aurora"})).await;
        assert_eq!(same.problem_code(409), "conflict");
    }

    #[tokio::test]
    async fn who_may_not_add_rooms_adds_none() {
        let server = TestServer::start().await;
        let viewer = server.viewer_of("aurora").await;
        assert_eq!(viewer.post("/api/v1/rooms", json!({"name": "X"})).await.problem_code(403), "forbidden");
        let administrator = server.administrator().await;
        for body in [
            json!({"name": " "}),
            json!({}),
            json!({"name": "x", "tenant": "fabrikam"}),
            json!({"name": "x", "id": "A b"}),
        ] {
            let answer = administrator.post("/api/v1/rooms", body.clone()).await;
            assert_eq!(answer.problem_code(400), "bad_request", "{body}");
        }
        let large = administrator.post("/api/v1/rooms", json!({"name": "x".repeat(70_000)})).await;
        assert_eq!(large.problem_code(413), "too_large");
    }
}
