//! What a console says about its sessions when they are over, whatever happened to its line, its agent or the server.

use protocol::ids::SessionId;
use protocol::link::{CallState, LinkClose, ToAgent, close};
use protocol::reason::EndReason;
use protocol::secure::{ConsoleSigner, EndFound, Receipt};
use protocol::time::Micros;
use serde_json::{Value, json};
use server::clock::Clock;
use server::storage::EventFilter;

use crate::support::agent::{TestAgent, key};
use crate::support::world::{Session, World, quick, until};

const CONFIRMED: &str = "session.end.confirmed";
const REFUSED: &str = "console.receipt_refused";

/// A session that the server ended because its console was lost, and the console's key.
async fn lost(world: &World) -> (SessionId, protocol::secure::SecretKey) {
    let mut session = world.session().await;
    session.agent_socket.close_now().await;
    session.agent.socket.close_now().await;
    assert_eq!(world.the_end().await, "agent_lost");
    (session.started.session, session.agent.key)
}

async fn impatient() -> World {
    let mut limits = quick();
    limits.session.grace = Micros::from_millis(50);
    World::with(limits, Clock::system()).await
}

async fn stored(world: &World, session: SessionId) -> Option<Vec<u8>> {
    world.core.storage.receipt(&world.scope("contoso").await, &session).await.unwrap()
}

#[tokio::test]
async fn an_end_is_confirmed_by_the_console_once_and_after_it() {
    let world = World::start().await;
    let Session { started, mut agent, .. } = world.session().await;
    let receipt = agent.receipt(started.session, EndReason::Idle, true);
    for _ in 0..3 {
        agent.say(&receipt).await;
        assert_eq!(agent.taken().await, 1);
    }
    assert_eq!(world.the_end().await, "idle");
    let confirmed = world.events(CONFIRMED).await;
    assert_eq!(confirmed.len(), 1);
    let body = &confirmed[0];
    assert_eq!((&body["session"], &body["room"]), (&json!(started.session), &json!("aurora")));
    assert_eq!(
        (&body["end_reason"], &body["restarts"], &body["found"]),
        (&json!("idle"), &json!(true), &json!("clean"))
    );
    assert_eq!((&body["receipt"], &body["viewer_came"], &body["shown_ms"]), (&json!(1), &json!(true), &json!(1500)));
    assert_eq!(body["actor"]["type"], "console");
    let scope = world.scope("contoso").await;
    let log = world.core.storage.events(&scope, EventFilter::default(), 1000).await.unwrap();
    let kinds: Vec<&str> = log.iter().map(|event| event.kind.as_str()).collect();
    let at = |kind: &str| kinds.iter().position(|other| *other == kind);
    assert!(at("session.end") < at(CONFIRMED), "{kinds:?}");
    let signed = stored(&world, started.session).await.expect("it is kept");
    assert_eq!(signed, agent.signer.sign_receipt(&receipt).into_bytes(), "with its signature");
    assert_eq!(world.events(REFUSED).await.len(), 0);
}

#[tokio::test]
async fn a_receipt_that_was_lost_with_its_line_is_heard_on_the_next() {
    let world = impatient().await;
    let (session, key) = lost(&world).await;
    assert_eq!(world.events(CONFIRMED).await.len(), 0);
    let mut agent = world.reconnect("aurora", key.clone()).await.hello().await;
    agent.ended(session, EndReason::ViewerLost, true).await;
    assert_eq!(agent.taken().await, 1);
    assert_eq!(world.events(CONFIRMED).await[0]["end_reason"], "viewer_lost", "as the console knows it");
    assert_eq!(world.the_end().await, "agent_lost", "as the server knew it");
    drop(agent);

    // The answer was lost, too.
    let mut again = world.reconnect("aurora", key).await.hello().await;
    again.ended(session, EndReason::ViewerLost, true).await;
    assert_eq!(again.taken().await, 1);
    assert_eq!(world.events(CONFIRMED).await.len(), 1);
    assert_eq!(world.events("console.receipts_missing").await.len(), 0);
}

#[tokio::test]
async fn a_killed_agent_is_in_the_log_as_soon_as_it_is_back() {
    let world = impatient().await;
    let (session, key) = lost(&world).await;
    let mut agent = world.reconnect("aurora", key).await.hello().await;
    let receipt = agent.receipt(session, EndReason::AgentCrash, true);
    agent.say(&Receipt { shown_ms: None, found: EndFound::Crash, ..receipt }).await;
    assert_eq!(agent.taken().await, 1);
    let confirmed = &world.events(CONFIRMED).await[0];
    assert_eq!((&confirmed["end_reason"], &confirmed["found"]), (&json!("agent_crash"), &json!("crash")));
    assert_eq!(confirmed.get("shown_ms"), None, "nobody knows");
}

