//! A device that keeps passkeys, written by hand ([WebAuthn] 6): it also does what a sound one does not.
//!
//! [WebAuthn]: https://www.w3.org/TR/webauthn-3/#sctn-authenticator-model

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The person is there, and was recognised.
const PRESENT: u8 = 1;
const VERIFIED: u8 = 1 << 2;
const WITH_KEY: u8 = 1 << 6;

/// What a device says about itself and its browser; changed by tests to what is wrong.
#[derive(Debug, Clone)]
pub(crate) struct Behaviour {
    pub(crate) origin: &'static str,
    pub(crate) relying_party: &'static str,
    pub(crate) flags: u8,
    /// In place of the kind that belongs to the ceremony.
    pub(crate) kind: Option<&'static str>,
    /// In place of the challenge that was asked for.
    pub(crate) challenge: Option<&'static str>,
    pub(crate) cross_origin: bool,
    /// In place of the account that the passkey was made for.
    pub(crate) user_handle: Option<Vec<u8>>,
    pub(crate) breaks_signature: bool,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            origin: "http://localhost:8080",
            relying_party: "localhost",
            flags: PRESENT | VERIFIED,
            kind: None,
            challenge: None,
            cross_origin: false,
            user_handle: None,
            breaks_signature: false,
        }
    }
}

impl Behaviour {
    pub(crate) fn without_recognising() -> Self {
        Self { flags: PRESENT, ..Self::default() }
    }

    pub(crate) fn without_anybody() -> Self {
        Self { flags: VERIFIED, ..Self::default() }
    }
}

/// A device with one passkey.
pub(crate) struct Authenticator {
    key: EcdsaKeyPair,
    id: [u8; 32],
    user_handle: Vec<u8>,
    counter: u32,
}

impl Authenticator {
    /// Makes a passkey for what a server asks; returns the answer, too.
    pub(crate) fn make(options: &str, behaviour: &Behaviour) -> (Self, String) {
        let options: Value = serde_json::from_str(options).unwrap();
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random).unwrap();
        let mut id = [0; 32];
        random.fill(&mut id).unwrap();
        let user_handle = URL_SAFE_NO_PAD.decode(options["user"]["id"].as_str().unwrap()).unwrap();
        let device = Self { key, id, user_handle, counter: 0 };
        let client_data = client_data("webauthn.create", &options, behaviour);
        let answer = json!({
            "id": URL_SAFE_NO_PAD.encode(id),
            "rawId": URL_SAFE_NO_PAD.encode(id),
            "type": "public-key",
            "response": {
                "clientDataJSON": URL_SAFE_NO_PAD.encode(client_data),
                "attestationObject": URL_SAFE_NO_PAD.encode(device.attestation(behaviour)),
                "transports": ["internal"],
            },
            "clientExtensionResults": {},
            "authenticatorAttachment": "platform",
        });
        (device, answer.to_string())
    }

    /// Proves that its person is there, for what a server asks.
    pub(crate) fn prove(&mut self, options: &str, behaviour: &Behaviour) -> String {
        self.counter += 1;
        self.prove_again(options, behaviour)
    }

    /// As a copy of the device that does not know what the other one did.
    pub(crate) fn prove_again(&self, options: &str, behaviour: &Behaviour) -> String {
        let options: Value = serde_json::from_str(options).unwrap();
        let client_data = client_data("webauthn.get", &options, behaviour);
        let data = self.data(behaviour.flags, behaviour);
        let signed = [data.as_slice(), &Sha256::digest(&client_data)].concat();
        let mut signature = self.key.sign(&SystemRandom::new(), &signed).unwrap().as_ref().to_vec();
        if behaviour.breaks_signature {
            *signature.last_mut().unwrap() ^= 1;
        }
        let user_handle = behaviour.user_handle.as_ref().unwrap_or(&self.user_handle);
        let answer = json!({
            "id": URL_SAFE_NO_PAD.encode(self.id),
            "rawId": URL_SAFE_NO_PAD.encode(self.id),
            "type": "public-key",
            "response": {
                "clientDataJSON": URL_SAFE_NO_PAD.encode(client_data),
                "authenticatorData": URL_SAFE_NO_PAD.encode(data),
                "signature": URL_SAFE_NO_PAD.encode(signature),
                "userHandle": URL_SAFE_NO_PAD.encode(user_handle),
            },
            "clientExtensionResults": {},
        });
        answer.to_string()
    }

    fn data(&self, flags: u8, behaviour: &Behaviour) -> Vec<u8> {
        let relying_party = Sha256::digest(behaviour.relying_party);
        [relying_party.as_slice(), &[flags], &self.counter.to_be_bytes()].concat()
    }

    /// CBOR by hand: a map of the format, an empty statement, and the authenticator's data with the key in it.
    fn attestation(&self, behaviour: &Behaviour) -> Vec<u8> {
        let (x, y) = self.key.public_key().as_ref()[1..].split_at(32);
        let key = [b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20".as_slice(), x, b"\x22\x58\x20", y].concat();
        let no_model = [0; 16];
        let id_length = (self.id.len() as u16).to_be_bytes();
        let data = self.data(behaviour.flags | WITH_KEY, behaviour);
        let data = [data.as_slice(), &no_model, &id_length, &self.id, &key].concat();
        let length = u8::try_from(data.len()).unwrap();
        [b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".as_slice(), &[length], &data].concat()
    }
}

fn client_data(kind: &str, options: &Value, behaviour: &Behaviour) -> Vec<u8> {
    let challenge = behaviour.challenge.unwrap_or_else(|| options["challenge"].as_str().unwrap());
    let kind = behaviour.kind.unwrap_or(kind);
    let data = json!({
        "type": kind, "challenge": challenge, "origin": behaviour.origin, "crossOrigin": behaviour.cross_origin,
    });
    data.to_string().into_bytes()
}
