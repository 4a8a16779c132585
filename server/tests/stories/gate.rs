//! Every row of the gate can shut it: with its code, a sentence, and a record.

use std::time::Duration;

use protocol::api::{GateChecklist, GateOutcome, ProblemCode};
use protocol::link::{CallState, FromAgent, ToAgent};
use protocol::refusal::RefusalCode;
use protocol::time::Micros;
use serde_json::json;
use server::clock::Clock;

use crate::support::agent::TestAgent;
use crate::support::http::{Answer, Browser};
use crate::support::world::{World, quick, until, viewer_key};

async fn start(browser: &Browser, room: &str) -> Answer {
    browser.post(&format!("/rooms/{room}/sessions"), &json!({ "viewer_key": viewer_key().public_key() })).await
}

/// Every write of an event or a fact fails.
const DISK_FULL: &str = "
    CREATE TRIGGER full_event BEFORE INSERT ON audit_event BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END;
    CREATE TRIGGER full_fact BEFORE INSERT ON fact BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END;";
const DISK_HAS_ROOM: &str = "DROP TRIGGER full_event; DROP TRIGGER full_fact;";
/// What begins a session or one of its connections cannot be written.
const NO_BEGINNINGS: &str = "
    CREATE TRIGGER no_beginnings BEFORE INSERT ON audit_event
    WHEN NEW.kind IN ('session.start', 'session.reconnect')
    BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END;";
const BEGINNINGS: &str = "DROP TRIGGER no_beginnings;";

/// The gate was shut by `code`, which is said to the person.
fn assert_answer(answer: &Answer, code: RefusalCode) {
    let problem = answer.problem();
    assert_eq!(
        (answer.status, problem.code, problem.refusal),
        (409, ProblemCode::Refused, Some(code)),
        "{}",
        answer.body
    );
    assert_eq!(problem.detail, code.sentence());
}

/// The gate was shut by `code`, which is said to the person and written down once.
async fn assert_refused(world: &World, answer: &Answer, code: RefusalCode) {
    assert_answer(answer, code);
    let records = world.events("session.refused").await;
    assert_eq!(records.len(), 1);
    assert_eq!(records[0]["code"], json!(code.code()));
    let name = if code == RefusalCode::NoPermission { "Gus Guest" } else { "Tina Technician" };
    assert_eq!(records[0]["actor"]["name"], json!(name));
}

/// What the checklist shows as shut.
async fn shut_row(browser: &Browser, room: &str) -> Option<RefusalCode> {
    let list: GateChecklist = browser.get(&format!("/rooms/{room}/remote-access")).await.json(200);
    let failed = list.checks.iter().find(|check| check.outcome == GateOutcome::Failed);
    assert_eq!(list.open, failed.is_none());
    failed.map(|check| check.code)
}

#[tokio::test]
async fn not_enabled() {
    let world = World::start().await;
    let _agent = world.console("aurora", 1).await;
    world.bootstrap("[[tenant]]\nid = \"contoso\"\nname = \"Contoso\"\nremote_access = { enabled = false }").await;
    let technician = world.modifier_of("aurora").await;
    assert_eq!(shut_row(&technician, "aurora").await, Some(RefusalCode::NotEnabled));
    assert_refused(&world, &start(&technician, "aurora").await, RefusalCode::NotEnabled).await;
}

#[tokio::test]
async fn no_permission() {
    let world = World::start().await;
    let _agent = world.console("aurora", 1).await;
    let guest = world.sign_in("guest").await;
    assert_eq!(shut_row(&guest, "aurora").await, Some(RefusalCode::NoPermission));
    assert_refused(&world, &start(&guest, "aurora").await, RefusalCode::NoPermission).await;
}

#[tokio::test]
async fn unsupported_console_when_none_is_enrolled() {
    let world = World::start().await;
    let technician = world.modifier_of("aurora").await;
    assert_eq!(shut_row(&technician, "aurora").await, Some(RefusalCode::UnsupportedConsole));
    assert_refused(&world, &start(&technician, "aurora").await, RefusalCode::UnsupportedConsole).await;
}

#[tokio::test]
async fn unsupported_console_when_it_waits_for_approval() {
    let world = World::start().await;
    let _pending = world.console("borealis", 1).await;
    world
        .bootstrap(
            "[[tenant]]\nid = \"contoso\"\nname = \"Contoso\"\n[[tenant.assignment]]\nrole = \"Console technicians\"\n\
             members = [\"modifier-of-aurora@example.com\"]\nrooms = [\"borealis\"]",
        )
        .await;
    let technician = world.modifier_of("aurora").await;
    assert_refused(&world, &start(&technician, "borealis").await, RefusalCode::UnsupportedConsole).await;
}

