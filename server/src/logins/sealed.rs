//! What a browser keeps for the server, so that only this installation can read or make it. The server itself keeps
//! nothing: strangers cannot fill it, and every node can go on with what another one began.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use protocol::secure::Secret;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::random;

const NONCE_BYTES: usize = 24;

/// Seals a value; `context` is bound into the seal, so that what was sealed for one use is of none for another.
pub(super) fn seal(key: &Secret<32>, context: &[u8], value: &impl Serialize) -> String {
    let nonce = random::bytes::<NONCE_BYTES>();
    let text = serde_json::to_vec(value).expect("what is sealed is plain JSON");
    let sealed = cipher(key).encrypt(XNonce::from_slice(&nonce), Payload { msg: &text, aad: context });
    let sealed = sealed.expect("there is memory for a cookie");
    URL_SAFE_NO_PAD.encode([nonce.as_slice(), &sealed].concat())
}

/// `None` for what was not sealed here, for this use.
pub(super) fn open<T: DeserializeOwned>(key: &Secret<32>, context: &[u8], sealed: &str) -> Option<T> {
    let bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
    let (nonce, sealed) = bytes.split_at_checked(NONCE_BYTES)?;
    let text = cipher(key).decrypt(XNonce::from_slice(nonce), Payload { msg: sealed, aad: context }).ok()?;
    serde_json::from_slice(&text).ok()
}

fn cipher(key: &Secret<32>) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.expose().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTEXT: &[u8] = b"a test";

    #[test]
    fn what_was_sealed_is_opened_for_the_same_use() {
        let key = Secret::new([1; 32]);
        let sealed = seal(&key, CONTEXT, &7);
        assert_ne!(sealed, seal(&key, CONTEXT, &7));
        assert_eq!(open::<u32>(&key, CONTEXT, &sealed), Some(7));
        assert_eq!(open::<u32>(&key, b"another test", &sealed), None);
        assert_eq!(open::<u32>(&Secret::new([2; 32]), CONTEXT, &sealed), None);
        assert_eq!(open::<String>(&key, CONTEXT, &sealed), None);
    }

    #[test]
    fn nothing_else_is_opened() {
        let key = Secret::new([1; 32]);
        let sealed = seal(&key, CONTEXT, &7);
        let bytes = URL_SAFE_NO_PAD.decode(&sealed).expect("base64");
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert_eq!(open::<u32>(&key, CONTEXT, &URL_SAFE_NO_PAD.encode(&changed)), None, "byte {at}");
        }
        for other in ["", "AA", "not base64!", &sealed[..sealed.len() - 2], &URL_SAFE_NO_PAD.encode([0; 24])] {
            assert_eq!(open::<u32>(&key, CONTEXT, other), None, "{other}");
        }
    }
}
