//! What happens around every handler: security headers, the rule against foreign pages, time-outs, counting.

use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use protocol::api::CSRF_HEADER;

use super::error::ApiError;
use crate::logins::cookie;
use crate::state::AppState;

/// How long a request may take until its answer begins, the arrival of its body included. The longest waits for people
/// in a room, who have their own time to decline.
const ANSWER_WITHIN: Duration = Duration::from_secs(50);

/// Headers of every response.
pub async fn security_headers(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (
            header::HeaderName::from_static("permissions-policy"),
            "microphone=(), camera=(), display-capture=(), geolocation=(), usb=(), payment=()",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if state.core.config.public_url.is_https() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    let locked = || HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert_with(locked);
    response
}

/// Answers of the API are for one reader at one moment.
pub async fn no_store(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

pub async fn time_out(request: Request, next: Next) -> Response {
    tokio::time::timeout(ANSWER_WITHIN, next.run(request)).await.unwrap_or_else(|_| {
        tracing::warn!("a request took too long");
        ApiError::Internal.into_response()
    })
}

/// Counts requests, and logs them at `debug` by route, never by their full address.
pub async fn observe(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let response = next.run(request).await;
    let status = response.status();
    state.core.metrics.http_requests.increment();
    if status.is_server_error() {
        state.core.metrics.http_errors.increment();
    }
    if status == 429 {
        state.core.metrics.rate_limited.increment();
    }
    let duration_ms = started.elapsed().as_millis() as u64;
    tracing::debug!(%method, route = route.as_deref(), status = status.as_u16(), duration_ms, "answered");
    response
}

/// Refuses requests that change something unless the portal sent them.
pub async fn own_origin(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD);
    if safe || is_from_portal(request.headers(), &state) {
        next.run(request).await
    } else {
        ApiError::ForeignOrigin.into_response()
    }
}

fn is_from_portal(headers: &HeaderMap, state: &AppState) -> bool {
    let url = &state.core.config.public_url;
    let marked = headers.get(CSRF_HEADER).is_some_and(|value| value == "1");
    let has_login = cookie::login_key(headers, url).is_some();
    marked && has_json_or_no_body(headers) && is_same_origin(headers, url.origin(), has_login)
}

/// What the browser says about the page that asks. A browser that says nothing may not use its cookie; a program
/// without a cookie says nothing and has nothing to lose.
fn is_same_origin(headers: &HeaderMap, own: &str, has_login: bool) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin";
    }
    match headers.get(header::ORIGIN) {
        Some(origin) => origin == own,
        None => !has_login,
    }
}

/// A form of a foreign page cannot send this type.
fn has_json_or_no_body(headers: &HeaderMap) -> bool {
    let is_empty = headers.get(header::CONTENT_LENGTH).is_none_or(|length| length == "0")
        && !headers.contains_key(header::TRANSFER_ENCODING);
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    match content_type.map(|value| value.split(';').next().unwrap_or_default().trim()) {
        Some(media_type) => media_type.eq_ignore_ascii_case("application/json"),
        None => is_empty,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|&(name, value)| (name.parse().expect("a name"), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn the_page_must_be_the_portals() {
        let own = "https://rooms.example.com";
        for (name, value, has_login, expected) in [
            ("sec-fetch-site", "same-origin", true, true),
            ("sec-fetch-site", "same-site", true, false),
            ("sec-fetch-site", "cross-site", false, false),
            ("sec-fetch-site", "none", true, false),
            ("origin", "https://rooms.example.com", true, true),
            ("origin", "https://rooms.example.com.evil.example", true, false),
            ("origin", "http://rooms.example.com", true, false),
            ("origin", "null", true, false),
            ("origin", "null", false, false),
            ("x-nothing", "", true, false),
            ("x-nothing", "", false, true),
        ] {
            assert_eq!(is_same_origin(&headers(&[(name, value)]), own, has_login), expected, "{name}: {value}");
        }
    }

    #[test]
    fn a_foreign_site_is_refused_even_with_the_right_origin() {
        let both = headers(&[("sec-fetch-site", "cross-site"), ("origin", "https://a.example")]);
        assert!(!is_same_origin(&both, "https://a.example", true));
    }

    #[test]
    fn bodies_are_json() {
        for (pairs, expected) in [
            (&[][..], true),
            (&[("content-length", "0")], true),
            (&[("content-length", "2")], false),
            (&[("transfer-encoding", "chunked")], false),
            (&[("content-type", "application/json"), ("content-length", "2")], true),
            (&[("content-type", "application/json; charset=utf-8")], true),
            (&[("content-type", "text/plain")], false),
            (&[("content-type", "application/jsonp")], false),
        ] {
            assert_eq!(has_json_or_no_body(&headers(pairs)), expected, "{pairs:?}");
        }
    }
}
