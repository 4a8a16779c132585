use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse};
use protocol::api::Problem;
use protocol::reason::EndReason;

use crate::http::error::ApiResult;
use crate::http::extract::SignedIn;
use crate::logins::cookie;
use crate::state::{AppState, SessionsOf};

/// Sign out
///
/// Ends the login and the remote sessions that were started from it.
#[utoipa::path(
    post, path = "/logout", tag = "login", security(("login" = [])),
    extensions(("x-needs" = json!("login"))), responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem)),
)]
pub(super) async fn sign_out(State(state): State<AppState>, signed_in: SignedIn) -> ApiResult<impl IntoResponse> {
    let SignedIn { scope, user, login, client, .. } = signed_in;
    state.logins.sign_out(&scope, &user, &login, client).await?;
    state.core.live.login_ended(&scope, login);
    state.consoles.end_sessions(&scope, SessionsOf::Login(login), EndReason::SignedOut).await;
    let cleared = AppendHeaders([(header::SET_COOKIE, cookie::clear(&state.core.config.public_url))]);
    Ok((StatusCode::NO_CONTENT, cleared))
}

#[cfg(test)]
mod tests {
    use protocol::reason::EndReason;
    use serde_json::Value;

    use crate::test_server::TestServer;

    #[tokio::test]
    async fn signing_out_kills_the_cookie_and_the_sessions() {
        let server = TestServer::start().await;
        let browser = server.administrator().await;
        let cookies = browser.cookies();
        assert_eq!(browser.post("/api/v1/logout", Value::Null).await.status, 204);
        assert_eq!(server.browser_with(&cookies).get("/api/v1/me").await.status, 401);
        assert_eq!(server.consoles.ended(), [EndReason::SignedOut]);
        assert_eq!(server.events("login.ended").await.len(), 1);
    }

    #[tokio::test]
    async fn a_request_that_carries_a_cookie_must_say_where_it_comes_from() {
        let server = TestServer::start().await;
        let browser = server.administrator().await;
        let headers = [("x-redring-request", "1"), ("cookie", &browser.cookies())];
        let answer = server.raw("POST", "/api/v1/logout", &headers, String::new()).await;
        assert_eq!(answer.problem_code(403), "foreign_origin");
        assert_eq!(browser.get("/api/v1/me").await.status, 200);
    }
}
