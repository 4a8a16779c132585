use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use protocol::api::{AcceptInvitation, Me, Problem};

use crate::audit::{Actor, Client, Event};
use crate::http::error::{ApiError, ApiResult};
use crate::http::extract::ApiJson;
use crate::http::routes::login::{end_earlier_login, ended, fit_password, signed_in};
use crate::http::routes::to_end;
use crate::invitation;
use crate::logins::{LoginError, Proof, cookie};
use crate::state::AppState;

/// Set a password with an invitation, and sign in
///
/// The link is used up, and every earlier login of the person ends. Links that are unknown, used or too old, or of a
/// disabled account, are answered alike.
#[utoipa::path(
    post, path = "/invitation", tag = "users", request_body = AcceptInvitation,
    extensions(("x-needs" = json!("nobody"))), responses(
        (status = 200, body = Me, description = "Sets the login cookie"),
        (status = 400, body = Problem), (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 429, body = Problem),
    ),
)]
pub(super) async fn accept(
    State(state): State<AppState>,
    client: Client,
    headers: HeaderMap,
    ApiJson(request): ApiJson<AcceptInvitation>,
) -> ApiResult<Response> {
    fit_password("password", &request.password)?;
    state.logins.admit_link(client)?;
    let storage = &state.core.storage;
    let token = invitation::hash(&request.token);
    // Strangers without a link get no password hashed.
    let invited = storage.invited(&token, state.core.clock.now()).await?;
    let (scope, user) = invited.ok_or(ApiError::InvitationSpent)?;
    let hash = state.logins.passwords().hash(request.password).await.map_err(LoginError::from)?;
    let event = state.core.auditor.event(&Actor::from(&user), client, &Event::PasswordChanged { user: user.id });
    to_end(async move {
        let (storage, now) = (&state.core.storage, state.core.clock.now());
        let accepted = storage.accept_invitation(&scope, &token, now, &hash, event).await?;
        ended(&state, &scope, &accepted.ok_or(ApiError::InvitationSpent)?).await;
        end_earlier_login(&state, cookie::login_key(&headers, &state.core.config.public_url), client).await?;
        signed_in(&state, state.logins.open(scope, user, Proof::Password, client).await?).await
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use protocol::reason::EndReason;
    use serde_json::{Value, json};

    use crate::test_server::{PASSWORD, TestServer};

    const NEW: &str = "a password of my own";

    /// The path of an account, and the token of a new link for it.
    async fn invite(server: &TestServer, email: &str) -> (String, String) {
        let administrator = server.administrator().await;
        let list = administrator.get(&format!("/api/v1/users?q={email}")).await.json();
        let path = format!("/api/v1/users/{}", list["users"][0]["id"].as_str().expect("an id"));
        let link = administrator.post(&format!("{path}/invitation"), Value::Null).await.json();
        let url = link["url"].as_str().expect("a link").to_owned();
        (path, url.split_once('#').expect("a fragment").1.to_owned())
    }

    fn accept(token: &str) -> Value {
        json!({"token": token, "password": NEW})
    }

    #[tokio::test]
    async fn a_link_sets_a_password_once_and_ends_earlier_logins() {
        let server = TestServer::start().await;
        let before = server.stranger().await;
        let (_, token) = invite(&server, "stranger@").await;
        assert_eq!(before.get("/api/v1/me").await.status, 200, "until the link is used");
        let browser = server.browser();
        let person = browser.post("/api/v1/invitation/check", json!({"token": token})).await.json();
        let expected = json!({"name": "Sam Stranger", "email": "stranger@example.com", "organisation": "Contoso"});
        assert_eq!(person, expected);
        let me = browser.post("/api/v1/invitation", accept(&token)).await;
        assert_eq!((me.status, &me.json()["user"]["name"]), (200, &json!("Sam Stranger")));
        assert_eq!(browser.get("/api/v1/me").await.status, 200);
        assert_eq!(before.get("/api/v1/me").await.status, 401);
        assert_eq!(server.consoles.ended(), [EndReason::SignedOut]);
        let again = server.browser().post("/api/v1/invitation", accept(&token)).await;
        assert_eq!(again.problem_code(409), "invitation_spent");
        for (password, status) in [(PASSWORD, 401), (NEW, 200)] {
            let login = json!({"email": "stranger@example.com", "password": password});
            assert_eq!(server.browser().post("/api/v1/login", login).await.status, status);
        }
        let event = &server.events("user.password_changed").await[0];
        assert_eq!(event["actor"]["name"], "Sam Stranger");
        assert!(!event.to_string().contains(&token) && !event.to_string().contains(NEW));
    }

    #[tokio::test]
    async fn links_that_are_no_good_are_answered_alike() {
        let server = TestServer::start().await;
        let (_, replaced) = invite(&server, "stranger@").await;
        let (_, used) = invite(&server, "stranger@").await;
        assert_eq!(server.browser().post("/api/v1/invitation", accept(&used)).await.status, 200);
        let (path, disabled) = invite(&server, "viewer-of-aurora@").await;
        let edit = json!({"name": "Vera", "disabled": true, "version": 1});
        assert_eq!(server.administrator().await.put(&path, edit).await.status, 200);
        let unknown = "A".repeat(43);
        let checked = server.browser().post("/api/v1/invitation/check", json!({"token": unknown})).await;
        assert_eq!(checked.problem_code(409), "invitation_spent");
        for token in [&replaced, &used, &disabled, &unknown, ""] {
            let browser = server.browser();
            let check = browser.post("/api/v1/invitation/check", json!({"token": token})).await;
            let accepted = browser.post("/api/v1/invitation", accept(token)).await;
            assert_eq!((check.status, check.text()), (409, checked.text()));
            assert_eq!((accepted.status, accepted.text()), (409, checked.text()));
            assert!(accepted.header("set-cookie").is_none());
        }
    }

    #[tokio::test]
    async fn a_link_is_good_for_a_week_and_not_for_a_short_password() {
        let server = TestServer::start().await;
        let (_, token) = invite(&server, "stranger@").await;
        let short = json!({"token": token, "password": "too short"});
        assert_eq!(server.browser().post("/api/v1/invitation", short).await.problem_code(400), "bad_request");
        server.clock.advance(Duration::from_hours(7 * 24) - Duration::from_millis(1));
        let check = json!({"token": token});
        assert_eq!(server.browser().post("/api/v1/invitation/check", check).await.status, 200);
        server.clock.advance(Duration::from_millis(1));
        let late = server.browser().post("/api/v1/invitation", accept(&token)).await;
        assert_eq!(late.problem_code(409), "invitation_spent");
    }

    #[tokio::test]
    async fn a_browser_that_was_signed_in_changes_over() {
        let server = TestServer::start().await;
        let (_, token) = invite(&server, "stranger@").await;
        let browser = server.administrator().await;
        let earlier = browser.cookies();
        let me = browser.post("/api/v1/invitation", accept(&token)).await.json();
        assert_eq!(me["user"]["name"], "Sam Stranger");
        assert_eq!(server.browser_with(&earlier).get("/api/v1/me").await.status, 401);
    }

    #[tokio::test]
    async fn guessing_links_is_slowed_down() {
        let server = TestServer::start().await;
        let body = json!({"token": "A".repeat(43)}).to_string();
        let headers = [("x-redring-request", "1"), ("content-type", "application/json")];
        let mut statuses = Vec::new();
        for _ in 0..31 {
            let answer = server.raw_from([203, 0, 113, 9], "POST", "/api/v1/invitation/check", &headers, body.clone());
            statuses.push(answer.await.status);
        }
        assert_eq!((statuses[29], statuses[30]), (409, 429));
    }
}