#[tokio::test]
async fn not_monitored_when_the_link_is_gone() {
    let world = World::start().await;
    let technician = world.modifier_of("aurora").await;
    let mut agent = world.console("aurora", 1).await;
    assert_eq!(shut_row(&technician, "aurora").await, None, "the gate is open");
    agent.socket.close_now().await;
    world.await_events("console.disconnected").await;
    assert_eq!(shut_row(&technician, "aurora").await, Some(RefusalCode::NotMonitored));
    assert_refused(&world, &start(&technician, "aurora").await, RefusalCode::NotMonitored).await;
}

#[tokio::test]
async fn not_monitored_when_pulses_stay_away() {
    let clock = Clock::manual(1_767_225_600_000);
    let world = World::with(quick(), clock.clone()).await;
    let mut agent = world.console("aurora", 1).await;
    let technician = world.modifier_of("aurora").await;
    clock.advance(Duration::from_secs(64));
    assert_eq!(shut_row(&technician, "aurora").await, None);
    clock.advance(Duration::from_secs(1));
    assert_eq!(shut_row(&technician, "aurora").await, Some(RefusalCode::NotMonitored));
    assert_refused(&world, &start(&technician, "aurora").await, RefusalCode::NotMonitored).await;
    agent.pulse(Micros(1)).await;
    until("a pulse opens the gate again", async || shut_row(&technician, "aurora").await.is_none()).await;
}

#[tokio::test]
async fn not_monitored_when_the_console_does_not_answer() {
    let mut limits = quick();
    limits.link.nonce_within = Duration::from_millis(50);
    let world = World::with(limits, Clock::system()).await;
    let _silent = world.console("aurora", 1).await;
    let technician = world.modifier_of("aurora").await;
    assert_refused(&world, &start(&technician, "aurora").await, RefusalCode::NotMonitored).await;
    assert_eq!(world.events("session.start").await.len(), 0);
}

#[tokio::test]
async fn in_call_as_the_console_said_before() {
    let world = World::start().await;
    let mut agent = world.console("aurora", 1).await;
    let technician = world.modifier_of("aurora").await;
    let call = CallState::InCall { since: Micros::from_secs(100) };
    let before = world.core.clock.now();
    agent.send(&FromAgent::CallChanged { call, sent_at: Micros::from_secs(160) }).await;
    until("the call is known", async || shut_row(&technician, "aurora").await.is_some()).await;
    let list: GateChecklist = technician.get("/rooms/aurora/remote-access").await.json(200);
    let since = list.in_call_since.expect("since when");
    let after = world.core.clock.now();
    assert!((before - 60_000..=after - 60_000).contains(&since), "{since} is a minute ago");
    assert_refused(&world, &start(&technician, "aurora").await, RefusalCode::InCall).await;
}

#[tokio::test]
async fn in_call_when_the_console_cannot_tell() {
    let world = World::start().await;
    let mut agent = world.enrol("aurora", 1).await;
    agent.say_hello(CallState::Unknown).await;
    let technician = world.modifier_of("aurora").await;
    assert_refused(&world, &start(&technician, "aurora").await, RefusalCode::InCall).await;
}

#[tokio::test]
async fn in_call_when_the_call_starts_at_the_same_moment() {
    let world = World::start().await;
    let mut agent = world.console("aurora", 1).await;
    let technician = world.modifier_of("aurora").await;
    let in_call = CallState::InCall { since: Micros(1) };
    let (answer, ()) = world.ask(&technician, "aurora", agent.give_nonce([1; 32], in_call)).await;
    assert_refused(&world, &answer, RefusalCode::InCall).await;
    assert_eq!(world.events("session.start").await.len(), 0);
}

#[tokio::test]
async fn audit_unavailable_when_nothing_can_be_written() {
    let world = World::start().await;
    let mut agent = world.console("aurora", 1).await;
    let technician = world.modifier_of("aurora").await;
    assert_eq!(shut_row(&technician, "aurora").await, None);
    world.execute(DISK_FULL).await;
    assert_eq!(shut_row(&technician, "aurora").await, Some(RefusalCode::AuditUnavailable));
    assert_answer(&start(&technician, "aurora").await, RefusalCode::AuditUnavailable);
    assert!(world.core.storage.open_sessions().await.unwrap().is_empty());
    world.execute(DISK_HAS_ROOM).await;
    // The first thing that the console is asked belongs to a session that may start.
    world.agreed(&technician, &mut agent).await;
    assert_eq!(world.events("session.start").await.len(), 1);
    assert_eq!(world.live_sessions("aurora").await, 1);
}

