use axum::extract::State;
use axum::http::StatusCode;
use protocol::api::{ChangePassword, Problem};

use crate::audit::Event;
use crate::http::error::{ApiError, ApiResult};
use crate::http::extract::{ApiJson, SignedIn};
use crate::http::routes::login::{ended, fit_password};
use crate::http::routes::to_end;
use crate::logins::{LoginError, password};
use crate::state::AppState;

/// Change one's own password
///
/// Needs the present one. Every other login of the person ends, and the sessions that were started from them.
#[utoipa::path(
    put, path = "/me/password", tag = "login", security(("login" = [])), request_body = ChangePassword,
    extensions(("x-needs" = json!("login"))), responses(
        (status = 204), (status = 400, body = Problem), (status = 403, body = Problem),
        (status = 401, body = Problem, description = "nobody is signed in, or the present password is wrong"),
        (status = 429, body = Problem),
    ),
)]
pub(super) async fn put(
    State(state): State<AppState>,
    signed_in: SignedIn,
    ApiJson(request): ApiJson<ChangePassword>,
) -> ApiResult<StatusCode> {
    fit_password("new", &request.new)?;
    if password::MAX_BYTES < request.present.len() {
        return Err(ApiError::WrongCredentials);
    }
    let SignedIn { scope, user, login, client, .. } = signed_in.clone();
    state.logins.prove(&scope, &user, request.present, client).await?;
    let hash = state.logins.passwords().hash(request.new).await.map_err(LoginError::from)?;
    let event = Event::PasswordChanged { user: user.id };
    let event = state.core.auditor.event(&signed_in.actor(), client, &event);
    to_end(async move {
        let others = state.core.storage.set_password_hash(&scope, &user.id, &hash, &login, event).await?;
        ended(&state, &scope, &others).await;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

#[cfg(test)]
mod tests {
    use protocol::reason::EndReason;
    use serde_json::json;

    use crate::test_server::{PASSWORD, TestServer};

    const PATH: &str = "/api/v1/me/password";
    const NEW: &str = "a password of my own";

    #[tokio::test]
    async fn a_new_password_ends_the_other_logins() {
        let server = TestServer::start().await;
        let (here, elsewhere) = (server.stranger().await, server.stranger().await);
        let mut stream = elsewhere.open_events().await;
        let answer = here.put(PATH, json!({"present": PASSWORD, "new": NEW})).await;
        assert_eq!(answer.status, 204, "{}", answer.text());
        assert_eq!(here.get("/api/v1/me").await.status, 200);
        assert_eq!(elsewhere.get("/api/v1/me").await.status, 401);
        assert_eq!(stream.next().await, None);
        assert_eq!(server.consoles.ended(), [EndReason::SignedOut]);
        for (password, status) in [(PASSWORD, 401), (NEW, 200)] {
            let login = json!({"email": "stranger@example.com", "password": password});
            assert_eq!(server.browser().post("/api/v1/login", login).await.status, status);
        }
        assert_eq!(server.events("user.password_changed").await.len(), 1);
    }

    #[tokio::test]
    async fn the_present_password_is_not_guessed() {
        let server = TestServer::start().await;
        let browser = server.browser();
        let login = json!({"email": "stranger@example.com", "password": PASSWORD});
        assert_eq!(browser.post("/api/v1/login", login).await.status, 200);
        let short = browser.put(PATH, json!({"present": PASSWORD, "new": "short"})).await;
        assert_eq!(short.problem_code(400), "bad_request");
        for _ in 0..5 {
            let guess = browser.put(PATH, json!({"present": "guess", "new": NEW})).await;
            assert_eq!(guess.problem_code(401), "wrong_credentials");
        }
        let held_up = browser.put(PATH, json!({"present": PASSWORD, "new": NEW})).await;
        assert_eq!(held_up.problem_code(429), "rate_limited", "also in a browser that signed in before");
        assert_eq!(server.events("login.failed").await.len(), 5);
        assert!(server.events("user.password_changed").await.is_empty());
        let nobody = server.browser().put(PATH, json!({"present": PASSWORD, "new": NEW})).await;
        assert_eq!(nobody.problem_code(401), "not_signed_in");
    }
}
