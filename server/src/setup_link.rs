//! The one-time link that creates the first administrator of a new installation.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::api::UnixMillis;
use sha2::{Digest as _, Sha256};

use crate::clock::millis;
use crate::config::PublicUrl;
use crate::random;
use crate::storage::{Result, SetupLink, Store};

const LIFETIME: Duration = Duration::from_hours(24);

/// Makes a link for an installation without a tenant; an earlier one stops working. `None` when it is set up already.
///
/// The token is the fragment, which browsers keep to themselves: no server or proxy logs it.
pub async fn make(storage: &Store, url: &PublicUrl, now: UnixMillis) -> Result<Option<String>> {
    if !storage.tenants().await?.is_empty() {
        return Ok(None);
    }
    let token = URL_SAFE_NO_PAD.encode(random::bytes::<32>());
    storage.offer_setup(&SetupLink { token_hash: hash(&token), expires_at: now + millis(LIFETIME) }).await?;
    Ok(Some(format!("{url}/setup#{token}")))
}

/// What the database knows of a token.
pub fn hash(token: &str) -> [u8; 32] {
    Sha256::new().chain_update(b"redring setup").chain_update(token).finalize().into()
}
