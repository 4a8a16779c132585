//! An identity provider written by hand, which says and does whatever a case wants. Each case has an issuer of its own at
//! one address, `http://127.0.0.1:<port>/<case>`.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use openidconnect::url::form_urlencoded;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
    RsaEncoding, RsaKeyPair,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub(crate) const CLIENT_ID: &str = "redring";
pub(crate) const CLIENT_SECRET: &str = "a secret of both sides";
/// The id of the key that every provider publishes.
pub(crate) const KEY_ID: &str = "key-1";

/// An answer word for word.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn json(body: impl Into<String>) -> Self {
        Self { status: 200, headers: vec![("content-type", "application/json".to_owned())], body: body.into() }
    }

    pub(crate) fn status(status: u16) -> Self {
        Self { status, ..Self::json("{}") }
    }

    pub(crate) fn redirect(to: &str) -> Self {
        Self { status: 307, headers: vec![("location", to.to_owned())], body: String::new() }
    }

    /// Well formed, and larger than anybody needs.
    pub(crate) fn huge() -> Self {
        Self::json(format!("{{\"padding\":\"{}\"}}", "x".repeat(2 << 20)))
    }
}

/// How the ID token is signed.
#[derive(Debug, Clone)]
pub(crate) enum Signature {
    /// With the key of this number; the published one is 1.
    Key(u8),
    Hmac(Vec<u8>),
    Bytes(Vec<u8>),
    /// With a key of the type that goes with the algorithm: `ES256`, `PS256` or `RS256`.
    As(&'static str),
}

/// What a provider publishes and answers. A default one is sound.
#[derive(Debug, Clone)]
pub(crate) struct Play {
    pub(crate) issuer: String,
    pub(crate) metadata: Value,
    pub(crate) metadata_reply: Option<Reply>,
    pub(crate) keys: Value,
    pub(crate) keys_reply: Option<Reply>,
    pub(crate) header: Value,
    /// The nonce of the sign-in is added unless there is one; `null` leaves a claim out.
    pub(crate) claims: Value,
    /// In the place of the claims, word for word.
    pub(crate) payload: Option<String>,
    pub(crate) signature: Signature,
    /// The token answer; the ID token is added unless there is one, `null` leaves it out.
    pub(crate) tokens: Value,
    pub(crate) token_reply: Option<Reply>,
    pub(crate) info: Value,
    pub(crate) info_reply: Option<Reply>,
    /// Before each answer.
    pub(crate) delay: Duration,
    /// What the sign-in page was asked with.
    pub(crate) nonce: String,
    pub(crate) challenge: String,
    /// How often the keys were asked for.
    pub(crate) n_keys: u32,
    /// The last request for tokens.
    pub(crate) asked: HashMap<String, String>,
    pub(crate) authorization: Option<String>,
}

impl Play {
    fn new(issuer: &str, now_s: i64) -> Self {
        Self {
            issuer: issuer.to_owned(),
            metadata: json!({
                "issuer": issuer,
                "authorization_endpoint": format!("{issuer}/authorize"),
                "token_endpoint": format!("{issuer}/token"),
                "userinfo_endpoint": format!("{issuer}/info"),
                "jwks_uri": format!("{issuer}/keys"),
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["EdDSA", "none", "HS256"],
                "authorization_response_iss_parameter_supported": true,
            }),
            metadata_reply: None,
            keys: json!({"keys": [public_key(1, KEY_ID)]}),
            keys_reply: None,
            header: json!({"alg": "EdDSA", "kid": KEY_ID, "typ": "JWT"}),
            claims: json!({
                "iss": issuer, "aud": CLIENT_ID, "sub": "subject-1", "iat": now_s, "exp": now_s + 300,
                "email": "guest@example.com", "email_verified": true, "name": "Gus Guest",
            }),
            payload: None,
            signature: Signature::Key(1),
            tokens: json!({"access_token": "access", "token_type": "Bearer", "expires_in": 300}),
            token_reply: None,
            info: json!({"sub": "subject-1"}),
            info_reply: None,
            delay: Duration::ZERO,
            nonce: String::new(),
            challenge: String::new(),
            n_keys: 0,
            asked: HashMap::new(),
            authorization: None,
        }
    }

    fn id_token(&self) -> String {
        let mut claims = self.claims.clone();
        let fields = claims.as_object_mut().expect("claims");
        fields.entry("nonce").or_insert_with(|| self.nonce.clone().into());
        fields.retain(|_, value| !value.is_null());
        let payload = self.payload.clone().map(|payload| payload.replace("NONCE", &self.nonce));
        let payload = payload.unwrap_or_else(|| claims.to_string());
        let signed = format!("{}.{}", encoded(self.header.to_string()), encoded(payload));
        let signature = match &self.signature {
            Signature::Key(number) => key(*number).sign(signed.as_bytes()).as_ref().to_vec(),
            Signature::Hmac(secret) => {
                let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("any length");
                mac.update(signed.as_bytes());
                mac.finalize().into_bytes().to_vec()
            }
            Signature::Bytes(bytes) => bytes.clone(),
            Signature::As("ES256") => {
                let signature = ELLIPTIC.sign(&SystemRandom::new(), signed.as_bytes());
                signature.expect("a signature").as_ref().to_vec()
            }
            Signature::As("PS256") => rsa_signature(&RSA_PSS_SHA256, signed.as_bytes()),
            Signature::As("RS256") => rsa_signature(&RSA_PKCS1_SHA256, signed.as_bytes()),
            Signature::As(algorithm) => panic!("nobody signs as {algorithm}"),
        };
        format!("{signed}.{}", encoded(signature))
    }

