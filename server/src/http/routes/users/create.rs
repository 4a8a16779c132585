use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use protocol::api::{CreateUser, CreatedUser, Problem};

use crate::admin::users;
use crate::http::error::ApiResult;
use crate::http::extract::{ApiJson, Everywhere, needs};
use crate::http::routes::to_end;
use crate::http::step_up::StepUp;
use crate::state::AppState;

/// Add an account; the answer holds the link with which its owner sets a password
///
/// The link is shown here only; `POST /users/{user}/invitation` makes another.
#[utoipa::path(
    post, path = "/users", tag = "users", security(("login" = [])), request_body = CreateUser,
    extensions(("x-needs" = json!("everywhere:role.modify")), ("x-step-up" = json!("setting"))), responses(
        (status = 201, body = CreatedUser), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 409, body = Problem, description = "the address cannot be used"),
    ),
)]
pub(super) async fn create(
    State(state): State<AppState>,
    permitted: Everywhere<needs::RoleModify>,
    _: StepUp,
    ApiJson(wanted): ApiJson<CreateUser>,
) -> ApiResult<(StatusCode, Json<CreatedUser>)> {
    let created = to_end(async move {
        let change = permitted.signed_in.change(&state).await?;
        Ok(users::create(change, wanted).await?)
    });
    Ok((StatusCode::CREATED, Json(created.await?)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::test_server::TestServer;

    #[tokio::test]
    async fn a_new_account_is_invited_and_the_link_is_nowhere_else() {
        let server = TestServer::start().await;
        let administrator = server.administrator().await;
        let body = json!({"email": " Nora@example.com ", "name": "Nora New"});
        let created = administrator.post("/api/v1/users", body).await;
        assert_eq!(created.status, 201, "{}", created.text());
        let created = created.json();
        assert_eq!(
            (&created["user"]["email"], &created["user"]["state"]),
            (&json!("Nora@example.com"), &json!("invited"))
        );
        let url = created["invitation"]["url"].as_str().expect("a link");
        let token = url.strip_prefix("http://localhost:8080/welcome#").expect("the portal's page");
        assert_eq!(token.len(), 43);
        let week = 7 * 24 * 60 * 60 * 1000;
        assert_eq!(created["invitation"]["expires_at"], server.clock.now() + week);
        let (made, invited) = (server.events("user.created").await, server.events("user.invited").await);
        let last = made.last().expect("an event");
        assert_eq!((&last["name"], &last["actor"]["name"]), (&json!("Nora New"), &json!("Ada Admin")));
        assert_eq!(invited[0]["user"], created["user"]["id"]);
        assert!(!invited[0].to_string().contains(token));
    }

    #[tokio::test]
    async fn an_address_that_is_taken_tells_of_the_own_organisation_only() {
        let server = TestServer::start().await;
        let administrator = server.administrator().await;
        for (email, sentence) in [
            ("STRANGER@example.com", "Sam Stranger has this address already."),
            ("admin@fabrikam.example", "This address cannot be used here."),
        ] {
            let answer = administrator.post("/api/v1/users", json!({"email": email, "name": "X"})).await;
            assert_eq!(answer.problem_code(409), "conflict");
            assert_eq!(answer.json()["detail"], sentence);
        }
    }

    #[tokio::test]
    async fn what_cannot_be_an_account_is_none() {
        let server = TestServer::start().await;
        let administrator = server.administrator().await;
        for body in [
            json!({"email": "nora", "name": "Nora"}),
            json!({"email": "nora@example.com", "name": " "}),
            json!({"email": "nora@example.com", "name": "a\u{202e}b"}),
            json!({"email": "nora@example.com"}),
            json!({"email": "nora@example.com", "name": "Nora", "password": "sesame open sesame"}),
        ] {
            let answer = administrator.post("/api/v1/users", body.clone()).await;
            assert_eq!(answer.problem_code(400), "bad_request", "{body}");
        }
        let viewer = server.viewer_of("aurora").await;
        let body = json!({"email": "nora@example.com", "name": "Nora"});
        assert_eq!(viewer.post("/api/v1/users", body).await.problem_code(403), "forbidden");
    }
}
