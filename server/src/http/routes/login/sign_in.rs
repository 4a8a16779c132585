use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use protocol::api::{LoginRequest, Me, Problem};

use crate::access::Effective;
use crate::audit::Client;
use crate::config::PublicUrl;
use crate::http::error::{ApiError, ApiResult};
use crate::http::extract::ApiJson;
use crate::http::routes::me;
use crate::logins::{LoginError, NewLogin, cookie, password};
use crate::state::AppState;
use crate::storage::LoginKey;

impl From<LoginError> for ApiError {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::WrongCredentials => Self::WrongCredentials,
            LoginError::TooMany(wait) => Self::RateLimited { retry_after_s: wait.whole_seconds() },
            LoginError::Storage(error) => Self::from(error),
            LoginError::Failed => {
                tracing::error!("a password could not be checked");
                Self::Internal
            }
        }
    }
}

/// Sign in with e-mail address and password
///
/// A wrong password, an unknown address and a disabled account are answered alike. A login that the browser had
/// before ends.
#[utoipa::path(
    post, path = "/login", tag = "login", request_body = LoginRequest,
    extensions(("x-needs" = json!("nobody"))), responses(
        (status = 200, body = Me, description = "Sets the login cookie"),
        (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 429, body = Problem),
    ),
)]
pub(super) async fn sign_in(
    State(state): State<AppState>,
    client: Client,
    headers: HeaderMap,
    ApiJson(request): ApiJson<LoginRequest>,
) -> ApiResult<Response> {
    if password::MAX_BYTES < request.password.len() {
        return Err(ApiError::WrongCredentials);
    }
    let url = &state.core.config.public_url;
    let device = cookie::device(&headers, url);
    let login = state.logins.sign_in(&request.email, request.password, device, client).await?;
    end_earlier_login(&state, cookie::login_key(&headers, url), client).await?;
    signed_in(&state, login).await
}

/// The cookie of an earlier login is replaced, so nobody could end that login any more.
pub(in crate::http::routes) async fn end_earlier_login(
    state: &AppState,
    earlier: Option<LoginKey>,
    client: Client,
) -> ApiResult<()> {
    let Some(key) = earlier else { return Ok(()) };
    if let Some((scope, user)) = state.logins.user_of(&key).await? {
        state.logins.sign_out(&scope, &user, &key, client).await?;
        state.core.live.login_ended(&scope, key);
    }
    Ok(())
}

/// The answer to somebody who has just signed in.
pub(in crate::http::routes) async fn signed_in(state: &AppState, login: NewLogin) -> ApiResult<Response> {
    let url = &state.core.config.public_url;
    let effective = Effective::new(state.core.storage.grants_of(&login.scope, &login.user.id).await?);
    let me: Me = me::describe(state, &login.scope, &login.user, &effective).await?;
    let mut response = Json(me).into_response();
    response.headers_mut().extend(cookies_of(url, &login).map(|cookie| (header::SET_COOKIE, cookie)));
    Ok(response)
}

