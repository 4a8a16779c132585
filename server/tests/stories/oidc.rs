//! Signing in with an identity provider, most of them hostile: whatever they and browsers do, nobody is signed in who did
//! not prove who they are.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use openidconnect::core::CoreJwsSigningAlgorithm;
use openidconnect::url::{Url, form_urlencoded};
use openidconnect::{ClientId, ClientSecret, IssuerUrl};
use protocol::api::SignInProblem;
use protocol::ids::{ProviderId, TenantId};
use serde_json::json;
use server::clock::Clock;
use server::config::{GroupsClaim, OidcProvider};
use server::storage::NewGroup;
use server::test_server::START;

use crate::support::http::{Answer, Browser};
use crate::support::provider::{
    CLIENT_ID, CLIENT_SECRET, KEY_ID, Play, Providers, Reply, Signature, public_bytes, public_key,
};
use crate::support::world::{World, quick};

const NOW_S: i64 = START / 1000;

/// A world with one identity provider for each case, all at one address.
struct Scene {
    world: World,
    providers: Providers,
    clock: Clock,
}

/// What a browser has after it was sent to the provider.
struct Sent {
    cookie: String,
    url: Url,
    query: HashMap<String, String>,
}

/// What a browser brings back.
struct Return {
    cookie: Option<String>,
    query: Vec<(&'static str, String)>,
}

impl Return {
    fn set(&mut self, name: &'static str, value: &str) {
        self.remove(name);
        self.query.push((name, value.to_owned()));
    }

    fn remove(&mut self, name: &str) {
        self.query.retain(|(present, _)| *present != name);
    }

    fn get(&self, name: &str) -> String {
        let found = self.query.iter().find(|(present, _)| *present == name);
        found.expect("a parameter").1.clone()
    }
}

impl Scene {
    async fn start(cases: &[&str]) -> Self {
        Self::with(cases, |_, _| ()).await
    }

    async fn with(cases: &[&str], change: impl Fn(&str, &mut OidcProvider)) -> Self {
        let providers = Providers::start().await;
        let clock = Clock::manual(START);
        let configured = cases.iter().map(|case| {
            let mut provider = OidcProvider {
                id: ProviderId::new(*case).unwrap(),
                tenant: TenantId::new("contoso").unwrap(),
                name: "Contoso ID".to_owned(),
                issuer: IssuerUrl::new(providers.issuer(case)).unwrap(),
                client_id: ClientId::new(CLIENT_ID.to_owned()),
                client_secret: Some(ClientSecret::new(CLIENT_SECRET.to_owned())),
                scopes: vec!["email".to_owned(), "profile".to_owned()],
                algorithms: vec![CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256, CoreJwsSigningAlgorithm::EdDsa],
                create_users: false,
                groups: None,
                answer_within: Duration::from_secs(10),
            };
            change(case, &mut provider);
            provider
        });
        let configured: Vec<_> = configured.collect();
        let world = World::configured(quick(), clock.clone(), |config| config.oidc = configured).await;
        for case in cases {
            providers.set(case, NOW_S, |_| ());
        }
        Self { world, providers, clock }
    }

    async fn begin(&self, browser: &Browser, case: &str, return_to: Option<&str>) -> Answer {
        let query = return_to.map(|path| {
            let path: String = form_urlencoded::byte_serialize(path.as_bytes()).collect();
            format!("?return_to={path}")
        });
        browser.get(&format!("/oidc/{case}/start{}", query.unwrap_or_default())).await
    }

    /// Sends somebody's browser to the provider.
    async fn send(&self, browser: &Browser, case: &str) -> Sent {
        let answer = self.begin(browser, case, None).await;
        self.sent(&answer, case)
    }

    /// Sends somebody's browser to the provider to prove anew who they are.
    async fn send_anew(&self, browser: &Browser, case: &str) -> Sent {
        let answer = browser.get(&format!("/oidc/{case}/start?fresh=true")).await;
        self.sent(&answer, case)
    }

    fn sent(&self, answer: &Answer, case: &str) -> Sent {
        let url = Url::parse(header(answer, "location").expect("a redirect")).expect("the provider's page");
        let query: HashMap<String, String> = url.query_pairs().into_owned().collect();
        self.providers.change(case, |play| {
            play.nonce.clone_from(&query["nonce"]);
            play.challenge.clone_from(&query["code_challenge"]);
        });
        Sent { cookie: cookie(answer, "oidc").expect("a cookie"), url, query }
    }

    /// What an honest browser brings back from the provider.
    fn honest(&self, sent: &Sent, case: &str) -> Return {
        let query = vec![
            ("state", sent.query["state"].clone()),
            ("code", "code-1".to_owned()),
            ("iss", self.providers.issuer(case)),
        ];
        Return { cookie: Some(format!("oidc={}", sent.cookie)), query }
    }

    async fn bring(&self, back: &Return) -> Answer {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&back.query).finish();
        let browser = match &back.cookie {
            Some(cookie) => self.world.nobody().with_cookie(cookie),
            None => self.world.nobody(),
        };
        browser.get(&format!("/oidc/callback?{query}")).await
    }

    /// The whole way of an honest browser.
    async fn sign_in(&self, case: &str) -> Answer {
        let sent = self.send(&self.world.nobody(), case).await;
        self.bring(&self.honest(&sent, case)).await
    }

