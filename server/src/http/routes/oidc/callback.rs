use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use protocol::api::SignInProblem;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{see, sign_in_page};
use crate::admin::membership::{self, Told};
use crate::audit::Client;
use crate::http::error::ApiResult;
use crate::http::routes::login::{cookies_of, end_earlier_login};
use crate::http::routes::to_end;
use crate::logins::oidc::{Callback, Confirmed, SignInError};
use crate::logins::{NewLogin, cookie};
use crate::state::AppState;

/// What a provider sends back. It may send more; one thing twice is no answer.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Answer {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

/// Where identity providers send browsers back to
///
/// Signs in with a new login cookie, or sends to the sign-in page with a `problem`. The page that follows is the same for
/// everybody, so it does no harm that the login cookie does not come along on a way that began at another site: the
/// portal's own requests carry it.
#[utoipa::path(
    get, path = "/oidc/callback", tag = "login", extensions(("x-needs" = json!("nobody"))), params(Answer),
    responses((status = 302, description = "To the portal, or to the sign-in page with a `problem`")),
)]
pub(super) async fn callback(
    State(state): State<AppState>,
    client: Client,
    headers: HeaderMap,
    answer: Result<Query<Answer>, QueryRejection>,
) -> Response {
    let url = &state.core.config.public_url;
    let Query(answer) = answer.unwrap_or_default();
    let callback = Callback {
        cookie: cookie::pending(&headers, url),
        state: answer.state.as_deref(),
        code: answer.code.as_deref(),
        error: answer.error.as_deref(),
        issuer: answer.iss.as_deref(),
    };
    let used = cookie::clear_pending(url);
    let confirmed = match state.oidc.confirm(&state, &callback, client).await {
        Ok(confirmed) => confirmed,
        Err(refused) => {
            if let SignInError::Storage(error) = &refused.error {
                tracing::error!(error = error as &dyn std::error::Error, "a sign-in failed");
            }
            // An answer to something else leaves a sign-in that is under way alone.
            let cookies = if refused.return_to.is_some() { vec![used] } else { Vec::new() };
            return see(&sign_in_page(refused.error.problem(), refused.return_to.as_deref()), cookies);
        }
    };
    let return_to = confirmed.return_to.clone();
    let signed_in = to_end({
        let state = state.clone();
        async move { sign_in(&state, confirmed, client).await }
    });
    match signed_in.await {
        Ok(login) => {
            let cookies = [used].into_iter().chain(cookies_of(url, &login)).collect();
            see(&return_to, cookies)
        }
        // The cause was logged where the error became one of the API.
        Err(_) => see(&sign_in_page(SignInProblem::Failed, Some(&return_to)), vec![used]),
    }
}

/// First the groups, so that the login begins with what the person may do now.
async fn sign_in(state: &AppState, confirmed: Confirmed, client: Client) -> ApiResult<NewLogin> {
    if let Some((claim, values)) = &confirmed.groups {
        let told = Told { provider: &confirmed.provider, claim, values };
        membership::follow(state, &confirmed.scope, &confirmed.user, &told, client).await?;
    }
    end_earlier_login(state, confirmed.earlier, client).await?;
    Ok(state.oidc.open(state, confirmed, client).await?)
}
