use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse};
use protocol::api::{Confirm, Problem};

use crate::audit::Event;
use crate::http::error::{ApiError, ApiResult};
use crate::http::extract::{ApiJson, SignedIn};
use crate::logins::{confirmation, cookie, password};
use crate::state::AppState;

/// Confirm that it is oneself
///
/// With a passkey, or with the password when the person has no passkey. It counts for five minutes and for this login.
#[utoipa::path(
    post, path = "/me/confirmation", tag = "login", security(("login" = [])), request_body = Confirm,
    extensions(("x-needs" = json!("login"))), responses(
        (status = 204, description = "Sets the cookie that says so"), (status = 400, body = Problem),
        (status = 401, body = Problem, description = "nobody is signed in, or it proves nothing"),
        (status = 403, body = Problem), (status = 409, body = Problem), (status = 429, body = Problem),
    ),
)]
pub(super) async fn confirm(
    State(state): State<AppState>,
    signed_in: SignedIn,
    ApiJson(request): ApiJson<Confirm>,
) -> ApiResult<impl IntoResponse> {
    let SignedIn { scope, user, login, client, .. } = &signed_in;
    let passkey = match request {
        Confirm::Passkey(answer) => Some(state.passkeys.confirm((&signed_in).into(), &answer).await?),
        Confirm::Password(typed) => {
            if !state.core.storage.passkeys_of(scope, &user.id).await?.is_empty() {
                let sentence = "You have a passkey: confirm with it. An administrator can remove one that is lost.";
                return Err(ApiError::ForbiddenBecause(sentence.to_owned()));
            }
            if password::MAX_BYTES < typed.len() {
                return Err(ApiError::WrongCredentials);
            }
            state.logins.prove(scope, user, typed, *client).await?;
            None
        }
    };
    let event = Event::LoginConfirmed { user: user.id, passkey };
    state.core.auditor.record(scope, &signed_in.actor(), *client, &event).await?;
    let sealed = confirmation::make(state.core.keys.sign_in(), login, state.core.clock.now());
    let cookie = cookie::set_confirmation(&state.core.config.public_url, &sealed);
    Ok((StatusCode::NO_CONTENT, AppendHeaders([(header::SET_COOKIE, cookie)])))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use crate::test_server::{PASSWORD, TestServer};

    const PATH: &str = "/api/v1/me/confirmation";
    const BEGIN: &str = "/api/v1/me/passkeys/begin";

    #[tokio::test]
    async fn a_password_confirms_for_five_minutes_and_for_one_login() {
        let server = TestServer::start().await;
        let (here, elsewhere) = (server.stranger().await, server.stranger().await);
        assert_eq!(
            here.get(PATH).await.json(),
            json!({"confirmed": false, "passkey": false, "password": true, "providers": []})
        );
        let wrong = here.post(PATH, json!({"password": "a guess"})).await;
        assert_eq!(wrong.problem_code(401), "wrong_credentials");
        assert!(wrong.header("set-cookie").is_none());
        assert_eq!(here.post(BEGIN, Value::Null).await.problem_code(403), "confirmation_needed");
        let confirmed = here.post(PATH, json!({"password": PASSWORD})).await;
        assert_eq!(confirmed.status, 204, "{}", confirmed.text());
        assert_eq!(here.get(PATH).await.json()["confirmed"], true);
        let cookie = confirmed.header("set-cookie").expect("a cookie").to_owned();
        assert!(cookie.contains("HttpOnly; SameSite=Strict; Max-Age=300"), "{cookie}");
        assert_eq!(here.post(BEGIN, Value::Null).await.status, 200);
        // Whoever has the login cookie from before has not confirmed anything, nor has another login with this cookie.
        let stolen = format!("{}; {}", elsewhere.cookies(), cookie.split(';').next().expect("a pair"));
        for browser in [&elsewhere, &server.browser_with(&stolen)] {
            assert_eq!(browser.post(BEGIN, Value::Null).await.problem_code(403), "confirmation_needed");
        }
        server.clock.advance(Duration::from_mins(5));
        assert_eq!(here.post(BEGIN, Value::Null).await.problem_code(403), "confirmation_needed");
        assert_eq!(server.events("login.confirmed").await.len(), 1);
        assert_eq!(server.events("login.failed").await.len(), 1);
    }

    #[tokio::test]
    async fn signing_in_with_a_password_confirms_and_guessing_is_slowed_down() {
        let server = TestServer::start().await;
        let browser = server.browser();
        let login = json!({"email": "stranger@example.com", "password": PASSWORD});
        assert_eq!(browser.post("/api/v1/login", login).await.status, 200);
        assert_eq!(browser.post(BEGIN, Value::Null).await.status, 200);
        for _ in 0..5 {
            assert_eq!(browser.post(PATH, json!({"password": "a guess"})).await.status, 401);
        }
        assert_eq!(browser.post(PATH, json!({"password": PASSWORD})).await.problem_code(429), "rate_limited");
        let both = json!({"password": PASSWORD, "passkey": {"state": "", "credential": ""}});
        for body in [json!({}), both, json!({"password": 7}), json!({"pin": "1234"})] {
            assert_eq!(browser.post(PATH, body).await.problem_code(400), "bad_request");
        }
    }
}
