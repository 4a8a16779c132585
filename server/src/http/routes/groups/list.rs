use axum::Json;
use axum::extract::State;
use protocol::api::{GroupList, Problem};

use crate::admin::shown;
use crate::http::cursor::{Cursor, ListQuery};
use crate::http::error::ApiResult;
use crate::http::extract::{ApiQuery, Everywhere, needs};
use crate::state::AppState;
use crate::storage::GroupFilter;

/// Groups of users
#[utoipa::path(
    get, path = "/groups", tag = "users", security(("login" = [])), params(ListQuery),
    extensions(("x-needs" = json!("everywhere:role.view"))), responses(
        (status = 200, body = GroupList), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem),
    ),
)]
pub(super) async fn list(
    State(state): State<AppState>,
    permitted: Everywhere<needs::RoleView>,
    ApiQuery(query): ApiQuery<ListQuery>,
) -> ApiResult<Json<GroupList>> {
    let part = query.part()?;
    let after = part.after.map(|(name_key, _)| name_key);
    let filter = GroupFilter { words: part.words, after, limit: part.limit as u32 };
    let page = state.core.storage.groups(&permitted.signed_in.scope, &filter).await?;
    let last = page.groups.last().filter(|_| page.has_more);
    // Names are unique: the id adds nothing.
    let next = last.map(|last| Cursor { sort_key: last.name.to_lowercase(), id: String::new() });
    Ok(Json(GroupList {
        groups: page.groups.into_iter().map(shown::group_entry).collect(),
        n_matching: page.n_matching,
        n_all: page.n_all,
        next_cursor: next.map(|next| next.encode()),
    }))
}