    /// Who is signed in with the cookie of an answer.
    async fn me(&self, answer: &Answer) -> serde_json::Value {
        let sid = cookie(answer, "sid").unwrap_or_else(|| panic!("a login: {:?}", answer.headers));
        self.world.nobody().with_cookie(&format!("sid={sid}")).get("/me").await.json(200)
    }
}

/// The problem that an answer names, which signs nobody in.
fn refused(answer: &Answer, case: &str) -> String {
    assert_eq!(answer.status, 302, "{case}: {}", answer.body);
    assert_eq!(cookie(answer, "sid"), None, "{case}: no login");
    let location = header(answer, "location").expect("a redirect");
    let (page, query) = location.split_once('?').expect("a problem");
    assert_eq!(page, "/sign-in", "{case}");
    let query: HashMap<String, String> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    query["problem"].clone()
}

fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.headers.iter().find(|(present, _)| present == name).map(|(_, value)| value.as_str())
}

/// The value of a cookie that an answer sets.
fn cookie(answer: &Answer, name: &str) -> Option<String> {
    let lines = answer.headers.iter().filter(|(present, _)| present == "set-cookie");
    let mut pairs = lines.filter_map(|(_, line)| line.split(';').next()?.split_once('='));
    pairs.find(|(present, value)| *present == name && !value.is_empty()).map(|(_, value)| value.to_owned())
}

/// The whole line that sets a cookie.
fn cookie_line<'a>(answer: &'a Answer, name: &str) -> &'a str {
    let mut lines = answer.headers.iter().filter(|(present, _)| present == "set-cookie").map(|(_, line)| line.as_str());
    lines.find(|line| line.starts_with(&format!("{name}="))).expect("a cookie")
}

/// What a hostile provider or browser does, and what is said about it.
struct Case {
    name: &'static str,
    problem: SignInProblem,
    provider: fn(&mut Play),
    browser: fn(&mut Return),
}

const fn provider(name: &'static str, problem: SignInProblem, provider: fn(&mut Play)) -> Case {
    Case { name, problem, provider, browser: |_| () }
}

const fn browser(name: &'static str, problem: SignInProblem, browser: fn(&mut Return)) -> Case {
    Case { name, problem, provider: |_| (), browser }
}

use SignInProblem::{Cancelled, Expired, NoAccount, Unavailable, Untrusted};

