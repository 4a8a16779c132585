//! The login cookie: 32 random bytes that only the browser keeps; the database holds their hash. And the cookies beside it.

use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::api::CONFIRMED_FOR_S;
use protocol::secure::Secret;

use crate::config::PublicUrl;
use crate::storage::LoginKey;

/// The name of the login cookie. The prefix makes browsers refuse one that another host or a plain connection set.
fn name(url: &PublicUrl) -> &'static str {
    if url.is_https() { "__Host-sid" } else { "sid" }
}

fn device_name(url: &PublicUrl) -> &'static str {
    if url.is_https() { "__Host-device" } else { "device" }
}

/// `Set-Cookie` for a new login. It ends with the browser, or earlier on the server.
pub fn set(url: &PublicUrl, value: &Secret<32>) -> HeaderValue {
    header(format!("{}; {}", pair(url, value), attributes(url)))
}

/// `name=value`, as the browser sends it back.
pub fn pair(url: &PublicUrl, value: &Secret<32>) -> String {
    format!("{}={}", name(url), URL_SAFE_NO_PAD.encode(value.expose()))
}

/// `Set-Cookie` that removes the login cookie.
pub fn clear(url: &PublicUrl) -> HeaderValue {
    header(format!("{}=; {}; Max-Age=0", name(url), attributes(url)))
}

/// `Set-Cookie` that lets this browser be told from a stranger's at its next sign-in.
pub fn set_device(url: &PublicUrl, proof: &str) -> HeaderValue {
    const DAYS_90: u32 = 90 * 24 * 60 * 60;
    header(format!("{}={proof}; {}; Max-Age={DAYS_90}", device_name(url), attributes(url)))
}

/// `Set-Cookie` for the time at an identity provider. The way back begins at another site, so this one cookie must come
/// along from there; it signs nobody in.
pub fn set_pending(url: &PublicUrl, sealed: &str) -> HeaderValue {
    const MINUTES_10: u32 = 10 * 60;
    header(format!("{}={sealed}; {}; Max-Age={MINUTES_10}", pending_name(url), pending_attributes(url)))
}

/// `Set-Cookie` that removes it.
pub fn clear_pending(url: &PublicUrl) -> HeaderValue {
    header(format!("{}=; {}; Max-Age=0", pending_name(url), pending_attributes(url)))
}

/// `Set-Cookie` that says that somebody has just confirmed that it is they.
pub fn set_confirmation(url: &PublicUrl, sealed: &str) -> HeaderValue {
    let name = confirmation_name(url);
    header(format!("{name}={sealed}; {}; Max-Age={CONFIRMED_FOR_S}", attributes(url)))
}

fn confirmation_name(url: &PublicUrl) -> &'static str {
    if url.is_https() { "__Host-confirmation" } else { "confirmation" }
}

fn pending_name(url: &PublicUrl) -> &'static str {
    if url.is_https() { "__Host-oidc" } else { "oidc" }
}

fn pending_attributes(url: &PublicUrl) -> &'static str {
    if url.is_https() { "Path=/; Secure; HttpOnly; SameSite=Lax" } else { "Path=/; HttpOnly; SameSite=Lax" }
}

fn attributes(url: &PublicUrl) -> &'static str {
    if url.is_https() { "Path=/; Secure; HttpOnly; SameSite=Strict" } else { "Path=/; HttpOnly; SameSite=Strict" }
}

fn header(text: String) -> HeaderValue {
    HeaderValue::from_str(&text).expect("cookies are visible ASCII")
}

/// The login that a request's cookie names, if it has one of the right form.
pub fn login_key(headers: &HeaderMap, url: &PublicUrl) -> Option<LoginKey> {
    let value: [u8; 32] = URL_SAFE_NO_PAD.decode(value(headers, name(url))?).ok()?.try_into().ok()?;
    Some(LoginKey::of_cookie(&value))
}

/// The proof of an earlier sign-in from this browser.
pub fn device<'a>(headers: &'a HeaderMap, url: &PublicUrl) -> Option<&'a str> {
    value(headers, device_name(url))
}

/// What the browser keeps while its person is at an identity provider.
pub fn pending<'a>(headers: &'a HeaderMap, url: &PublicUrl) -> Option<&'a str> {
    value(headers, pending_name(url))
}

/// What says that somebody has confirmed lately that it is they.
pub fn confirmation<'a>(headers: &'a HeaderMap, url: &PublicUrl) -> Option<&'a str> {
    value(headers, confirmation_name(url))
}

/// Two cookies of one name are no cookie: somebody may have slipped in the second.
fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut values = pairs.filter(|(key, _)| *key == name).map(|(_, value)| value);
    let first = values.next();
    if values.next().is_some() { None } else { first }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(cookie: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(cookie).expect("a header"))])
    }

    #[test]
    fn a_cookie_that_was_set_is_found_again() {
        for (url, prefix) in [("https://a.example", "__Host-sid="), ("http://localhost:1", "sid=")] {
            let url = PublicUrl::parse(url).expect("a URL");
            let set = set(&url, &Secret::new([7; 32]));
            let text = set.to_str().expect("text");
            assert!(text.starts_with(prefix) && text.contains("HttpOnly; SameSite=Strict"), "{text}");
            assert_eq!(text.contains("Secure"), url.is_https());
            let pair = text.split(';').next().expect("a pair");
            let found = login_key(&headers(&format!("other=1; {pair}")), &url);
            assert_eq!(found, Some(LoginKey::of_cookie(&[7; 32])));
        }
    }

    #[test]
    fn the_cookie_of_the_way_back_comes_from_another_site_and_lasts_minutes() {
        for (url, start) in
            [("https://a.example", "__Host-oidc=x; Path=/; Secure; "), ("http://localhost:1", "oidc=x; Path=/; ")]
        {
            let url = PublicUrl::parse(url).expect("a URL");
            let text = set_pending(&url, "x");
            assert_eq!(text.to_str().expect("text"), format!("{start}HttpOnly; SameSite=Lax; Max-Age=600"));
            assert_eq!(pending(&headers(&format!("{}=x", pending_name(&url))), &url), Some("x"));
        }
    }

    #[test]
    fn doubled_and_malformed_cookies_are_none() {
        let url = PublicUrl::parse("http://localhost").expect("a URL");
        let good = URL_SAFE_NO_PAD.encode([7; 32]);
        for cookie in
            [format!("sid={good}; sid={good}"), "sid=short".to_owned(), "sid".to_owned(), format!("xsid={good}")]
        {
            assert_eq!(login_key(&headers(&cookie), &url), None, "{cookie}");
        }
    }
}
