use axum::Json;
use axum::extract::State;
use protocol::api::{GateChecklist, Problem};

use crate::access::checklist;
use crate::http::error::{ApiError, ApiResult};
use crate::http::extract::{InRoom, needs};
use crate::state::AppState;

/// Whether a session may start
///
/// The conditions in the order in which they are checked, for the person who asks. Looking starts nothing.
#[utoipa::path(
    get,
    path = "/rooms/{room}/remote-access",
    tag = "sessions",
    params(("room" = String, Path)),
    security(("login" = [])),
    extensions(("x-needs" = json!("room:room.view"))), responses(
        (status = 200, body = GateChecklist), (status = 401, body = Problem), (status = 404, body = Problem),
    ),
)]
pub(super) async fn get(
    State(state): State<AppState>,
    in_room: InRoom<needs::RoomView>,
) -> ApiResult<Json<GateChecklist>> {
    let room = in_room.room.room.id;
    let gate = state.sessions.gate(&in_room.signed_in.into(), &room).await?.ok_or(ApiError::NotFound)?;
    Ok(Json(GateChecklist { decline_within_s: gate.decline_within_s(), ..checklist(&gate.context) }))
}
