//! That somebody has confirmed lately that it is they who are at the browser: a cookie beside the login's, sealed, good
//! for that login and five minutes. A login cookie that somebody stole before is not confirmed by it.

use protocol::api::{CONFIRMED_FOR_S, UnixMillis};
use serde::{Deserialize, Serialize};

use super::sealed;
use crate::state::Core;
use crate::storage::LoginKey;

const CONTEXT: &[u8] = b"redring confirmation 1";
const LIFETIME_MS: UnixMillis = CONFIRMED_FOR_S as UnixMillis * 1000;

#[derive(Serialize, Deserialize)]
struct Confirmation {
    login: [u8; 32],
    at: UnixMillis,
}

/// The value of the cookie of somebody who has just confirmed it.
pub fn make(core: &Core, login: &LoginKey) -> String {
    sealed::seal(core.keys.sign_in(), CONTEXT, &Confirmation { login: login.0, at: core.clock.now() })
}

/// Whether a cookie says so of this login, now.
pub fn holds(core: &Core, cookie: &str, login: &LoginKey) -> bool {
    let confirmation: Option<Confirmation> = sealed::open(core.keys.sign_in(), CONTEXT, cookie);
    let now = core.clock.now();
    // A clock that was set back makes nothing last longer.
    confirmation.is_some_and(|Confirmation { login: of, at }| of == login.0 && at <= now && now - at < LIFETIME_MS)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::test_server::TestServer;

    #[tokio::test]
    async fn a_confirmation_is_good_for_one_login_and_five_minutes() {
        let server = TestServer::empty().await;
        let (login, other) = (LoginKey([1; 32]), LoginKey([2; 32]));
        let cookie = make(&server.core, &login);
        assert!(holds(&server.core, &cookie, &login));
        assert!(!holds(&server.core, &cookie, &other));
        assert!(!holds(&server.core, "", &login));
        server.clock.advance(Duration::from_secs(299));
        assert!(holds(&server.core, &cookie, &login));
        server.clock.advance(Duration::from_secs(1));
        assert!(!holds(&server.core, &cookie, &login));
    }
}
