//! The one-time link with which a person sets a password: for a new account, and for one whose password is lost.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::api;
use protocol::ids::UserId;
use sha2::{Digest as _, Sha256};

use crate::clock::millis;
use crate::random;
use crate::state::Core;
use crate::storage::NewInvitation;

const LIFETIME: Duration = Duration::from_hours(7 * 24);

/// Makes an invitation: what is stored, and what is shown once.
///
/// The token is the fragment, which browsers keep to themselves: no server or proxy logs it.
pub fn make(core: &Core, user: UserId) -> (NewInvitation, api::Invitation) {
    let token = URL_SAFE_NO_PAD.encode(random::bytes::<32>());
    let created_at = core.clock.now();
    let expires_at = created_at + millis(LIFETIME);
    let url = format!("{}/welcome#{token}", core.config.public_url);
    (NewInvitation { user, token_hash: hash(&token), created_at, expires_at }, api::Invitation { url, expires_at })
}

/// What the database knows of a token.
pub fn hash(token: &str) -> [u8; 32] {
    Sha256::new().chain_update(b"redring invitation").chain_update(token).finalize().into()
}