    /// Signs with this algorithm, with a key that is published for it.
    pub(crate) fn sign_as(&mut self, algorithm: &'static str) {
        self.keys = json!({"keys": [public_key_for(algorithm)]});
        self.header["alg"] = json!(algorithm);
        self.signature = Signature::As(algorithm);
    }

    fn token_answer(&mut self, body: &[u8], authorization: Option<String>) -> Reply {
        self.asked = form_urlencoded::parse(body).into_owned().collect();
        self.authorization = authorization;
        let verifier = self.asked.get("code_verifier").cloned().unwrap_or_default();
        if encoded(Sha256::digest(verifier)) != self.challenge {
            return Reply { status: 400, ..Reply::json(r#"{"error":"invalid_grant"}"#) };
        }
        let token = self.id_token();
        if let Some(reply) = self.token_reply.clone() {
            return Reply { body: reply.body.replace("ID_TOKEN", &token), ..reply };
        }
        let mut tokens = self.tokens.clone();
        let fields = tokens.as_object_mut().expect("an object");
        fields.entry("id_token").or_insert_with(|| token.into());
        fields.retain(|_, value| !value.is_null());
        Reply::json(tokens.to_string())
    }
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn key(number: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[number; 32]).expect("32 bytes")
}

/// The bytes of a public key.
pub(crate) fn public_bytes(number: u8) -> Vec<u8> {
    key(number).public_key().as_ref().to_vec()
}

/// A public key as a provider publishes it.
pub(crate) fn public_key(number: u8, id: &str) -> Value {
    json!({"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": id, "x": encoded(public_bytes(number))})
}

static ELLIPTIC: LazyLock<EcdsaKeyPair> = LazyLock::new(|| {
    let random = SystemRandom::new();
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.as_ref(), &random).expect("a key")
});

/// Made for these tests: to make one takes too long.
static RSA: LazyLock<RsaKeyPair> = LazyLock::new(|| RsaKeyPair::from_pkcs8(include_bytes!("rsa.pk8")).expect("a key"));

fn rsa_signature(padding: &'static dyn RsaEncoding, message: &[u8]) -> Vec<u8> {
    let mut signature = vec![0; RSA.public().modulus_len()];
    RSA.sign(padding, &SystemRandom::new(), message, &mut signature).expect("a signature");
    signature
}

/// The public key of [`Signature::As`].
fn public_key_for(algorithm: &str) -> Value {
    if algorithm == "ES256" {
        // The point is not compressed: a byte that says so, then both coordinates.
        let (x, y) = ELLIPTIC.public_key().as_ref()[1..].split_at(32);
        return json!({"kty": "EC", "crv": "P-256", "use": "sig", "kid": KEY_ID, "x": encoded(x), "y": encoded(y)});
    }
    let PublicKeyComponents { n, e } = PublicKeyComponents::<Vec<u8>>::from(RSA.public());
    json!({"kty": "RSA", "use": "sig", "kid": KEY_ID, "n": encoded(n), "e": encoded(e)})
}

type Plays = Arc<Mutex<HashMap<String, Play>>>;

/// All cases' providers.
pub(crate) struct Providers {
    pub(crate) origin: String,
    plays: Plays,
    server: JoinHandle<()>,
}

impl Providers {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let plays = Plays::default();
        let router = Router::new()
            .route("/{case}/.well-known/openid-configuration", get(metadata))
            .route("/{case}/keys", get(keys))
            .route("/{case}/token", post(tokens))
            .route("/{case}/info", get(info))
            .with_state(Arc::clone(&plays));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.expect("served") });
        Self { origin, plays, server }
    }

    pub(crate) fn issuer(&self, case: &str) -> String {
        format!("{}/{case}", self.origin)
    }

    /// A sound provider, then what the case makes of it.
    pub(crate) fn set(&self, case: &str, now_s: i64, change: impl FnOnce(&mut Play)) {
        let mut play = Play::new(&self.issuer(case), now_s);
        change(&mut play);
        self.plays().insert(case.to_owned(), play);
    }

    pub(crate) fn change<T>(&self, case: &str, change: impl FnOnce(&mut Play) -> T) -> T {
        change(self.plays().get_mut(case).expect("a case"))
    }

    fn plays(&self) -> std::sync::MutexGuard<'_, HashMap<String, Play>> {
        self.plays.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Providers {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// What a case's provider answers, after its delay.
async fn answer(plays: Plays, case: String, act: impl FnOnce(&mut Play) -> Reply) -> Response {
    let (delay, reply) = {
        let mut plays = plays.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(play) = plays.get_mut(&case) else { return StatusCode::NOT_FOUND.into_response() };
        (play.delay, act(play))
    };
    tokio::time::sleep(delay).await;
    let mut response = (StatusCode::from_u16(reply.status).expect("a status"), reply.body).into_response();
    response.headers_mut().remove(header::CONTENT_TYPE);
    for (name, value) in reply.headers {
        response.headers_mut().insert(name, value.parse().expect("a header"));
    }
    response
}

async fn metadata(State(plays): State<Plays>, Path(case): Path<String>) -> Response {
    answer(plays, case, |play| play.metadata_reply.clone().unwrap_or_else(|| Reply::json(play.metadata.to_string())))
        .await
}

async fn keys(State(plays): State<Plays>, Path(case): Path<String>) -> Response {
    answer(plays, case, |play| {
        play.n_keys += 1;
        play.keys_reply.clone().unwrap_or_else(|| Reply::json(play.keys.to_string()))
    })
    .await
}

async fn tokens(State(plays): State<Plays>, Path(case): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
    answer(plays, case, |play| play.token_answer(&body, authorization)).await
}

async fn info(State(plays): State<Plays>, Path(case): Path<String>) -> Response {
    answer(plays, case, |play| play.info_reply.clone().unwrap_or_else(|| Reply::json(play.info.to_string()))).await
}
