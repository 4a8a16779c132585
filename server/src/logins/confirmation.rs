//! That somebody has confirmed lately that it is they who are at the browser: a cookie beside the login's, sealed, good
//! for that login and five minutes. A login cookie that somebody stole before is not confirmed by it.

use protocol::api::{CONFIRMED_FOR_S, UnixMillis};
use protocol::secure::Secret;
use serde::{Deserialize, Serialize};

use super::sealed;
use crate::storage::LoginKey;

const CONTEXT: &[u8] = b"redring confirmation 1";
const LIFETIME_MS: UnixMillis = CONFIRMED_FOR_S as UnixMillis * 1000;

#[derive(Serialize, Deserialize)]
struct Confirmation {
    login: [u8; 32],
    at: UnixMillis,
}

/// The value of the cookie of somebody who has just confirmed it.
pub fn make(key: &Secret<32>, login: &LoginKey, now: UnixMillis) -> String {
    sealed::seal(key, CONTEXT, &Confirmation { login: login.0, at: now })
}

/// Whether a cookie says so of this login, now.
pub fn holds(key: &Secret<32>, cookie: &str, login: &LoginKey, now: UnixMillis) -> bool {
    let confirmation: Option<Confirmation> = sealed::open(key, CONTEXT, cookie);
    // A clock that was set back makes nothing last longer.
    confirmation.is_some_and(|Confirmation { login: of, at }| of == login.0 && at <= now && now - at < LIFETIME_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confirmation_is_good_for_one_login_and_five_minutes() {
        let key = Secret::new([1; 32]);
        let (login, other, at) = (LoginKey([1; 32]), LoginKey([2; 32]), 1_000_000);
        let cookie = make(&key, &login, at);
        for (cookie, login, now, holds_then) in [
            (cookie.as_str(), &login, at, true),
            (&cookie, &login, at + LIFETIME_MS - 1, true),
            (&cookie, &login, at + LIFETIME_MS, false),
            (&cookie, &login, at - 1, false),
            (&cookie, &other, at, false),
            ("", &login, at, false),
        ] {
            assert_eq!(holds(&key, cookie, login, now), holds_then, "{now}");
        }
    }
}