#[tokio::test]
async fn an_end_that_a_stopped_server_wrote_is_confirmed_to_the_next() {
    let world = World::start().await;
    let Session { started, mut agent, .. } = world.session().await;
    let next = server::sessions::SessionManager::new(std::sync::Arc::clone(&world.core), quick());
    assert_eq!(next.close_leftovers().await.unwrap(), 1);
    agent.ended(started.session, EndReason::LeaseExpired, false).await;
    assert_eq!(agent.taken().await, 1);
    assert_eq!(world.events(CONFIRMED).await[0]["end_reason"], "lease_expired");
}

/// Sends `forge`'s bytes on a link of its own: it ends, and nothing is kept.
async fn assert_forged(world: &World, session: SessionId, why: &str, forge: impl FnOnce(&mut TestAgent) -> Vec<u8>) {
    let n_before = world.events(REFUSED).await.len();
    let mut agent = world.reconnect("aurora", key(1)).await.hello().await;
    let bytes = forge(&mut agent);
    agent.send_receipt(bytes).await;
    let (messages, code) = agent.closed().await;
    assert_eq!(messages.last(), Some(&ToAgent::Bye { reason: LinkClose::ProtocolError }), "{why}: {messages:?}");
    assert_eq!(code, close::BAD_MESSAGE, "{why}");
    assert!(!messages.iter().any(|message| matches!(message, ToAgent::ReceiptTaken { .. })), "{why}");
    let refused = world.events(REFUSED).await;
    assert_eq!(refused.len(), n_before + 1, "{why}");
    assert_eq!(stored(world, session).await, None, "{why}");
}

#[tokio::test]
async fn a_forged_receipt_ends_the_link_and_is_in_the_log() {
    let world = impatient().await;
    let (session, _) = lost(&world).await;
    assert_forged(&world, session, "another byte", |agent| {
        let receipt = agent.receipt(session, EndReason::Idle, false);
        let mut bytes = agent.signer.sign_receipt(&receipt).into_bytes();
        bytes[60] ^= 1;
        bytes
    })
    .await;
    assert_forged(&world, session, "another key", |agent| {
        let receipt = agent.receipt(session, EndReason::Idle, false);
        ConsoleSigner::new(&key(9)).sign_receipt(&receipt).into_bytes()
    })
    .await;
    assert_forged(&world, session, "another console", |agent| {
        let receipt = agent.receipt(session, EndReason::Idle, false);
        let console = protocol::ids::ConsoleId([9; 16]);
        agent.signer.sign_receipt(&Receipt { console, ..receipt }).into_bytes()
    })
    .await;
    assert_forged(&world, session, "another tenant", |agent| {
        let receipt = agent.receipt(session, EndReason::Idle, false);
        let tenant = protocol::ids::TenantId::new("fabrikam").unwrap();
        agent.signer.sign_receipt(&Receipt { tenant, ..receipt }).into_bytes()
    })
    .await;
    assert_forged(&world, session, "nothing", |_| Vec::new()).await;
    assert_eq!(world.events(CONFIRMED).await.len(), 0);

    let mut agent = world.reconnect("aurora", key(1)).await.hello().await;
    agent.ended(session, EndReason::Idle, false).await;
    assert_eq!(agent.taken().await, 1, "the genuine one is heard after all");
    assert_eq!(world.events(CONFIRMED).await.len(), 1);
}

#[tokio::test]
async fn a_forged_receipt_does_not_end_a_session_that_lives() {
    let world = World::start().await;
    let mut session = world.session().await;
    let receipt = session.agent.receipt(session.started.session, EndReason::Idle, false);
    let forged = ConsoleSigner::new(&key(9)).sign_receipt(&receipt).into_bytes();
    session.agent.send_receipt(forged).await;
    session.agent.closed().await;
    session.exchange(b"still", b"here").await;
    assert_eq!(world.events("session.end").await.len(), 0);
}

