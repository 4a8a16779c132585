use axum::Json;
use axum::extract::State;
use protocol::api::{Problem, RoomReach};
use protocol::ids::RoomId;

use crate::admin::reach;
use crate::http::cursor::{Cursor, ListQuery};
use crate::http::error::ApiResult;
use crate::http::extract::{ApiQuery, InRoom, needs};
use crate::state::AppState;

/// Who can reach this room's console
#[utoipa::path(
    get, path = "/rooms/{room}/reach", tag = "rooms", security(("login" = [])),
    params(("room" = RoomId, Path), ListQuery),
    extensions(("x-needs" = json!("room:report.view"))),
    responses(
        (status = 200, body = RoomReach), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
    ),
)]
pub(super) async fn room(
    State(state): State<AppState>,
    in_room: InRoom<needs::ReportView>,
    ApiQuery(query): ApiQuery<ListQuery>,
) -> ApiResult<Json<RoomReach>> {
    let found = reach::of_room(&state, &in_room.signed_in.scope, &in_room.room, &query.part()?).await?;
    let next_cursor = found.last.map(|last| Cursor::from(last).encode());
    Ok(Json(RoomReach { next_cursor, ..found.part }))
}
