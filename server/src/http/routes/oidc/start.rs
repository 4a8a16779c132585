use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use protocol::api::Problem;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{see, sign_in_page};
use crate::audit::Client;
use crate::http::error::{ApiError, ApiResult};
use crate::http::extract::ApiQuery;
use crate::logins::cookie;
use crate::logins::oidc::{Wish, is_portal_path};
use crate::state::AppState;

/// Where the person wants to go afterwards.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Query {
    /// A path of the portal, `/rooms` by default
    return_to: Option<String>,
    /// The person is to prove anew who they are: that confirms, too, that it is they who are at the browser
    #[serde(default)]
    fresh: bool,
}

/// Send a browser to an identity provider
///
/// Another site may link here, or a bookmark lead to a provider that is gone. What comes of it is a login of whoever is at this browser, and nobody else's.
#[utoipa::path(
    get, path = "/oidc/{provider}/start", tag = "login", extensions(("x-needs" = json!("nobody"))),
    params(("provider" = String, Path, description = "Its id"), Query), responses(
        (status = 302, description = "To the provider, or to the sign-in page with a `problem`"),
        (status = 400, body = Problem),
    ),
)]
pub(super) async fn start(
    State(state): State<AppState>,
    client: Client,
    Path(provider): Path<String>,
    headers: HeaderMap,
    ApiQuery(query): ApiQuery<Query>,
) -> ApiResult<Response> {
    let return_to = query.return_to.unwrap_or_else(|| "/rooms".to_owned());
    if !is_portal_path(&return_to) {
        return Err(ApiError::bad_request("return_to: this is no path of the portal."));
    }
    let url = &state.core.config.public_url;
    let earlier = cookie::login_key(&headers, url);
    Ok(
        match state
            .oidc
            .begin(&state, &provider, Wish { return_to: &return_to, fresh: query.fresh }, earlier, client)
            .await
        {
            Ok(begun) => see(&begun.url, vec![cookie::set_pending(url, &begun.cookie)]),
            Err(error) => see(&sign_in_page(error.problem(), Some(&return_to)), Vec::new()),
        },
    )
}
