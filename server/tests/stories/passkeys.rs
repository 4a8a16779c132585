//! Passkeys, with a device that is written by hand, sound and hostile.

use std::time::Duration;

use serde_json::{Value, json};
use server::test_server::{Answer, Browser, PASSWORD, TestServer};

use crate::support::authenticator::{Authenticator, Behaviour};

const PASSKEYS: &str = "/api/v1/me/passkeys";
const CONFIRMATION: &str = "/api/v1/me/confirmation";
const SIGN_IN: &str = "/api/v1/login/passkey";

async fn begin(browser: &Browser<'_>, path: &str) -> (String, String) {
    let begun = browser.post(&format!("{path}/begin"), Value::Null).await;
    assert_eq!(begun.status, 200, "{path}: {}", begun.text());
    let begun = begun.json();
    (begun["options"].as_str().unwrap().to_owned(), begun["state"].as_str().unwrap().to_owned())
}

async fn confirm_with_password(browser: &Browser<'_>) {
    assert_eq!(browser.post(CONFIRMATION, json!({"password": PASSWORD})).await.status, 204);
}

fn new_passkey(state: &str, credential: &str) -> Value {
    json!({"name": "Work laptop", "answer": {"state": state, "credential": credential}})
}

/// Adds a passkey to the account of somebody who is signed in.
async fn add(browser: &Browser<'_>) -> Authenticator {
    confirm_with_password(browser).await;
    let (options, state) = begin(browser, PASSKEYS).await;
    let (device, credential) = Authenticator::make(&options, &Behaviour::default());
    let added = browser.post(PASSKEYS, new_passkey(&state, &credential)).await;
    assert_eq!(added.status, 201, "{}", added.text());
    device
}

async fn sign_in(browser: &Browser<'_>, state: &str, credential: &str) -> Answer {
    browser.post(SIGN_IN, json!({"state": state, "credential": credential})).await
}

#[tokio::test]
async fn a_passkey_signs_in_and_confirms() {
    let server = TestServer::start().await;
    let mut device = add(&server.stranger().await).await;
    let browser = server.browser();
    let (options, state) = begin(&browser, SIGN_IN).await;
    let asked: Value = serde_json::from_str(&options).unwrap();
    assert_eq!((&asked["rpId"], &asked["userVerification"]), (&json!("localhost"), &json!("required")));
    assert_eq!(asked["allowCredentials"], json!([]), "the device finds the account");
    let signed_in = sign_in(&browser, &state, &device.prove(&options, &Behaviour::default())).await;
    assert_eq!((signed_in.status, &signed_in.json()["user"]["email"]), (200, &json!("stranger@example.com")));
    let passkey = browser.get(PASSKEYS).await.json()["passkeys"][0].clone();
    assert_eq!((&passkey["name"], passkey["last_used_at"].is_i64()), (&json!("Work laptop"), true));
    let event = server.events("login.succeeded").await.pop().unwrap();
    assert_eq!(event["passkey"], passkey["id"]);

    // Signing in was confirmation enough; after five minutes it is not.
    let ways = browser.get(CONFIRMATION).await.json();
    assert_eq!(ways, json!({"confirmed": true, "passkey": true, "password": false, "providers": []}));
    server.clock.advance(Duration::from_mins(5));
    assert_eq!(browser.get(CONFIRMATION).await.json()["confirmed"], false);
    let with_password = browser.post(CONFIRMATION, json!({"password": PASSWORD})).await;
    assert_eq!(with_password.problem_code(403), "forbidden", "whoever has a passkey confirms with it");
    let (options, state) = begin(&browser, CONFIRMATION).await;
    let credential = device.prove(&options, &Behaviour::default());
    let answer = json!({"passkey": {"state": state, "credential": credential}});
    assert_eq!(browser.post(CONFIRMATION, answer.clone()).await.status, 204);
    assert_eq!(browser.get(CONFIRMATION).await.json()["confirmed"], true);
    assert_eq!(browser.post(CONFIRMATION, answer).await.problem_code(401), "passkey_refused", "it counts once");
    assert_eq!(server.events("login.confirmed").await.pop().unwrap()["passkey"], passkey["id"]);
}

#[tokio::test]
async fn a_password_does_not_confirm_for_an_account_with_a_passkey() {
    let server = TestServer::start().await;
    add(&server.stranger().await).await;
    let browser = server.browser();
    let login = json!({"email": "stranger@example.com", "password": PASSWORD});
    assert_eq!(browser.post("/api/v1/login", login).await.status, 200);
    assert_eq!(browser.get(CONFIRMATION).await.json()["confirmed"], false);
    let refused = browser.post(&format!("{PASSKEYS}/begin"), Value::Null).await;
    assert_eq!(refused.problem_code(403), "confirmation_needed");
}

