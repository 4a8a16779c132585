use axum::Json;
use axum::extract::State;
use protocol::api::{Problem, UserReach};
use protocol::ids::UserId;

use crate::admin::reach;
use crate::http::cursor::{Cursor, ListQuery};
use crate::http::error::ApiResult;
use crate::http::extract::{ApiPath, ApiQuery, Everywhere, needs};
use crate::state::AppState;

/// Which rooms' consoles this person can reach
#[utoipa::path(
    get, path = "/users/{user}/reach", tag = "users", security(("login" = [])),
    params(("user" = UserId, Path), ListQuery),
    extensions(("x-needs" = json!("everywhere:role.view"))),
    responses(
        (status = 200, body = UserReach), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
    ),
)]
pub(super) async fn user(
    State(state): State<AppState>,
    everywhere: Everywhere<needs::RoleView>,
    ApiPath(user): ApiPath<UserId>,
    ApiQuery(query): ApiQuery<ListQuery>,
) -> ApiResult<Json<UserReach>> {
    let found = reach::of_user(&state, &everywhere.signed_in.scope, &user, &query.part()?).await?;
    let next_cursor = found.last.map(|last| Cursor::from(last).encode());
    Ok(Json(UserReach { next_cursor, ..found.part }))
}