#[tokio::test]
async fn audit_unavailable_when_the_start_cannot_be_written() {
    let world = World::start().await;
    let mut agent = world.console("aurora", 1).await;
    let technician = world.modifier_of("aurora").await;
    world.execute(NO_BEGINNINGS).await;
    assert_eq!(shut_row(&technician, "aurora").await, None, "the gate cannot know it yet");
    let (answer, ()) = world.ask(&technician, "aurora", agent.give_nonce([1; 32], CallState::Idle)).await;
    assert_refused(&world, &answer, RefusalCode::AuditUnavailable).await;
    assert_eq!(world.events("session.start").await.len(), 0);
    assert_eq!(world.live_sessions("aurora").await, 0);
    let session = world.events("session.refused").await[0]["session"].as_str().unwrap().parse().unwrap();
    assert_eq!(world.core.storage.session(&world.scope("contoso").await, &session).await.unwrap(), None);
    world.execute(BEGINNINGS).await;
    // An offer of the refused session would come before the request for this nonce.
    world.agreed(&technician, &mut agent).await;
}

#[tokio::test]
async fn audit_unavailable_when_the_return_of_a_viewer_cannot_be_written() {
    let world = World::start().await;
    let mut session = world.session().await;
    world.execute(NO_BEGINNINGS).await;
    let path = format!("/sessions/{}/resume", session.started.session);
    let body = json!({ "viewer_key": viewer_key().public_key() });
    let nonce = session.agent.give_nonce([1; 32], CallState::Idle);
    let (answer, ()) = tokio::join!(session.browser.post(&path, &body), nonce);
    assert_refused(&world, &answer, RefusalCode::AuditUnavailable).await;
    session.exchange(b"the session", b"goes on").await;
}

#[tokio::test]
async fn agent_refused_before_anything_is_signed() {
    let world = World::start().await;
    let mut agent = world.console("aurora", 1).await;
    let technician = world.modifier_of("aurora").await;
    let refusing = async {
        let ToAgent::NonceRequest { request } = agent.receive_order().await else { panic!("a request for a nonce") };
        // A console cannot speak for the server.
        agent.send(&FromAgent::Refused { request, code: RefusalCode::NotEnabled }).await;
    };
    let (answer, ()) = world.ask(&technician, "aurora", refusing).await;
    assert_refused(&world, &answer, RefusalCode::AgentRefused).await;
    assert_eq!(world.events("session.start").await.len(), 0);
}

/// The console refuses what it was offered: the session that was begun gets its end.
async fn refused_offer(code: RefusalCode, end: &str) {
    let world = World::start().await;
    let mut agent: TestAgent = world.console("aurora", 1).await;
    let technician = world.modifier_of("aurora").await;
    let (answer, offer) = world.ask(&technician, "aurora", agent.refuse(code)).await;
    assert_refused(&world, &answer, code).await;
    assert_eq!(world.the_end().await, end);
    assert_eq!(world.events("session.refused").await[0]["session"], json!(offer.grant.session));
    let mut socket = agent.open_socket(&offer).await;
    let expected = protocol::link::close::BAD_TICKET;
    until("the tickets of the refused session are worth nothing", async || world.live_sessions("aurora").await == 0)
        .await;
    assert_eq!(socket.closed().await, expected);
}

#[tokio::test]
async fn agent_refused_the_offer() {
    refused_offer(RefusalCode::AgentRefused, "never_connected").await;
}

#[tokio::test]
async fn indicator_failed() {
    refused_offer(RefusalCode::IndicatorFailed, "indicator_failed").await;
}

#[tokio::test]
async fn declined_in_room() {
    refused_offer(RefusalCode::DeclinedInRoom, "ended_in_room").await;
}

#[tokio::test]
async fn a_room_of_another_tenant_looks_like_none() {
    let world = World::start().await;
    let _agent = world.console("fabric", 1).await;
    let technician = world.modifier_of("aurora").await;
    let comparable = |answer: Answer| {
        let headers: Vec<_> = answer.headers.into_iter().filter(|(name, _)| name != "date").collect();
        (answer.status, headers, answer.body)
    };
    let foreign = comparable(start(&technician, "fabric").await);
    let unknown = comparable(start(&technician, "no-such-room").await);
    assert_eq!(foreign.0, 404);
    assert_eq!(foreign, unknown);
    let foreign = comparable(technician.get("/rooms/fabric/remote-access").await);
    let unknown = comparable(technician.get("/rooms/no-such-room/remote-access").await);
    assert_eq!((foreign.0, &foreign), (404, &unknown));
    for tenant in ["contoso", "fabrikam"] {
        assert_eq!(world.events_of(tenant, "session.refused").await.len(), 0);
    }
}