#[tokio::test]
async fn a_receipt_of_no_session_of_the_console_is_let_go_and_noted() {
    let world = impatient().await;
    let (session, key_of_aurora) = lost(&world).await;
    let mut other = world.console("fabric", 2).await;
    for n in 0..10_u64 {
        // Of another tenant, and of nobody.
        let claimed = if n == 0 { session } else { SessionId([n as u8; 16]) };
        other.ended(claimed, EndReason::Idle, false).await;
        assert_eq!(other.taken().await, n + 1, "or it would come again for ever");
    }
    assert_eq!(stored(&world, session).await, None);
    assert_eq!(world.events(CONFIRMED).await.len() + world.events_of("fabrikam", CONFIRMED).await.len(), 0);
    let refused = world.events_of("fabrikam", REFUSED).await;
    assert_eq!(refused.len(), 5, "a few say it all");
    assert_eq!(refused[0]["claimed_session"], json!(session));
    assert_eq!(world.events(REFUSED).await.len(), 0, "nothing of it in the other tenant");

    // A second receipt of one session that says something else.
    let mut agent = world.reconnect("aurora", key_of_aurora).await.hello().await;
    agent.ended(session, EndReason::Idle, false).await;
    agent.ended(session, EndReason::ViewerLost, false).await;
    assert_eq!((agent.taken().await, agent.taken().await), (1, 2));
    let confirmed = world.events(CONFIRMED).await;
    assert_eq!((confirmed.len(), &confirmed[0]["end_reason"]), (1, &json!("idle")), "the first stays");
    assert_eq!(world.events(REFUSED).await.len(), 1);
}

#[tokio::test]
async fn the_first_signing_key_is_the_only_one() {
    let world = World::start().await;
    let agent = world.console("aurora", 1).await;
    let learned = world.events("console.signing_key_learned").await;
    assert_eq!(learned.len(), 1);
    drop(agent);
    let mut thief = world.reconnect("aurora", key(1)).await;
    thief.signer = ConsoleSigner::new(&key(9));
    thief.send(&thief.greeting(crate::support::agent::info(), CallState::Idle)).await;
    let (messages, code) = thief.closed().await;
    assert_eq!(messages, [ToAgent::Bye { reason: LinkClose::ProtocolError }]);
    assert_eq!(code, close::BAD_MESSAGE);
    let refused = world.events("console.signing_key_refused").await;
    assert_eq!(refused.len(), 1);
    assert_ne!(refused[0]["fingerprint"], learned[0]["fingerprint"]);

    let mut agent = world.reconnect("aurora", key(1)).await.hello().await;
    assert_eq!(world.events("console.signing_key_learned").await.len(), 1, "it is known by now");
    // A change of mind on one link is none, either.
    agent.signer = ConsoleSigner::new(&key(9));
    agent.say_hello_again().await;
    assert_eq!(agent.closed().await.1, close::BAD_MESSAGE);
}

#[tokio::test]
async fn receipts_that_are_missing_are_noticed() {
    let world = World::start().await;
    let mut agent = world.console("aurora", 1).await;
    let technician = world.modifier_of("aurora").await;
    for number in [1, 2, 5, 6, 1, 2] {
        let (started, _) = world.agreed(&technician, &mut agent).await;
        let receipt = agent.receipt(started.session, EndReason::Idle, false);
        agent.say(&Receipt { number, ..receipt }).await;
        assert_eq!(agent.taken().await, number);
    }
    let missing = world.events("console.receipts_missing").await;
    let said: Vec<(&Value, &Value)> = missing.iter().map(|event| (&event["expected"], &event["receipt"])).collect();
    assert_eq!(said, [(&json!(3), &json!(5)), (&json!(7), &json!(1))]);
    assert_eq!(world.events(CONFIRMED).await.len(), 6, "what is there counts all the same");
}

#[tokio::test]
async fn a_receipt_that_cannot_be_stored_is_not_taken() {
    let world = World::start().await;
    let Session { started, mut agent, .. } = world.session().await;
    world.execute("ALTER TABLE receipt RENAME TO receipt_elsewhere").await;
    agent.ended(started.session, EndReason::Idle, false).await;
    let (messages, _) = agent.closed().await;
    assert_eq!(messages.last(), Some(&ToAgent::Bye { reason: LinkClose::Stopping }), "come back");
    assert!(!messages.iter().any(|message| matches!(message, ToAgent::ReceiptTaken { .. })), "{messages:?}");
    assert_eq!(world.events(CONFIRMED).await.len(), 0);
    world.execute("ALTER TABLE receipt_elsewhere RENAME TO receipt").await;

    let mut agent = world.reconnect("aurora", agent.key).await.hello().await;
    agent.ended(started.session, EndReason::Idle, false).await;
    assert_eq!(agent.taken().await, 1);
    until("the confirmation", async || world.events(CONFIRMED).await.len() == 1).await;
}
