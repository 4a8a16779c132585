use axum::Json;
use axum::extract::State;
use protocol::api::{Problem, UserList};

use super::OfGroup;
use crate::http::cursor::ListQuery;
use crate::http::error::{ApiError, ApiResult};
use crate::http::extract::{ApiPath, ApiQuery, Everywhere, needs};
use crate::http::routes::users::list_of;
use crate::state::AppState;
use crate::storage::UserFilter;

/// Who is in a group
#[utoipa::path(
    get, path = "/groups/{group}/members", tag = "users", security(("login" = [])), params(OfGroup, ListQuery),
    extensions(("x-needs" = json!("everywhere:role.view"))), responses(
        (status = 200, body = UserList), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
    ),
)]
pub(super) async fn members(
    State(state): State<AppState>,
    permitted: Everywhere<needs::RoleView>,
    ApiPath(OfGroup { group }): ApiPath<OfGroup>,
    ApiQuery(query): ApiQuery<ListQuery>,
) -> ApiResult<Json<UserList>> {
    let scope = &permitted.signed_in.scope;
    let part = query.part()?;
    state.core.storage.group(scope, &group).await?.ok_or(ApiError::NotFound)?;
    let filter = UserFilter { group: Some(group), ..UserFilter::default() };
    list_of(&state, scope, filter, part).await.map(Json)
}