/// What the browser of somebody who has just signed in keeps.
pub(in crate::http::routes) fn cookies_of(url: &PublicUrl, login: &NewLogin) -> impl Iterator<Item = HeaderValue> {
    let confirmation = login.confirmation.as_deref().map(|sealed| cookie::set_confirmation(url, sealed));
    [cookie::set(url, &login.cookie), cookie::set_device(url, &login.device)].into_iter().chain(confirmation)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use crate::test_server::{PASSWORD, TestServer};

    #[tokio::test]
    async fn the_right_password_signs_in_and_is_audited() {
        let server = TestServer::start().await;
        let browser = server.browser();
        let answer = browser.post("/api/v1/login", json!({"email": "ADMIN@example.com", "password": PASSWORD})).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.json()["user"]["name"], "Ada Admin");
        let cookie = answer.header("set-cookie").expect("a cookie");
        assert!(cookie.starts_with("sid=") && cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"));
        assert_eq!(browser.get("/api/v1/me").await.status, 200);
        assert_eq!(server.events("login.succeeded").await.len(), 1);
    }

    #[tokio::test]
    async fn who_cannot_sign_in_is_not_told_why() {
        let server = TestServer::start().await;
        let wrong = json!({"email": "admin@example.com", "password": "not the password"});
        let unknown = json!({"email": "nobody@example.com", "password": PASSWORD});
        let (wrong, unknown) = (
            server.browser().post("/api/v1/login", wrong).await,
            server.browser().post("/api/v1/login", unknown).await,
        );
        assert_eq!(wrong.problem_code(401), "wrong_credentials");
        assert_eq!(wrong.text(), unknown.text());
        assert!(wrong.header("set-cookie").is_none() && unknown.header("set-cookie").is_none());
        let failed = server.events("login.failed").await;
        assert_eq!(failed.len(), 1);
        assert!(!failed[0].to_string().contains("password"));
    }

    #[tokio::test]
    async fn guessing_is_slowed_down_but_not_for_a_browser_that_signed_in_before() {
        let server = TestServer::start().await;
        let known = server.browser();
        let right = json!({"email": "admin@example.com", "password": PASSWORD});
        assert_eq!(known.post("/api/v1/login", right.clone()).await.status, 200);
        let stranger = server.browser();
        for _ in 0..5 {
            let guess = json!({"email": "admin@example.com", "password": "guess"});
            assert_eq!(stranger.post("/api/v1/login", guess).await.status, 401);
        }
        let held_up = stranger.post("/api/v1/login", right.clone()).await;
        assert_eq!(held_up.problem_code(429), "rate_limited");
        assert!(held_up.header("retry-after").is_some());
        assert_eq!(known.post("/api/v1/login", right.clone()).await.status, 200);
        server.clock.advance(Duration::from_mins(1));
        assert_eq!(stranger.post("/api/v1/login", right).await.status, 200);
    }

    #[tokio::test]
    async fn a_login_ends_when_idle_and_at_its_longest() {
        let server = TestServer::start().await;
        let idle = server.administrator().await;
        let busy = server.viewer_of("aurora").await;
        for _ in 0..(12 * 60 / 14) {
            server.clock.advance(Duration::from_mins(14));
            assert_eq!(busy.get("/api/v1/me").await.status, 200);
        }
        assert_eq!(idle.get("/api/v1/me").await.status, 401);
        server.clock.advance(Duration::from_mins(14));
        assert_eq!(busy.get("/api/v1/me").await.status, 401);
    }

    #[tokio::test]
    async fn signing_in_again_ends_the_earlier_login_of_the_browser() {
        let server = TestServer::start().await;
        let browser = server.administrator().await;
        let earlier = browser.cookies();
        let right = json!({"email": "admin@example.com", "password": PASSWORD});
        assert_eq!(browser.post("/api/v1/login", right).await.status, 200);
        assert_eq!(server.browser_with(&earlier).get("/api/v1/me").await.status, 401);
        assert_eq!(browser.get("/api/v1/me").await.status, 200);
    }

    #[tokio::test]
    async fn foreign_pages_cannot_sign_anybody_in() {
        let server = TestServer::start().await;
        let body = json!({"email": "admin@example.com", "password": PASSWORD}).to_string();
        for headers in [
            &[("content-type", "application/json")][..],
            &[("x-redring-request", "1"), ("content-type", "text/plain")],
            &[("x-redring-request", "1"), ("content-type", "application/json"), ("origin", "https://evil.example")],
            &[("x-redring-request", "1"), ("content-type", "application/json"), ("sec-fetch-site", "same-site")],
        ] {
            let answer = server.raw("POST", "/api/v1/login", headers, body.clone()).await;
            assert_eq!(answer.problem_code(403), "foreign_origin", "{headers:?}");
        }
    }
}
