use axum::Json;
use axum::extract::State;
use protocol::api::{EditUser, Problem, UserDetail};

use super::OfUser;
use crate::admin::users;
use crate::http::error::ApiResult;
use crate::http::extract::{ApiJson, ApiPath, Everywhere, needs};
use crate::http::routes::to_end;
use crate::http::step_up::StepUp;
use crate::state::AppState;

/// Rename, disable or enable somebody
///
/// Disabling ends the person's logins and live sessions and answers when the ends of sessions are recorded. Nobody can
/// disable themselves or the last Global Administrator. An account that may do more than whoever asks is refused.
#[utoipa::path(
    put, path = "/users/{user}", tag = "users", security(("login" = [])), params(OfUser), request_body = EditUser,
    extensions(("x-needs" = json!("everywhere:role.modify")), ("x-step-up" = json!("setting"))), responses(
        (status = 200, body = UserDetail), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "changed since that version, or must not be disabled"),
    ),
)]
pub(super) async fn put(
    State(state): State<AppState>,
    permitted: Everywhere<needs::RoleModify>,
    _: StepUp,
    ApiPath(OfUser { user: id }): ApiPath<OfUser>,
    ApiJson(wanted): ApiJson<EditUser>,
) -> ApiResult<Json<UserDetail>> {
    let edited = to_end(async move {
        let change = permitted.signed_in.change(&state).await?;
        Ok(users::edit(change, &id, wanted).await?)
    });
    edited.await.map(Json)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::test_server::{Answer, Browser, PASSWORD, TestServer, user};

    /// The path of somebody's account.
    async fn path(browser: &Browser<'_>, email: &str) -> String {
        let list = browser.get(&format!("/api/v1/users?q={email}")).await.json();
        format!("/api/v1/users/{}", list["users"][0]["id"].as_str().expect("an id"))
    }

    async fn save(browser: &Browser<'_>, path: &str, name: &str, disabled: bool) -> Answer {
        let version = browser.get(path).await.json()["version"].clone();
        browser.put(path, json!({"name": name, "disabled": disabled, "version": version})).await
    }

    async fn with_a_manager() -> TestServer {
        let server = TestServer::start().await;
        let manager = user("manager@example.com", "Mia Manager", "\"Rooms Manager\"");
        server.bootstrap(&format!("[[tenant]]\nid=\"contoso\"\nname=\"Contoso\"\n{manager}")).await;
        server
    }

    #[tokio::test]
    async fn a_new_name_is_kept_and_found() {
        let server = TestServer::start().await;
        let administrator = server.administrator().await;
        let sam = path(&administrator, "stranger@").await;
        let saved = save(&administrator, &sam, " Sámi Stranger ", false).await.json();
        assert_eq!((&saved["user"]["name"], &saved["version"]), (&json!("Sámi Stranger"), &json!(2)));
        let found = administrator.get("/api/v1/users?q=S%C3%81MI").await.json();
        assert_eq!(found["n_matching"], 1);
        let event = &server.events("user.renamed").await[0];
        assert_eq!((&event["before"], &event["after"]), (&json!("Sam Stranger"), &json!("Sámi Stranger")));
        assert_eq!(save(&administrator, &sam, "Sámi Stranger", false).await.json(), saved, "nothing changed");
        assert_eq!(server.events("user.renamed").await.len(), 1);
        assert_eq!(server.consoles.n_rechecks(), 0);
    }

    #[tokio::test]
    async fn a_change_of_what_somebody_else_changed_is_refused() {
        let server = TestServer::start().await;
        let administrator = server.administrator().await;
        let sam = path(&administrator, "stranger@").await;
        let edit = |name: &str| json!({"name": name, "disabled": false, "version": 1});
        assert_eq!(administrator.put(&sam, edit("One")).await.status, 200);
        assert_eq!(administrator.put(&sam, edit("Two")).await.problem_code(409), "conflict");
        assert_eq!(administrator.get(&sam).await.json()["user"]["name"], "One");
        assert_eq!(administrator.put(&sam, edit(" ")).await.problem_code(400), "bad_request");
    }

    #[tokio::test]
    async fn who_is_disabled_is_out_and_stays_out() {
        let server = TestServer::start().await;
        let administrator = server.administrator().await;
        let stranger = server.stranger().await;
        let mut stream = stranger.open_events().await;
        let sam = path(&administrator, "stranger@").await;
        let saved = save(&administrator, &sam, "Sam Stranger", true).await.json();
        assert_eq!(saved["user"]["state"], "disabled");
        assert_eq!(stranger.get("/api/v1/me").await.problem_code(401), "not_signed_in");
        assert_eq!(stream.next().await, None);
        let login = json!({"email": "stranger@example.com", "password": PASSWORD});
        let answer = server.browser().post("/api/v1/login", login.clone()).await;
        assert_eq!(answer.problem_code(401), "wrong_credentials");
        assert_eq!(server.consoles.n_rechecks(), 1, "live sessions are looked at");
        assert_eq!(server.events("user.disabled").await.len(), 1);

        assert_eq!(save(&administrator, &sam, "Sam Stranger", false).await.json()["user"]["state"], "active");
        assert_eq!(stranger.get("/api/v1/me").await.status, 401, "the old login does not come back");
        assert_eq!(server.browser().post("/api/v1/login", login).await.status, 200);
        assert_eq!(server.events("user.enabled").await.len(), 1);
    }

    #[tokio::test]
    async fn nobody_disables_themselves_or_the_last_administrator() {
        let server = with_a_manager().await;
        let administrator = server.administrator().await;
        let ada = path(&administrator, "admin@").await;
        let own = save(&administrator, &ada, "Ada Admin", true).await;
        assert_eq!(own.problem_code(409), "conflict");
        assert!(own.text().contains("your own account"), "{}", own.text());

        let second = user("second@example.com", "Sue Second", "\"Global Administrator\"");
        server.bootstrap(&format!("[[tenant]]\nid=\"contoso\"\nname=\"Contoso\"\n{second}")).await;
        let second = path(&administrator, "second@").await;
        assert_eq!(save(&administrator, &second, "Sue Second", true).await.status, 200);
        assert_eq!(server.events("user.disabled").await.len(), 1);
        assert_eq!(save(&administrator, &ada, "Ada A.", false).await.status, 200, "one's own name");
    }

    #[tokio::test]
    async fn a_manager_changes_no_account_that_may_do_more() {
        let server = with_a_manager().await;
        let manager = server.sign_in_as("manager@example.com").await;
        for who in ["admin@", "viewer-of-aurora@", "modifier-of-aurora@"] {
            let path = path(&manager, who).await;
            let name = manager.get(&path).await.json()["user"]["name"].as_str().expect("a name").to_owned();
            let link = manager.post(&format!("{path}/invitation"), Value::Null).await;
            for answer in [save(&manager, &path, &name, true).await, link] {
                assert_eq!(answer.problem_code(403), "forbidden", "{who}");
                assert!(answer.json()["detail"].as_str().expect("a sentence").starts_with(&name), "{}", answer.text());
            }
        }
        let sam = path(&manager, "stranger@").await;
        assert_eq!(manager.post(&format!("{sam}/invitation"), Value::Null).await.status, 200);
        assert_eq!(save(&manager, &sam, "Sam", true).await.status, 200);
        assert_eq!(manager.post(&format!("{sam}/invitation"), Value::Null).await.problem_code(409), "conflict");
    }

    #[tokio::test]
    async fn accounts_of_others_are_not_there() {
        let server = TestServer::start().await;
        let administrator = server.administrator().await;
        let sam = path(&administrator, "stranger@").await;
        let foreign = server.administrator_of("fabrikam").await;
        let edit = json!({"name": "Mine", "disabled": true, "version": 1});
        let absent = foreign.put(&format!("/api/v1/users/{}", "0".repeat(32)), edit.clone()).await;
        let other = foreign.put(&sam, edit.clone()).await;
        assert_eq!((absent.problem_code(404), absent.text()), ("not_found".to_owned(), other.text()));
        let link = foreign.post(&format!("{sam}/invitation"), Value::Null).await;
        assert_eq!(link.text(), absent.text());
        assert_eq!(administrator.get(&sam).await.json()["version"], 1);
        let viewer = server.viewer_of("aurora").await;
        assert_eq!(viewer.put(&sam, edit).await.problem_code(403), "forbidden");
    }
}
