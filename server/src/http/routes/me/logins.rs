use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse};
use protocol::api::Problem;
use protocol::reason::EndReason;

use crate::http::error::ApiResult;
use crate::http::extract::SignedIn;
use crate::http::routes::to_end;
use crate::logins::cookie;
use crate::state::{AppState, SessionsOf};

/// Sign out everywhere
///
/// Ends every login of the person, this one included, and their remote sessions.
#[utoipa::path(
    delete, path = "/me/logins", tag = "login", security(("login" = [])),
    extensions(("x-needs" = json!("login"))), responses(
        (status = 204, description = "Removes the login cookie"), (status = 401, body = Problem),
        (status = 403, body = Problem),
    ),
)]
pub(super) async fn delete(State(state): State<AppState>, signed_in: SignedIn) -> ApiResult<impl IntoResponse> {
    let cleared = AppendHeaders([(header::SET_COOKIE, cookie::clear(&state.core.config.public_url))]);
    to_end(async move {
        let SignedIn { scope, user, client, .. } = signed_in;
        for login in state.logins.sign_out_everywhere(&scope, &user, client).await? {
            state.core.live.login_ended(&scope, login);
        }
        state.consoles.end_sessions(&scope, SessionsOf::User(user.id), EndReason::SignedOut).await;
        Ok(())
    })
    .await?;
    Ok((StatusCode::NO_CONTENT, cleared))
}

#[cfg(test)]
mod tests {
    use protocol::reason::EndReason;

    use crate::test_server::TestServer;

    #[tokio::test]
    async fn every_login_of_the_person_ends_and_nobody_elses() {
        let server = TestServer::start().await;
        let (here, elsewhere, other) =
            (server.stranger().await, server.stranger().await, server.viewer_of("aurora").await);
        let (cookies, mut stream) = (here.cookies(), elsewhere.open_events().await);
        assert_eq!(here.delete("/api/v1/me/logins").await.status, 204);
        assert_eq!(here.cookies(), "");
        for browser in [&server.browser_with(&cookies), &elsewhere] {
            assert_eq!(browser.get("/api/v1/me").await.status, 401);
        }
        assert_eq!(stream.next().await, None);
        assert_eq!(other.get("/api/v1/me").await.status, 200);
        assert_eq!(server.consoles.ended(), [EndReason::SignedOut]);
        assert_eq!(server.events("login.ended").await.len(), 2);
        assert_eq!(server.browser().delete("/api/v1/me/logins").await.problem_code(401), "not_signed_in");
    }
}
