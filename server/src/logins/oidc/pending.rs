//! What a browser keeps while its person is at an identity provider: sealed, so that only this installation can read or
//! make it. The server itself keeps nothing, so strangers cannot fill it, and every node can go on with it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use protocol::api::UnixMillis;
use protocol::ids::ProviderId;
use protocol::secure::Secret;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::random;

const NONCE_BYTES: usize = 24;
/// Bound into the seal: the key seals nothing else.
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
    pub(super) expires_at: UnixMillis,
    /// The login that this browser had, which the new one replaces. Its own cookie does not come along on the way back
    /// from another site.
    pub(super) earlier: Option<[u8; 32]>,
}

impl Pending {
    pub(super) fn seal(&self, key: &Secret<32>) -> String {
        let nonce = random::bytes::<NONCE_BYTES>();
        let text = serde_json::to_vec(self).expect("texts and numbers are JSON");
        let sealed = cipher(key).encrypt(XNonce::from_slice(&nonce), Payload { msg: &text, aad: CONTEXT });
        let sealed = sealed.expect("there is memory for a cookie");
        URL_SAFE_NO_PAD.encode([nonce.as_slice(), &sealed].concat())
    }

    /// `None` for what was not sealed here, or has run out.
    pub(super) fn open(key: &Secret<32>, sealed: &str, now: UnixMillis) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_BYTES)?;
        let text = cipher(key).decrypt(XNonce::from_slice(nonce), Payload { msg: sealed, aad: CONTEXT }).ok()?;
        let pending: Self = serde_json::from_slice(&text).ok()?;
        (now < pending.expires_at).then_some(pending)
    }

    pub(super) fn is_answered_by(&self, state: &str) -> bool {
        self.state.as_bytes().ct_eq(state.as_bytes()).into()
    }

    /// Names this sign-in without giving away its state.
    pub(super) fn hash(&self) -> [u8; 32] {
        Sha256::new().chain_update(b"redring sign-in").chain_update(&self.state).finalize().into()
    }
}

fn cipher(key: &Secret<32>) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.expose().into())
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

    #[test]
    fn nothing_else_is_opened() {
        let key = Secret::new([1; 32]);
        let sealed = pending().seal(&key);
        let bytes = URL_SAFE_NO_PAD.decode(&sealed).expect("base64");
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(Pending::open(&key, &URL_SAFE_NO_PAD.encode(&changed), 0).is_none(), "byte {at}");
        }
        for other in ["", "AA", "not base64!", &sealed[..sealed.len() - 2], &URL_SAFE_NO_PAD.encode([0; 24])] {
            assert!(Pending::open(&key, other, 0).is_none(), "{other}");
        }
    }
}
