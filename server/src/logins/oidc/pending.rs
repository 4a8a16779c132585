//! What a browser keeps while its person is at an identity provider.

use protocol::api::UnixMillis;
use protocol::ids::ProviderId;
use protocol::secure::Secret;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::logins::sealed;

const CONTEXT: &[u8] = b"redring sign-in 1";

/// A sign-in that was begun.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Pending {
    pub(super) provider: ProviderId,
    pub(super) state: String,
    pub(super) nonce: String,
    pub(super) verifier: String,
    /// A path of the portal.
    pub(super) return_to: String,
    /// The person is to prove anew who they are, whatever the provider remembers.
    pub(super) fresh: bool,
    pub(super) expires_at: UnixMillis,
    /// The login that this browser had, which the new one replaces. Its own cookie does not come along on the way back
    /// from another site.
    pub(super) earlier: Option<[u8; 32]>,
}

impl Pending {
    pub(super) fn seal(&self, key: &Secret<32>) -> String {
        sealed::seal(key, CONTEXT, self)
    }

    /// `None` for what was not sealed here, or has run out.
    pub(super) fn open(key: &Secret<32>, sealed: &str, now: UnixMillis) -> Option<Self> {
        sealed::open(key, CONTEXT, sealed).filter(|pending: &Self| now < pending.expires_at)
    }

    pub(super) fn is_answered_by(&self, state: &str) -> bool {
        self.state.as_bytes().ct_eq(state.as_bytes()).into()
    }

    /// Names this sign-in without giving away its state.
    pub(super) fn hash(&self) -> [u8; 32] {
        Sha256::new().chain_update(b"redring sign-in").chain_update(&self.state).finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending() -> Pending {
        Pending {
            provider: ProviderId::new("contoso").expect("a slug"),
            state: "state".to_owned(),
            nonce: "nonce".to_owned(),
            verifier: "verifier".to_owned(),
            return_to: "/rooms".to_owned(),
            fresh: false,
            expires_at: 1000,
            earlier: None,
        }
    }

    #[test]
    fn what_was_sealed_is_opened_until_it_runs_out() {
        let key = Secret::new([1; 32]);
        let sealed = pending().seal(&key);
        assert_ne!(sealed, pending().seal(&key));
        let opened = Pending::open(&key, &sealed, 999).expect("opened");
        assert!(opened.is_answered_by("state") && !opened.is_answered_by("stat") && !opened.is_answered_by(""));
        assert_eq!(opened.hash(), pending().hash());
        assert!(Pending::open(&key, &sealed, 1000).is_none());
        assert!(Pending::open(&Secret::new([2; 32]), &sealed, 0).is_none());
    }
}
