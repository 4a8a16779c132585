//! `/oidc`: signing in with an identity provider. Two of these are pages that a browser goes through.

mod callback;
mod list;
mod start;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use protocol::api::SignInProblem;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list::list)).routes(routes!(start::start)).routes(routes!(callback::callback))
}

/// The sign-in page, with the reason why somebody is there again.
fn sign_in_page(problem: SignInProblem, return_to: Option<&str>) -> String {
    let next = return_to.map(|path| format!("&next={}", encoded(path))).unwrap_or_default();
    format!("/sign-in?problem={}{next}", problem.code())
}

/// A path as one value of a query.
fn encoded(path: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    path.bytes().map(|byte| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// Sends the browser on. The address holds visible ASCII only.
fn see(url: &str, cookies: Vec<header::HeaderValue>) -> Response {
    let cookies = cookies.into_iter().map(|cookie| (header::SET_COOKIE, cookie));
    let mut response = (StatusCode::FOUND, [(header::LOCATION, url)]).into_response();
    response.headers_mut().extend(cookies);
    response
}
