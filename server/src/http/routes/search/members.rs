use axum::Json;
use axum::extract::State;
use protocol::api::{MemberMatches, Problem};

use super::Search;
use crate::admin::shown;
use crate::http::cursor;
use crate::http::error::ApiResult;
use crate::http::extract::{ApiQuery, Everywhere, needs};
use crate::state::AppState;

/// How many of each kind are offered.
const BEST: u32 = 20;

/// People and groups that can be members of an assignment or a group
#[utoipa::path(
    get, path = "/search/members", tag = "users", security(("login" = [])), params(Search),
    extensions(("x-needs" = json!("everywhere:role.view"))),
    responses(
        (status = 200, body = MemberMatches), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem),
    ),
)]
pub(super) async fn members(
    State(state): State<AppState>,
    everywhere: Everywhere<needs::RoleView>,
    ApiQuery(search): ApiQuery<Search>,
) -> ApiResult<Json<MemberMatches>> {
    let words = cursor::words(&search.q)?;
    let (storage, scope) = (&state.core.storage, &everywhere.signed_in.scope);
    let users = storage.best_users(scope, &words, BEST).await?;
    let groups = storage.best_groups(scope, &words, BEST).await?;
    Ok(Json(MemberMatches {
        users: users.iter().map(shown::user_summary).collect(),
        groups: groups.into_iter().map(shown::group_entry).collect(),
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::test_server::{TestServer, user};

    fn names<'a>(found: &'a Value, kind: &str) -> Vec<&'a str> {
        found[kind].as_array().expect("a list").iter().filter_map(|one| one["name"].as_str()).collect()
    }

    #[tokio::test]
    async fn who_starts_with_the_words_comes_first() {
        let server = TestServer::start().await;
        server
            .bootstrap(&format!(
                "[[tenant]]\nid=\"contoso\"\nname=\"Contoso\"\n{}{}[[tenant.group]]\nname=\"All of Vera's\"\n\
                 [[tenant.group]]\nname=\"Vera and friends\"",
                user("abel@example.com", "Abel Vera", ""),
                user("vera.zoe@example.com", "Zoe", ""),
            ))
            .await;
        let administrator = server.administrator().await;
        let search = async |q: &str| administrator.get(&format!("/api/v1/search/members?q={q}")).await.json();
        let found = search("VERA").await;
        assert_eq!(names(&found, "users"), ["Vera Viewer", "Zoe", "Abel Vera"]);
        assert_eq!(names(&found, "groups"), ["Vera and friends", "All of Vera's"]);
        assert_eq!(names(&search("vera%20abel").await, "users"), ["Abel Vera"]);
        assert_eq!(search("nothing-like-it").await, json!({"users": [], "groups": []}));
        assert_eq!(names(&search("").await, "users").len(), 6);

        let list = administrator.get("/api/v1/users?q=abel").await.json();
        let path = format!("/api/v1/users/{}", list["users"][0]["id"].as_str().expect("an id"));
        let edit = json!({"name": "Abel Vera", "disabled": true, "version": 1});
        assert_eq!(administrator.put(&path, edit).await.status, 200);
        assert_eq!(names(&search("abel").await, "users"), [""; 0]);
        let other = server.administrator_of("fabrikam").await;
        let found = other.get("/api/v1/search/members?q=").await.json();
        assert_eq!((names(&found, "users"), names(&found, "groups")), (vec!["Fay Fabric"], vec![]));
    }
}
