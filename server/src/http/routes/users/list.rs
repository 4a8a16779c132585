use axum::Json;
use axum::extract::State;
use protocol::api::{Problem, UserList, UserState};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::admin::reach::Part;
use crate::admin::users::entry;
use crate::http::cursor::{Cursor, ListQuery};
use crate::http::error::ApiResult;
use crate::http::extract::{ApiQuery, Everywhere, needs};
use crate::state::AppState;
use crate::storage::{TenantScope, UserFilter, UserPosition};

/// What part of the list is wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Words that must all be in the name or the address, in any case
    #[serde(default)]
    q: String,
    /// Only people in this state
    state: Option<UserState>,
    /// `next_cursor` of the page before
    cursor: Option<String>,
    /// At most so many people, up to 500
    limit: Option<usize>,
}

/// People who have an account
#[utoipa::path(
    get, path = "/users", tag = "users", security(("login" = [])), params(Filter),
    extensions(("x-needs" = json!("everywhere:role.view"))), responses(
        (status = 200, body = UserList), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem),
    ),
)]
pub(super) async fn list(
    State(state): State<AppState>,
    permitted: Everywhere<needs::RoleView>,
    ApiQuery(filter): ApiQuery<Filter>,
) -> ApiResult<Json<UserList>> {
    let Filter { q, state: in_state, cursor, limit } = filter;
    let part = ListQuery::new(q, cursor, limit).part()?;
    list_of(&state, &permitted.signed_in.scope, UserFilter { state: in_state, ..UserFilter::default() }, part)
        .await
        .map(Json)
}

/// A part of the list of those who pass the filter.
pub(in crate::http::routes) async fn list_of(
    state: &AppState,
    scope: &TenantScope,
    filter: UserFilter,
    part: Part,
) -> ApiResult<UserList> {
    let after = part.after.map(|(name_key, email_key)| UserPosition { name_key, email_key });
    let filter = UserFilter { words: part.words, after, limit: part.limit as u32, ..filter };
    let page = state.core.storage.list_users(scope, &filter).await?;
    let last = page.users.last().filter(|_| page.has_more).map(UserPosition::from);
    let next = last.map(|last| Cursor { sort_key: last.name_key, id: last.email_key });
    Ok(UserList {
        users: page.users.iter().map(entry).collect(),
        n_matching: page.n_matching,
        n_all: page.n_all,
        next_cursor: next.map(|next| next.encode()),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::test_server::{PASSWORD, TestServer};

    fn names(list: &Value) -> Vec<&str> {
        list["users"].as_array().expect("a list").iter().filter_map(|user| user["name"].as_str()).collect()
    }

    #[tokio::test]
    async fn search_and_state_narrow_the_list() {
        let server = TestServer::start().await;
        let administrator = server.administrator().await;
        let invited = json!({"email": "ulla@example.com", "name": "Ulla Übel"});
        assert_eq!(administrator.post("/api/v1/users", invited).await.status, 201);
        for (query, expected) in [
            ("", &["Ada Admin", "Sam Stranger", "Tina Technician", "Ulla Übel", "Vera Viewer"][..]),
            ("?q=AURORA%20ver", &["Vera Viewer"]),
            ("?q=%C3%9CBEL", &["Ulla Übel"]),
            ("?q=fabrikam", &[]),
            ("?q=100%25", &[]),
            ("?state=invited", &["Ulla Übel"]),
            ("?state=disabled", &[]),
            ("?state=active&q=ada", &["Ada Admin"]),
        ] {
            let list = administrator.get(&format!("/api/v1/users{query}")).await.json();
            assert_eq!(names(&list), expected, "{query}");
            assert_eq!((&list["n_matching"], &list["n_all"]), (&expected.len().into(), &5.into()), "{query}");
        }
        for query in ["?state=broken", "?cursor=%21", "?limit=x", "?colour=red", &format!("?q={}", "x".repeat(201))] {
            let answer = administrator.get(&format!("/api/v1/users{query}")).await;
            assert_eq!(answer.problem_code(400), "bad_request", "{query}");
        }
    }

    #[tokio::test]
    async fn pages_follow_one_another_without_gaps_or_repeats() {
        let server = TestServer::start().await;
        let administrator = server.administrator().await;
        let mut seen = Vec::new();
        let mut path = "/api/v1/users?limit=2&q=example.com".to_owned();
        loop {
            let page = administrator.get(&path).await.json();
            seen.extend(names(&page).into_iter().map(str::to_owned));
            assert_eq!(page["n_matching"], 4);
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            path = format!("/api/v1/users?limit=2&q=example.com&cursor={cursor}");
        }
        assert_eq!(seen, ["Ada Admin", "Sam Stranger", "Tina Technician", "Vera Viewer"]);
    }

    #[tokio::test]
    async fn the_list_says_when_somebody_last_signed_in_and_nothing_of_passwords() {
        let server = TestServer::start().await;
        let login = json!({"email": "stranger@example.com", "password": PASSWORD});
        assert_eq!(server.browser().post("/api/v1/login", login).await.status, 200);
        let answer = server.administrator().await.get("/api/v1/users?q=sam").await;
        assert_eq!(answer.json()["users"][0]["last_login_at"], server.clock.now());
        assert!(!answer.text().contains("argon2"));
        let never = server.administrator_of("fabrikam").await.get("/api/v1/users?state=disabled").await.json();
        assert_eq!((&never["n_matching"], &never["n_all"]), (&0.into(), &1.into()));
    }

    #[tokio::test]
    async fn who_may_not_see_roles_sees_nobody() {
        let server = TestServer::start().await;
        let viewer = server.viewer_of("aurora").await;
        assert_eq!(viewer.get("/api/v1/users").await.problem_code(403), "forbidden");
        assert_eq!(server.get("/api/v1/users").await.problem_code(401), "not_signed_in");
    }
}
