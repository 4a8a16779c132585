use axum::Json;
use axum::extract::State;
use protocol::api::{Problem, UserDetail};

use super::OfUser;
use crate::admin::users;
use crate::http::error::ApiResult;
use crate::http::extract::{ApiPath, Everywhere, needs};
use crate::state::AppState;

/// One account with its groups and assignments
#[utoipa::path(
    get, path = "/users/{user}", tag = "users", security(("login" = [])), params(OfUser),
    extensions(("x-needs" = json!("everywhere:role.view"))), responses(
        (status = 200, body = UserDetail), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem),
    ),
)]
pub(super) async fn get(
    State(state): State<AppState>,
    permitted: Everywhere<needs::RoleView>,
    ApiPath(OfUser { user }): ApiPath<OfUser>,
) -> ApiResult<Json<UserDetail>> {
    Ok(Json(users::show(&state, &permitted.signed_in.scope, &user).await?))
}

#[cfg(test)]
mod tests {
    use crate::test_server::TestServer;

    #[tokio::test]
    async fn an_account_shows_its_assignments() {
        let server = TestServer::start().await;
        let administrator = server.administrator().await;
        let list = administrator.get("/api/v1/users?q=vera").await.json();
        let path = format!("/api/v1/users/{}", list["users"][0]["id"].as_str().expect("an id"));
        let vera = administrator.get(&path).await.json();
        assert_eq!(vera["user"], list["users"][0]);
        assert_eq!(vera["assignments"][0]["role"]["name"], "Viewers");
        assert_eq!((&vera["groups"], &vera["version"]), (&serde_json::json!([]), &1.into()));

        let foreign = server.administrator_of("fabrikam").await;
        let absent = foreign.get(&format!("/api/v1/users/{}", "0".repeat(32))).await;
        assert_eq!(absent.problem_code(404), "not_found");
        for path in [path.as_str(), "/api/v1/users/nobody"] {
            assert_eq!(foreign.get(path).await.text(), absent.text(), "{path}");
        }
    }
}