const CASES: &[Case] = &[
    // What the provider publishes.
    provider("metadata-redirect", Unavailable, |play| {
        play.metadata_reply = Some(Reply::redirect(&format!("{}/elsewhere", play.issuer)));
    }),
    provider("metadata-of-another-issuer", Unavailable, |play| {
        play.metadata["issuer"] = json!("https://id.example.com");
    }),
    provider("metadata-of-almost-the-issuer", Unavailable, |play| {
        play.metadata["issuer"] = json!(format!("{}/", play.issuer));
    }),
    provider("metadata-missing", Unavailable, |play| play.metadata_reply = Some(Reply::status(404))),
    provider("metadata-malformed", Unavailable, |play| play.metadata_reply = Some(Reply::json("{\"issuer\":"))),
    provider("metadata-huge", Unavailable, |play| play.metadata_reply = Some(Reply::huge())),
    provider("metadata-slow", Unavailable, |play| play.delay = Duration::from_mins(1)),
    provider("authorization-endpoint-plain", Unavailable, |play| {
        play.metadata["authorization_endpoint"] = json!("http://id.example.com/authorize");
    }),
    provider("authorization-endpoint-script", Unavailable, |play| {
        play.metadata["authorization_endpoint"] = json!("javascript:alert(1)");
    }),
    provider("token-endpoint-plain", Unavailable, |play| {
        play.metadata["token_endpoint"] = json!("http://id.example.com/token");
    }),
    provider("token-endpoint-missing", Unavailable, |play| play.metadata["token_endpoint"] = json!(null)),
    provider("user-info-plain", Unavailable, |play| {
        play.metadata["userinfo_endpoint"] = json!("http://id.example.com/info");
    }),
    provider("keys-plain", Unavailable, |play| play.metadata["jwks_uri"] = json!("http://id.example.com/keys")),
    provider("keys-redirect", Unavailable, |play| play.keys_reply = Some(Reply::redirect("http://127.0.0.1:1/keys"))),
    provider("keys-huge", Unavailable, |play| play.keys_reply = Some(Reply::huge())),
    provider("keys-malformed", Unavailable, |play| play.keys_reply = Some(Reply::json("[]"))),
    // The token answer.
    provider("tokens-malformed", Untrusted, |play| play.token_reply = Some(Reply::json("{\"access_token\":"))),
    provider("tokens-huge", Unavailable, |play| play.token_reply = Some(Reply::huge())),
    provider("tokens-redirect", Untrusted, |play| play.token_reply = Some(Reply::redirect(&play.issuer))),
    provider("tokens-as-a-page", Untrusted, |play| {
        let headers = vec![("content-type", "text/html".to_owned())];
        play.token_reply = Some(Reply { headers, ..Reply::json("<html>") });
    }),
    provider("code-replayed", Untrusted, |play| {
        play.token_reply = Some(Reply { status: 400, ..Reply::json(r#"{"error":"invalid_grant"}"#) });
    }),
    provider("verifier-of-another-challenge", Untrusted, |play| play.asked.clear()),
    provider("id-token-missing", Untrusted, |play| play.tokens["id_token"] = json!(null)),
    provider("id-token-empty", Untrusted, |play| play.tokens["id_token"] = json!("")),
    provider("id-token-of-two-parts", Untrusted, |play| play.tokens["id_token"] = json!("e30.e30")),
    provider("id-token-twice", Untrusted, |play| {
        let body = r#"{"access_token":"a","token_type":"Bearer","id_token":"ID_TOKEN","id_token":"ID_TOKEN"}"#;
        play.token_reply = Some(Reply::json(body));
    }),
    provider("token-type-unknown", Untrusted, |play| play.tokens["token_type"] = json!("mac")),
    // The ID token.
    provider("iss-other", Untrusted, |play| play.claims["iss"] = json!("https://id.example.com")),
    provider("iss-long", Untrusted, |play| play.claims["iss"] = json!(format!("https://{}", "x\n".repeat(50_000)))),
    provider("iss-almost", Untrusted, |play| play.claims["iss"] = json!(format!("{}/", play.issuer))),
    provider("iss-missing", Untrusted, |play| play.claims["iss"] = json!(null)),
    provider("aud-other", Untrusted, |play| play.claims["aud"] = json!("another client")),
    provider("aud-missing", Untrusted, |play| play.claims["aud"] = json!(null)),
    provider("aud-empty", Untrusted, |play| play.claims["aud"] = json!([])),
    provider("aud-and-another", Untrusted, |play| play.claims["aud"] = json!([CLIENT_ID, "another client"])),
    provider("aud-and-another-with-azp", Untrusted, |play| {
        play.claims["aud"] = json!([CLIENT_ID, "another client"]);
        play.claims["azp"] = json!(CLIENT_ID);
    }),
    provider("azp-other", Untrusted, |play| play.claims["azp"] = json!("another client")),
    provider("alg-none", Untrusted, |play| {
        play.header = json!({"alg": "none"});
        play.signature = Signature::Bytes(Vec::new());
    }),
    provider("alg-none-in-capitals", Untrusted, |play| {
        play.header = json!({"alg": "NONE"});
        play.signature = Signature::Bytes(Vec::new());
    }),
    provider("hmac-with-the-public-key", Untrusted, |play| {
        play.header["alg"] = json!("HS256");
        play.signature = Signature::Hmac(public_bytes(1));
    }),
    provider("hmac-with-the-clients-secret", Untrusted, |play| {
        play.header["alg"] = json!("HS256");
        play.signature = Signature::Hmac(CLIENT_SECRET.as_bytes().to_vec());
    }),
    provider("alg-of-another-key", Untrusted, |play| play.header["alg"] = json!("RS256")),
    provider("alg-not-allowed", Untrusted, |play| play.header["alg"] = json!("ES384")),
    provider("alg-unknown", Untrusted, |play| play.header["alg"] = json!("XX256")),
    provider("signature-changed", Untrusted, |play| play.signature = Signature::Bytes(vec![1; 64])),
    provider("signature-missing", Untrusted, |play| play.signature = Signature::Bytes(Vec::new())),
    provider("signature-of-another-key", Untrusted, |play| play.signature = Signature::Key(2)),
    provider("key-unknown", Untrusted, |play| {
        play.header["kid"] = json!("key-2");
        play.signature = Signature::Key(2);
    }),
    provider("key-in-the-header", Untrusted, |play| {
        play.header["kid"] = json!("key-2");
        play.header["jwk"] = public_key(2, "key-2");
        play.signature = Signature::Key(2);
    }),
    provider("key-of-another-type", Untrusted, |play| {
        play.keys["keys"][0] = json!({"kty": "RSA", "use": "sig", "kid": KEY_ID, "n": "AQAB", "e": "AQAB"});
    }),
    provider("key-for-encryption", Untrusted, |play| play.keys["keys"][0]["use"] = json!("enc")),
    provider("two-keys-of-one-name", Untrusted, |play| {
        play.keys = json!({"keys": [public_key(1, KEY_ID), public_key(2, KEY_ID)]});
    }),
    provider("header-critical", Untrusted, |play| play.header["crit"] = json!(["exp"])),
    provider("header-of-an-access-token", Untrusted, |play| play.header["typ"] = json!("at+jwt")),
    provider("expired", Untrusted, |play| play.claims["exp"] = json!(NOW_S - 61)),
    provider("exp-missing", Untrusted, |play| play.claims["exp"] = json!(null)),
    provider("iat-in-the-future", Untrusted, |play| play.claims["iat"] = json!(NOW_S + 120)),
    provider("iat-long-ago", Untrusted, |play| play.claims["iat"] = json!(NOW_S - 3600)),
    provider("iat-missing", Untrusted, |play| play.claims["iat"] = json!(null)),
    provider("nbf-in-the-future", Untrusted, |play| play.claims["nbf"] = json!(NOW_S + 120)),
    provider("nbf-as-text", Untrusted, |play| play.claims["nbf"] = json!("now")),
    provider("nonce-missing", Untrusted, |play| play.claims["nonce"] = json!(null)),
    provider("nonce-other", Untrusted, |play| play.claims["nonce"] = json!("of another sign-in")),
    provider("at-hash-wrong", Untrusted, |play| play.claims["at_hash"] = json!("AAAAAAAAAAAAAAAAAAAAAA")),
    provider("sub-empty", Untrusted, |play| play.claims["sub"] = json!("")),
    provider("sub-missing", Untrusted, |play| play.claims["sub"] = json!(null)),
    provider("sub-long", Untrusted, |play| play.claims["sub"] = json!("x".repeat(300))),
    provider("sub-as-a-number", Untrusted, |play| play.claims["sub"] = json!(1)),
    provider("sub-with-other-letters", Untrusted, |play| play.claims["sub"] = json!("sübject")),
    provider("sub-twice", Untrusted, |play| {
        let claims = play.claims.to_string();
        let claims = claims.strip_suffix('}').unwrap();
        play.payload = Some(format!("{claims},\"nonce\":\"NONCE\",\"sub\":\"subject-2\"}}"));
    }),
    provider("payload-malformed", Untrusted, |play| play.payload = Some("{".to_owned())),
    provider("email-verified-as-text", Untrusted, |play| play.claims["email_verified"] = json!("true")),
    provider("groups-as-a-number", Untrusted, |play| play.claims["groups"] = json!(7)),
    provider("groups-of-numbers", Untrusted, |play| play.claims["groups"] = json!(["technicians", 7])),
    provider("groups-elsewhere", Untrusted, |play| play.claims["_claim_names"] = json!({"groups": "src1"})),
    // The user info.
    provider("user-info-of-somebody-else", Untrusted, |play| {
        play.claims["email"] = json!(null);
        play.info = json!({"sub": "subject-2", "email": "guest@example.com", "email_verified": true});
    }),
    provider("user-info-of-nobody", Untrusted, |play| {
        play.claims["email"] = json!(null);
        play.info = json!({"email": "guest@example.com", "email_verified": true});
    }),
    provider("user-info-redirect", Untrusted, |play| {
        play.claims["email"] = json!(null);
        play.info_reply = Some(Reply::redirect(&play.issuer));
    }),
    provider("user-info-huge", Unavailable, |play| {
        play.claims["email"] = json!(null);
        play.info_reply = Some(Reply::huge());
    }),
    // The account.
    provider("email-unverified", NoAccount, |play| play.claims["email_verified"] = json!(false)),
    provider("email-not-said-to-be-verified", NoAccount, |play| play.claims["email_verified"] = json!(null)),
    provider("email-unverified-in-the-user-info", NoAccount, |play| {
        play.claims["email"] = json!(null);
        play.info = json!({"sub": "subject-1", "email": "guest@example.com", "email_verified": "true"});
    }),
    provider("email-missing", NoAccount, |play| play.claims["email"] = json!(null)),
    provider("email-of-nobody", NoAccount, |play| play.claims["email"] = json!("nobody@example.com")),
    provider("email-of-another-tenant", NoAccount, |play| play.claims["email"] = json!("admin@fabrikam.example")),
    provider("email-that-looks-alike", NoAccount, |play| play.claims["email"] = json!("\u{212a}im@example.com")),
    provider("email-of-a-disabled-account", NoAccount, |play| play.claims["email"] = json!("stranger@example.com")),
    // The browser.
    browser("state-missing", Expired, |back| back.remove("state")),
    browser("state-empty", Expired, |back| back.set("state", "")),
    browser("state-other", Expired, |back| back.set("state", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")),
    browser("state-twice", Expired, |back| back.query.push(("state", back.get("state")))),
    browser("cookie-missing", Expired, |back| back.cookie = None),
    browser("cookie-changed", Expired, |back| back.cookie = back.cookie.take().map(|cookie| format!("{cookie}AAAA"))),
    browser("cookie-twice", Expired, |back| {
        back.cookie = back.cookie.take().map(|cookie| format!("{cookie}; {cookie}"));
    }),
    browser("cookie-by-hand", Expired, |back| back.cookie = Some("oidc=eyJzdGF0ZSI6IiJ9".to_owned())),
    browser("code-missing", Untrusted, |back| back.remove("code")),
    browser("code-twice", Expired, |back| back.query.push(("code", "code-2".to_owned()))),
    browser("code-and-error", Untrusted, |back| back.set("error", "access_denied")),
    browser("error-answer", Cancelled, |back| {
        back.remove("code");
        back.set("error", "access_denied");
    }),
    browser("error-answer-of-another-provider", Untrusted, |back| {
        back.remove("code");
        back.set("error", "access_denied");
        back.set("iss", "https://id.example.com");
    }),
    browser("issuer-missing", Untrusted, |back| back.remove("iss")),
    browser("issuer-other", Untrusted, |back| back.set("iss", "https://id.example.com")),
    browser("issuer-twice", Expired, |back| back.query.push(("iss", "https://id.example.com".to_owned()))),
];

#[tokio::test]
async fn nobody_is_signed_in_by_a_hostile_provider_or_browser() {
    const { assert!(40 <= CASES.len()) };
    let names: Vec<&str> = CASES.iter().map(|case| case.name).chain(["control"]).collect();
    let scene = Scene::with(&names, |case, provider| {
        if case.ends_with("-slow") {
            provider.answer_within = Duration::from_millis(300);
        }
        if case.starts_with("groups-") {
            let names = BTreeMap::from([("technicians".to_owned(), "Technicians".to_owned())]);
            provider.groups = Some(GroupsClaim { claim: "groups".to_owned(), names });
        }
    })
    .await;
    scene.world.execute("UPDATE user SET disabled = 1 WHERE email = 'stranger@example.com'").await;
    scene
        .world
        .bootstrap(
            &server::test_server::user("kim@example.com", "Kim", "")
                .replace("[[tenant.user]]", "[[tenant]]\nid = \"contoso\"\nname = \"Contoso\"\n[[tenant.user]]"),
        )
        .await;
    let nobody = scene.world.nobody();
    for case in CASES {
        let name = case.name;
        scene.providers.set(name, NOW_S, case.provider);
        let begun = scene.begin(&nobody, name, None).await;
        let answer = if header(&begun, "location").is_some_and(|location| location.starts_with("http")) {
            let sent = scene.send(&nobody, name).await;
            if name.starts_with("verifier-") {
                scene.providers.change(name, |play| play.challenge = "of somebody else".to_owned());
            }
            let mut back = scene.honest(&sent, name);
            (case.browser)(&mut back);
            scene.bring(&back).await
        } else {
            assert_eq!(cookie(&begun, "oidc"), None, "{name}");
            begun
        };
        assert_eq!(refused(&answer, name), case.problem.code(), "{name}");
        assert_eq!(scene.world.n_logins().await, 0, "{name}");
    }
    let failed = scene.world.events("login.failed").await;
    assert!(
        failed.iter().all(|event| event["why"].as_str().is_some_and(|why| why.len() <= 300 && !why.contains('\n')))
    );
    assert_eq!(scene.world.events("login.succeeded").await.len(), 0);
    assert_eq!(scene.world.events("user.identity_linked").await.len(), 0);
    // The same without anything hostile.
    let me = scene.me(&scene.sign_in("control").await).await;
    assert_eq!(me["user"]["email"], "guest@example.com");
    assert_eq!(scene.world.n_logins().await, 1);
}

#[tokio::test]
async fn every_sound_signature_is_accepted_where_it_is_allowed() {
    use CoreJwsSigningAlgorithm::{EcdsaP256Sha256, EdDsa, RsaSsaPkcs1V15Sha256, RsaSsaPssSha256};
    let algorithms = [("ES256", EcdsaP256Sha256), ("PS256", RsaSsaPssSha256), ("RS256", RsaSsaPkcs1V15Sha256)];
    let names = algorithms.clone().map(|(name, _)| name.to_lowercase());
    let others = names.clone().map(|name| format!("{name}-not-allowed"));
    let cases: Vec<&str> = names.iter().chain(&others).map(String::as_str).collect();
    let scene = Scene::with(&cases, |case, provider| {
        let is_allowed = !case.ends_with("-not-allowed");
        let chosen = algorithms.iter().filter(|(name, _)| case.starts_with(&name.to_lowercase()) == is_allowed);
        provider.algorithms = chosen.map(|(_, algorithm)| algorithm.clone()).chain([EdDsa]).collect();
        provider.create_users = true;
    })
    .await;
    for (algorithm, _) in &algorithms {
        let case = algorithm.to_lowercase();
        let email = format!("{case}@example.com");
        let sign = |play: &mut Play| {
            play.claims["email"] = json!(email);
            play.sign_as(algorithm);
        };
        let other = format!("{case}-not-allowed");
        scene.providers.change(&other, sign);
        assert_eq!(refused(&scene.sign_in(&other).await, &other), "untrusted");
        scene.providers.change(&case, sign);
        assert_eq!(scene.me(&scene.sign_in(&case).await).await["user"]["email"], email);
    }
    assert_eq!(scene.world.n_logins().await, 3);
}

#[tokio::test]
async fn a_sign_in_asks_with_everything_that_ties_the_answer_to_it() {
    let scene = Scene::start(&["contoso"]).await;
    let offered: serde_json::Value = scene.world.nobody().get("/oidc").await.json(200);
    assert_eq!(offered, json!({"providers": [{"id": "contoso", "name": "Contoso ID"}], "passkeys": false}));
    let answer = scene.begin(&scene.world.nobody(), "contoso", None).await;
    assert!(cookie_line(&answer, "oidc").ends_with("; Path=/; HttpOnly; SameSite=Lax; Max-Age=600"));
    let (first, second) =
        (scene.send(&scene.world.nobody(), "contoso").await, scene.send(&scene.world.nobody(), "contoso").await);
    assert!(first.url.as_str().starts_with(&format!("{}/authorize?", scene.providers.issuer("contoso"))));
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", CLIENT_ID),
        ("scope", "openid email profile"),
        ("code_challenge_method", "S256"),
        ("redirect_uri", &format!("{}/api/v1/oidc/callback", scene.world.origin)),
    ] {
        assert_eq!(first.query[name], value, "{name}");
    }
    for name in ["state", "nonce", "code_challenge"] {
        assert_eq!(first.query[name].len(), 43, "{name}: 256 bits");
        assert_ne!(first.query[name], second.query[name], "{name}");
    }
    let answer = scene.bring(&scene.honest(&second, "contoso")).await;
    assert_eq!((answer.status, header(&answer, "location")), (302, Some("/rooms")));
    assert!(cookie_line(&answer, "sid").ends_with("; Path=/; HttpOnly; SameSite=Strict"));
    assert!(cookie_line(&answer, "oidc").ends_with("Max-Age=0"), "used up");
    scene.providers.change("contoso", |play| {
        assert_eq!((play.asked["grant_type"].as_str(), play.asked["code"].as_str()), ("authorization_code", "code-1"));
        assert!(play.authorization.as_ref().is_some_and(|value| value.starts_with("Basic ")));
    });
    let event = scene.world.events("login.succeeded").await.pop().unwrap();
    assert_eq!((&event["provider"], &event["actor"]["name"]), (&json!("contoso"), &json!("Gus Guest")));
    let linked = scene.world.events("user.identity_linked").await.pop().unwrap();
    assert_eq!((&linked["subject"], &linked["user"]), (&json!("subject-1"), &event["user"]));
}

#[tokio::test]
async fn people_return_to_where_they_were_and_to_no_other_site() {
    let scene = Scene::start(&["contoso"]).await;
    let nobody = scene.world.nobody();
    for path in [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil",
        "rooms",
        "",
        "/a\r\nb",
        "/api/v1/logout",
    ] {
        let answer = scene.begin(&nobody, "contoso", Some(path)).await;
        assert_eq!((answer.status, cookie(&answer, "oidc")), (400, None), "{path}");
    }
    let path = "/rooms/aurora/remote-access?a=b&c=%20#d";
    for problem in [false, true] {
        let answer = scene.begin(&nobody, "contoso", Some(path)).await;
        let url = Url::parse(header(&answer, "location").unwrap()).unwrap();
        let query: HashMap<String, String> = url.query_pairs().into_owned().collect();
        scene.providers.change("contoso", |play| {
            play.nonce.clone_from(&query["nonce"]);
            play.challenge.clone_from(&query["code_challenge"]);
        });
        let sent = Sent { cookie: cookie(&answer, "oidc").unwrap(), url, query };
        let mut back = scene.honest(&sent, "contoso");
        if problem {
            back.remove("code");
            back.set("error", "access_denied");
        }
        let answer = scene.bring(&back).await;
        let expected = "/sign-in?problem=cancelled&next=/rooms/aurora/remote-access%3Fa%3Db%26c%3D%2520%23d";
        assert_eq!(header(&answer, "location"), Some(if problem { expected } else { path }));
    }
}

#[tokio::test]
async fn nothing_works_twice_or_late_or_for_another_browser_or_provider() {
    let scene = Scene::start(&["contoso", "other"]).await;
    let nobody = scene.world.nobody();
    let sent = scene.send(&nobody, "contoso").await;
    let back = scene.honest(&sent, "contoso");
    assert_eq!(scene.me(&scene.bring(&back).await).await["user"]["name"], "Gus Guest");
    // This provider takes a code as often as it is given.
    assert_eq!(refused(&scene.bring(&back).await, "replayed"), "expired");
    assert_eq!(scene.world.n_logins().await, 1);

    let (mine, theirs) = (scene.send(&nobody, "contoso").await, scene.send(&nobody, "contoso").await);
    let mut swapped = scene.honest(&theirs, "contoso");
    swapped.cookie = Some(format!("oidc={}", mine.cookie));
    assert_eq!(refused(&scene.bring(&swapped).await, "another browser"), "expired");

    // A token of an earlier sign-in.
    let nonce = mine.query["nonce"].clone();
    scene.providers.change("contoso", |play| play.nonce = nonce);
    let answer = scene.bring(&scene.honest(&theirs, "contoso")).await;
    assert_eq!(refused(&answer, "nonce replayed"), "untrusted");

    // A code of one provider that is brought to the other one.
    let sent = scene.send(&nobody, "other").await;
    let answer = scene.bring(&scene.honest(&sent, "contoso")).await;
    assert_eq!(refused(&answer, "mix-up"), "untrusted");

    let sent = scene.send(&nobody, "contoso").await;
    scene.clock.advance(Duration::from_mins(10));
    assert_eq!(refused(&scene.bring(&scene.honest(&sent, "contoso")).await, "late"), "expired");
    assert_eq!(scene.world.n_logins().await, 1);
    let failed = scene.world.events("login.failed").await;
    assert_eq!(failed.len(), 3, "what a provider was asked for is on record");
    assert!(failed.iter().all(|event| event["provider"].is_string() && event["why"].is_string()));
}

#[tokio::test]
async fn a_sign_in_confirms_only_when_the_person_proved_it_just_now() {
    let scene = Scene::start(&["contoso"]).await;
    let nobody = scene.world.nobody();
    let usual = scene.send(&nobody, "contoso").await;
    assert!(!usual.query.contains_key("prompt") && !usual.query.contains_key("max_age"));
    scene.providers.change("contoso", |play| play.claims["auth_time"] = json!(NOW_S));
    let answer = scene.bring(&scene.honest(&usual, "contoso")).await;
    assert!(cookie(&answer, "confirmation").is_none(), "the provider may have remembered the person");

    let anew = scene.send_anew(&nobody, "contoso").await;
    assert_eq!((anew.query["prompt"].as_str(), anew.query["max_age"].as_str()), ("login", "0"));
    let answer = scene.bring(&scene.honest(&anew, "contoso")).await;
    assert!(cookie_line(&answer, "confirmation").ends_with("; Path=/; HttpOnly; SameSite=Strict; Max-Age=300"));
    let pair = |name: &str| format!("{name}={}", cookie(&answer, name).expect("a cookie"));
    let browser = scene.world.nobody().with_cookie(&format!("{}; {}", pair("sid"), pair("confirmation")));
    let ways: serde_json::Value = browser.get("/me/confirmation").await.json(200);
    assert_eq!((&ways["confirmed"], &ways["providers"][0]["id"]), (&json!(true), &json!("contoso")));

    for (what, at) in [
        ("no time", json!(null)),
        ("long ago", json!(NOW_S - 12 * 60)),
        ("in the future", json!(NOW_S + 120)),
        ("no number", json!("now")),
    ] {
        scene.providers.change("contoso", |play| play.claims["auth_time"] = at);
        let anew = scene.send_anew(&nobody, "contoso").await;
        let problem = refused(&scene.bring(&scene.honest(&anew, "contoso")).await, what);
        assert_eq!(problem, "untrusted", "{what}");
    }
    assert_eq!(scene.world.n_logins().await, 2);
}

#[tokio::test]
async fn a_sign_in_makes_a_login_of_its_own_and_ends_the_one_before() {
    let scene = Scene::start(&["contoso"]).await;
    let before = scene.world.sign_in("colleague").await;
    let chosen = scene.world.nobody().with_cookie("sid=AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE");
    let sent = scene.send(&chosen, "contoso").await;
    let answer = scene.bring(&scene.honest(&sent, "contoso")).await;
    assert_ne!(cookie(&answer, "sid").as_deref(), Some("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"));
    assert_eq!(chosen.get("/me").await.status, 401, "nobody's own choice is a login");

    let sent = scene.send(&before, "contoso").await;
    assert_eq!(before.get("/me").await.status, 200, "until the other one is there");
    let answer = scene.bring(&scene.honest(&sent, "contoso")).await;
    assert_eq!(scene.me(&answer).await["user"]["name"], "Gus Guest");
    assert_eq!(before.get("/me").await.status, 401);
}

#[tokio::test]
async fn issuer_and_subject_are_who_somebody_is() {
    let scene = Scene::start(&["contoso", "other"]).await;
    let first = scene.me(&scene.sign_in("contoso").await).await;
    // The address is changed to one of somebody else, or is no longer known.
    for claims in [json!("colleague@example.com"), json!("new@example.com"), json!(null)] {
        scene.providers.change("contoso", |play| play.claims["email"] = claims);
        assert_eq!(scene.me(&scene.sign_in("contoso").await).await["user"], first["user"]);
    }
    // Somebody else with the address, at the same provider and at another one.
    scene.providers.set("contoso", NOW_S, |play| play.claims["sub"] = json!("subject-2"));
    assert_eq!(refused(&scene.sign_in("contoso").await, "subject"), "no_account");
    assert_eq!(refused(&scene.sign_in("other").await, "issuer"), "no_account");
    scene.world.execute("UPDATE user SET disabled = 1 WHERE email = 'guest@example.com'").await;
    scene.providers.set("contoso", NOW_S, |_| ());
    let disabled = scene.sign_in("contoso").await;
    scene.providers.set("contoso", NOW_S, |play| play.claims["sub"] = json!("subject-3"));
    let unknown = scene.sign_in("contoso").await;
    assert_eq!(refused(&disabled, "disabled"), "no_account");
    assert_eq!(header(&disabled, "location"), header(&unknown, "location"));
    assert_eq!(scene.world.events("user.identity_linked").await.len(), 1);
}

#[tokio::test]
async fn people_without_an_account_get_one_only_where_that_is_wanted() {
    let scene = Scene::with(&["inviting", "choosy"], |case, provider| provider.create_users = case == "inviting").await;
    let newcomer = |play: &mut Play| {
        play.claims["email"] = json!("nele@example.com");
        play.claims["name"] = json!("Nele New");
    };
    scene.providers.set("choosy", NOW_S, newcomer);
    assert_eq!(refused(&scene.sign_in("choosy").await, "choosy"), "no_account");
    for email in ["admin@fabrikam.example", "nele"] {
        scene.providers.set("inviting", NOW_S, |play| play.claims["email"] = json!(email));
        assert_eq!(refused(&scene.sign_in("inviting").await, email), "no_account");
    }
    scene.providers.set("inviting", NOW_S, |play| {
        newcomer(play);
        play.claims["email_verified"] = json!(false);
    });
    assert_eq!(refused(&scene.sign_in("inviting").await, "unverified"), "no_account");
    assert_eq!(scene.world.events("user.identity_linked").await.len(), 0);

    scene.providers.set("inviting", NOW_S, newcomer);
    let me = scene.me(&scene.sign_in("inviting").await).await;
    assert_eq!((&me["user"]["name"], &me["permissions"]), (&json!("Nele New"), &json!([])), "an account may nothing");
    assert_eq!(scene.me(&scene.sign_in("inviting").await).await["user"], me["user"]);
    let made = scene.world.events("user.created").await;
    assert_eq!(made.iter().filter(|event| event["email"] == "nele@example.com").count(), 1);
    let (_, user) = scene.world.core.storage.user_by_email("nele@example.com").await.unwrap().unwrap();
    assert_eq!(user.state(), protocol::api::UserState::Active, "there is a way to sign in");
}

#[tokio::test]
async fn groups_follow_the_provider_and_sessions_follow_the_groups() {
    let scene = Scene::with(&["contoso"], |_, provider| {
        let names = [("tech", "Technicians"), ("gone", "No such group")];
        let names = names.map(|(value, name)| (value.to_owned(), name.to_owned()));
        provider.groups = Some(GroupsClaim { claim: "groups".to_owned(), names: BTreeMap::from(names) });
    })
    .await;
    let scope = scene.world.scope("contoso").await;
    for (number, name) in [(1, "Technicians"), (2, "Others")] {
        let id = protocol::ids::GroupId([number; 16]);
        let group = NewGroup { id, name: name.to_owned(), description: String::new(), created_at: START };
        scene.world.core.storage.create_group(&scope, &group, &[], Vec::new()).await.unwrap();
    }
    scene
        .world
        .execute(
            "INSERT INTO user_group_member (tenant, user_group, user)
                 SELECT 'contoso', x'02020202020202020202020202020202', id FROM user WHERE email = 'guest@example.com';
             INSERT INTO assignment (tenant, id, role, name, description, everywhere, made_at)
                 SELECT 'contoso', x'03030303030303030303030303030303', id, 'Technicians', '', 1, 0 FROM role
                 WHERE tenant = 'contoso' AND name = 'Console technicians';
             INSERT INTO assignment_group (tenant, assignment, user_group)
                 VALUES ('contoso', x'03030303030303030303030303030303', x'01010101010101010101010101010101');",
        )
        .await;
    let groups = |claim: serde_json::Value| {
        scene.providers.change("contoso", |play| play.claims["groups"] = claim);
    };
    let names = async || {
        let user = scene.world.core.storage.user_by_email("guest@example.com").await.unwrap().unwrap().1;
        let groups = scene.world.core.storage.groups_of(&scope, &user.id).await.unwrap();
        groups.into_iter().map(|group| group.name).collect::<Vec<_>>()
    };
    groups(json!(["tech", "Others", "gone", "unknown"]));
    let answer = scene.sign_in("contoso").await;
    assert!(scene.me(&answer).await["permissions"].to_string().contains("remote_access.modify"));
    assert_eq!(names().await, ["Others", "Technicians"]);
    scene.sign_in("contoso").await;
    assert_eq!(scene.world.events("group.joined").await.len(), 1, "once");

    // A group that the token does not name may be in the user info.
    groups(json!(null));
    scene.providers.change("contoso", |play| play.info = json!({"sub": "subject-1", "groups": "tech"}));
    scene.sign_in("contoso").await;
    assert_eq!(names().await, ["Others", "Technicians"]);

    let sid = cookie(&answer, "sid").unwrap();
    let technician = scene.world.nobody().with_cookie(&format!("sid={sid}"));
    let agent = scene.world.console("aurora", 1).await;
    let _session = scene.world.session_with(technician, agent).await;
    groups(json!(["unknown"]));
    scene.sign_in("contoso").await;
    assert_eq!(scene.world.the_end().await, "revoked");
    assert_eq!(names().await, ["Others"]);
    let left = scene.world.events("group.left").await.pop().unwrap();
    assert_eq!((&left["name"], &left["actor"]["type"]), (&json!("Technicians"), &json!("server")));
}

#[tokio::test]
async fn new_keys_are_looked_for_once_and_not_at_every_made_up_name() {
    let scene = Scene::start(&["contoso"]).await;
    scene.sign_in("contoso").await;
    let n_keys = || scene.providers.change("contoso", |play| play.n_keys);
    assert_eq!(n_keys(), 1);
    scene.providers.change("contoso", |play| {
        play.keys = json!({"keys": [public_key(2, "key-2")]});
        play.header["kid"] = json!("key-2");
        play.signature = Signature::Key(2);
    });
    for _ in 0..5 {
        assert_eq!(refused(&scene.sign_in("contoso").await, "too early"), "untrusted");
    }
    assert_eq!(n_keys(), 1);
    scene.clock.advance(Duration::from_secs(61));
    assert_eq!(scene.me(&scene.sign_in("contoso").await).await["user"]["name"], "Gus Guest");
    scene.sign_in("contoso").await;
    assert_eq!(n_keys(), 2);
}

#[tokio::test]
async fn a_provider_that_was_down_is_asked_again() {
    let scene = Scene::start(&["contoso"]).await;
    scene.providers.change("contoso", |play| play.metadata_reply = Some(Reply::status(503)));
    let nobody = scene.world.nobody();
    assert_eq!(refused(&scene.begin(&nobody, "contoso", None).await, "down"), "unavailable");
    scene.providers.change("contoso", |play| play.metadata_reply = None);
    assert_eq!(refused(&scene.begin(&nobody, "contoso", None).await, "resting"), "unavailable");
    scene.clock.advance(Duration::from_secs(3));
    scene.me(&scene.sign_in("contoso").await).await;
}
