//! What wants a fresh confirmation that it is the person of the login who is at the browser, in the description of the API
//! (`x-step-up`): of some routes when the organisation turned that on (`setting`), of others always (`always`).

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;

use super::error::ApiError;
use super::extract::SignedIn;
use crate::logins::{confirmation, cookie};
use crate::state::AppState;

/// Whoever asks has confirmed it lately, or their organisation does not want that.
///
/// It stands behind the extractor that checks the permission: nobody confirms anything for what they may not do.
#[derive(Debug, Clone, Copy)]
pub struct StepUp;

/// Whoever asks has confirmed it lately.
#[derive(Debug, Clone, Copy)]
pub struct Confirmed;

impl FromRequestParts<AppState> for StepUp {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let signed_in = SignedIn::from_request_parts(parts, state).await?;
        if state.core.storage.remote_access(&signed_in.scope).await?.step_up {
            confirmed(parts, state, &signed_in)?;
        }
        Ok(Self)
    }
}

impl OptionalFromRequestParts<AppState> for Confirmed {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Option<Self>, ApiError> {
        match <Self as FromRequestParts<AppState>>::from_request_parts(parts, state).await {
            Ok(confirmed) => Ok(Some(confirmed)),
            Err(ApiError::ConfirmationNeeded) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl FromRequestParts<AppState> for Confirmed {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let signed_in = SignedIn::from_request_parts(parts, state).await?;
        confirmed(parts, state, &signed_in)?;
        Ok(Self)
    }
}

fn confirmed(parts: &Parts, state: &AppState, signed_in: &SignedIn) -> Result<(), ApiError> {
    let cookie = cookie::confirmation(&parts.headers, &state.core.config.public_url);
    let (sealed_with, now) = (state.core.keys.sign_in(), state.core.clock.now());
    let holds = cookie.is_some_and(|cookie| confirmation::holds(sealed_with, cookie, &signed_in.login, now));
    if holds { Ok(()) } else { Err(ApiError::ConfirmationNeeded) }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::http::router::description;
    use crate::test_server::TestServer;

    const SETTINGS: &str = "/api/v1/settings/remote-access";
    const NEEDED: &str = "confirmation_needed";

    /// Method, path and `x-step-up` of every operation.
    fn routes() -> Vec<(String, String, Option<String>)> {
        let description = serde_json::to_value(description()).expect("JSON");
        let mut routes = Vec::new();
        for (path, item) in description["paths"].as_object().expect("paths") {
            for (method, operation) in item.as_object().expect("operations") {
                let wants = operation["x-step-up"].as_str().map(str::to_owned);
                routes.push((method.to_uppercase(), path.clone(), wants));
            }
        }
        routes
    }

    /// What LOGIN-3 names, by hand: nothing of it may lose its mark.
    #[test]
    fn what_matters_wants_a_confirmation() {
        let marked: Vec<String> = routes()
            .into_iter()
            .filter(|route| route.2.is_some())
            .map(|(method, path, _)| method + " " + &path)
            .collect();
        for route in [
            "POST /api/v1/rooms/{room}/sessions",
            "PUT /api/v1/settings/remote-access",
            "POST /api/v1/roles",
            "PUT /api/v1/roles/{role}",
            "DELETE /api/v1/roles/{role}",
            "POST /api/v1/roles/{role}/assignments",
            "PUT /api/v1/assignments/{assignment}",
            "DELETE /api/v1/assignments/{assignment}",
            "PUT /api/v1/groups/{group}/members/{user}",
            "POST /api/v1/users/import",
            "POST /api/v1/rooms/{room}/enrolment",
            "POST /api/v1/rooms/{room}/console/approve",
            "POST /api/v1/me/passkeys/begin",
            "DELETE /api/v1/me/passkeys/{passkey}",
        ] {
            assert!(marked.iter().any(|marked| marked == route), "{route}: {marked:#?}");
        }
    }

    #[tokio::test]
    async fn marked_routes_and_no_others_ask_for_it() {
        let server = TestServer::start().await;
        let administrator = server.administrator().await;
        let mut settings = administrator.get(SETTINGS).await.json();
        settings["step_up"] = json!(true);
        assert_eq!(administrator.put(SETTINGS, settings.clone()).await.status, 200);
        let state = || async {
            let administrator = server.administrator().await;
            [administrator.get("/api/v1/roles").await.text(), administrator.get("/api/v1/rooms").await.text()]
        };
        let before = state().await;
        let mut n_asked = 0;
        for (method, path, wants) in routes() {
            let mut filled = path.replace("{room}", "aurora").replace("{provider}", "nobody");
            while let Some((start, rest)) = filled.split_once('{') {
                let end = rest.split_once('}').expect("a parameter").1;
                filled = format!("{start}{}{end}", "7".repeat(32));
            }
            let browser = server.administrator().await;
            let body = if matches!(method.as_str(), "GET" | "DELETE") { Value::Null } else { json!({}) };
            let answer = browser.send(&method, &filled, body).await;
            let asked = answer.status == 403 && answer.json()["code"] == NEEDED;
            assert_eq!(asked, wants.is_some(), "{method} {path}: {} {}", answer.status, answer.text());
            n_asked += usize::from(asked);
        }
        assert!(20 < n_asked, "{n_asked}");
        assert_eq!(state().await, before);
    }

    #[tokio::test]
    async fn an_organisation_that_does_not_want_it_asks_for_passkeys_only() {
        let server = TestServer::start().await;
        let administrator = server.administrator().await;
        let role = json!({"name": "Tried", "permissions": ["room.view"]});
        assert_eq!(administrator.post("/api/v1/roles", role).await.status, 201);
        let adding = administrator.post("/api/v1/me/passkeys/begin", Value::Null).await;
        assert_eq!(adding.problem_code(403), NEEDED);
    }
}