fn wrong() -> [(&'static str, Behaviour); 9] {
    let sound = Behaviour::default;
    [
        ("another site", Behaviour { origin: "https://evil.example", ..sound() }),
        ("another port", Behaviour { origin: "http://localhost:8081", ..sound() }),
        ("a host below", Behaviour { origin: "http://evil.localhost:8080", ..sound() }),
        ("another relying party", Behaviour { relying_party: "evil.example", ..sound() }),
        ("nobody recognised", Behaviour::without_recognising()),
        ("nobody there", Behaviour::without_anybody()),
        ("another ceremony", Behaviour { kind: Some("payment.get"), ..sound() }),
        (
            "a challenge of its own",
            Behaviour { challenge: Some("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), ..sound() },
        ),
        ("no challenge", Behaviour { challenge: Some(""), ..sound() }),
    ]
}

#[tokio::test]
async fn a_hostile_device_adds_no_passkey() {
    let server = TestServer::start().await;
    let browser = server.stranger().await;
    confirm_with_password(&browser).await;
    for (what, behaviour) in wrong() {
        let (options, state) = begin(&browser, PASSKEYS).await;
        let (_, credential) = Authenticator::make(&options, &behaviour);
        let answer = browser.post(PASSKEYS, new_passkey(&state, &credential)).await;
        assert_eq!(answer.problem_code(401), "passkey_refused", "{what}");
    }
    let (options, state) = begin(&browser, PASSKEYS).await;
    let (_, credential) = Authenticator::make(&options, &Behaviour::default());
    for credential in ["", "{}", "[]", "null", &credential[1..], &credential.replace("attestationObject", "signature")]
    {
        let answer = browser.post(PASSKEYS, new_passkey(&state, credential)).await;
        assert_eq!(answer.problem_code(401), "passkey_refused", "{credential}");
    }
    assert_eq!(browser.get(PASSKEYS).await.json()["passkeys"], json!([]));
    assert!(server.events("user.passkey_added").await.is_empty());
    // After all this the sound answer still counts: nothing of it was used up.
    assert_eq!(browser.post(PASSKEYS, new_passkey(&state, &credential)).await.status, 201);
    let again = browser.post(PASSKEYS, new_passkey(&state, &credential)).await;
    assert_eq!(again.problem_code(401), "passkey_refused");
}

#[tokio::test]
async fn a_hostile_device_signs_nobody_in() {
    let server = TestServer::start().await;
    let person = server.stranger().await;
    let mut device = add(&person).await;
    let administrator = server.core.storage.user_by_email("admin@example.com").await.unwrap().unwrap().1;
    let more = [
        ("a broken signature", Behaviour { breaks_signature: true, ..Behaviour::default() }),
        ("another account", Behaviour { user_handle: Some(administrator.id.0.to_vec()), ..Behaviour::default() }),
        ("no account", Behaviour { user_handle: Some(Vec::new()), ..Behaviour::default() }),
    ];
    let browser = server.browser();
    let (_, state) = begin(&browser, SIGN_IN).await;
    let nothing = sign_in(&browser, &state, "{}").await;
    for (what, behaviour) in wrong().into_iter().chain(more) {
        let browser = server.browser();
        let (options, state) = begin(&browser, SIGN_IN).await;
        let answer = sign_in(&browser, &state, &device.prove(&options, &behaviour)).await;
        assert_eq!(answer.problem_code(401), "passkey_refused", "{what}");
        assert!(answer.header("set-cookie").is_none(), "{what}");
        assert_eq!(answer.text(), nothing.text(), "{what}");
    }
    // A device that nobody here knows is answered alike.
    let adding = server.viewer_of("aurora").await;
    confirm_with_password(&adding).await;
    let (mut unknown, _) = Authenticator::make(&begin(&adding, PASSKEYS).await.0, &Behaviour::default());
    let (options, state) = begin(&browser, SIGN_IN).await;
    let answer = sign_in(&browser, &state, &unknown.prove(&options, &Behaviour::default())).await;
    assert_eq!((answer.status, answer.text()), (401, nothing.text()));
    let failed = server.events("login.failed").await;
    assert!(failed.iter().all(|event| event["user"] != administrator.id.to_string()), "{failed:?}");
    assert_eq!(server.events("login.succeeded").await.len(), 2, "of this test itself");
}

#[tokio::test]
async fn an_answer_counts_once_for_one_use_and_a_while() {
    let server = TestServer::start().await;
    let person = server.stranger().await;
    let mut device = add(&person).await;
    let sound = Behaviour::default();
    let browser = server.browser();

    let (options, state) = begin(&browser, SIGN_IN).await;
    let credential = device.prove(&options, &sound);
    assert_eq!(sign_in(&browser, &state, &credential).await.status, 200);
    assert_eq!(sign_in(&browser, &state, &credential).await.problem_code(401), "passkey_refused", "replayed");

    let (options, state) = begin(&browser, SIGN_IN).await;
    let copied = device.prove_again(&options, &sound);
    assert_eq!(sign_in(&browser, &state, &copied).await.problem_code(401), "passkey_refused", "a copied device");

    let (options, state) = begin(&browser, SIGN_IN).await;
    let late = device.prove(&options, &sound);
    server.clock.advance(Duration::from_mins(5));
    assert_eq!(sign_in(&browser, &state, &late).await.problem_code(401), "passkey_refused", "too late");

    // What was begun for one thing is of no use for another, nor is another state.
    let (options, confirming) = begin(&browser, CONFIRMATION).await;
    let credential = device.prove(&options, &sound);
    assert_eq!(sign_in(&browser, &confirming, &credential).await.problem_code(401), "passkey_refused");
    let (options, signing_in) = begin(&browser, SIGN_IN).await;
    let other = device.prove(&options, &sound);
    let confirm = |state: &str, credential: &str| json!({"passkey": {"state": state, "credential": credential}});
    for (state, credential) in [(&signing_in, &other), (&confirming, &other), (&signing_in, &credential)] {
        let answer = browser.post(CONFIRMATION, confirm(state, credential)).await;
        assert_eq!(answer.problem_code(401), "passkey_refused");
    }
    for state in ["", "AAAA", &confirming[1..]] {
        assert_eq!(sign_in(&browser, state, &other).await.problem_code(401), "passkey_refused", "{state}");
    }
    // Another login of the same person began nothing.
    let elsewhere = person.post(CONFIRMATION, confirm(&confirming, &credential)).await;
    assert_eq!(elsewhere.problem_code(401), "passkey_refused");
    assert_eq!(browser.post(CONFIRMATION, confirm(&confirming, &credential)).await.status, 204);
}

#[tokio::test]
async fn removed_passkeys_and_disabled_accounts_sign_nobody_in() {
    let server = TestServer::start().await;
    let person = server.stranger().await;
    let mut device = add(&person).await;
    let administrator = server.administrator().await;
    let user = person.get("/api/v1/me").await.json()["user"]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/users/{user}");
    let detail = administrator.get(&path).await.json();
    assert_eq!(detail["n_passkeys"], 1);

    let disabled = json!({"name": "Sam", "disabled": true, "version": detail["version"]});
    let disabled = administrator.put(&path, disabled).await.json();
    let browser = server.browser();
    let (options, state) = begin(&browser, SIGN_IN).await;
    let answer = sign_in(&browser, &state, &device.prove(&options, &Behaviour::default())).await;
    assert_eq!(answer.problem_code(401), "passkey_refused");
    let failed = server.events("login.failed").await.pop().unwrap();
    assert_eq!((&failed["user"], &failed["why"]), (&json!(user), &json!("passkey: the account is disabled")));

    let enabled = json!({"name": "Sam", "disabled": false, "version": disabled["version"]});
    assert_eq!(administrator.put(&path, enabled).await.status, 200);
    let manager = server.administrator_of("fabrikam").await;
    assert_eq!(manager.delete(&format!("{path}/passkeys")).await.status, 404);
    assert_eq!(administrator.delete(&format!("{path}/passkeys")).await.status, 204);
    assert_eq!(administrator.get(&path).await.json()["n_passkeys"], 0);
    let (options, state) = begin(&browser, SIGN_IN).await;
    let answer = sign_in(&browser, &state, &device.prove(&options, &Behaviour::default())).await;
    assert_eq!(answer.problem_code(401), "passkey_refused");
    assert_eq!(server.events("user.passkey_removed").await.len(), 1);
}

#[tokio::test]
async fn nobody_removes_a_passkey_of_somebody_else() {
    let server = TestServer::start().await;
    let person = server.stranger().await;
    add(&person).await;
    let id = person.get(PASSKEYS).await.json()["passkeys"][0]["id"].as_str().unwrap().to_owned();
    let other = server.viewer_of("aurora").await;
    confirm_with_password(&other).await;
    let foreign = other.delete(&format!("{PASSKEYS}/{id}")).await;
    let missing = other.delete(&format!("{PASSKEYS}/{}", "7".repeat(32))).await;
    assert_eq!((foreign.status, foreign.text()), (404, missing.text()));
    // The person has to confirm it with the passkey that is to go.
    server.clock.advance(Duration::from_mins(5));
    assert_eq!(person.delete(&format!("{PASSKEYS}/{id}")).await.problem_code(403), "confirmation_needed");
    assert_eq!(person.get(PASSKEYS).await.json()["passkeys"].as_array().unwrap().len(), 1);
}
