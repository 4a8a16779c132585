//! A console becomes a room's console with a secret that is good once.

use std::time::{Duration, Instant};

use protocol::api::{ApproveConsole, ConsoleDetail, ConsoleStatus, EnrolmentOffer, RoomDetail, RoomState, ThisConsole};
use protocol::link::{Enrolment, LinkClose, Opening, ToAgent, close};
use protocol::refusal::RefusalCode;
use protocol::secure::{Fingerprint, Secret};
use protocol::wire::Encode as _;
use serde::Serialize;
use serde_json::json;
use server::clock::Clock;

use crate::support::agent::{TestAgent, begin_connection, begin_enrolment, key};
use crate::support::http::{Answer, Browser};
use crate::support::socket::{Heard, Socket};
use crate::support::world::{World, quick, room, until, viewer_key};

#[tokio::test]
async fn a_secret_makes_one_console_and_is_spent() {
    let world = World::start().await;
    let agent = world.console("aurora", 1).await;
    assert_eq!((agent.welcome.tenant.as_str(), agent.welcome.room.as_str()), ("contoso", "aurora"));
    let enrolled = world.events("console.enrolled").await;
    assert_eq!(enrolled.len(), 1);
    assert_eq!(enrolled[0]["fingerprint"], json!(Fingerprint::of(&key(1).public_key()).to_string()));

    let (mut socket, _) = begin_enrolment(&world.link_url(), &world.enrolment("aurora"), &key(2)).await;
    assert_eq!(socket.closed().await, close::BAD_TICKET);
    assert_eq!(world.events("console.enrolled").await.len(), 1);
    assert!(world.sessions.registry().is_up(agent.welcome.console), "the enrolled console is undisturbed");
}

#[tokio::test]
async fn the_key_that_was_enrolled_connects_without_a_secret() {
    let world = World::start().await;
    let first = world.console("aurora", 1).await;
    let again = world.reconnect("aurora", key(1)).await;
    assert_eq!(again.welcome.console, first.welcome.console);
}

#[tokio::test]
async fn of_twenty_consoles_with_one_secret_exactly_one_wins() {
    let world = World::start().await;
    let enrolment = world.enrolment("aurora");
    let url = world.link_url();
    let racers = (1..=20).map(|number| {
        let (url, enrolment) = (url.clone(), enrolment.clone());
        tokio::spawn(async move {
            let (mut socket, mut transport) = begin_enrolment(&url, &enrolment, &key(number)).await;
            match socket.hear().await {
                Heard::Message(welcome) => transport.open(&welcome).is_ok(),
                end => {
                    assert_eq!(end, Heard::Closed(close::BAD_TICKET));
                    false
                }
            }
        })
    });
    let mut winners = 0;
    for racer in racers.collect::<Vec<_>>() {
        winners += usize::from(racer.await.expect("a racer came to its end"));
    }
    assert_eq!(winners, 1);
    assert_eq!(world.events("console.enrolled").await.len(), 1);
}

#[tokio::test]
async fn a_wrong_secret_and_an_unknown_room_end_alike() {
    let world = World::start().await;
    let mut wrong = world.enrolment("aurora");
    wrong.secret = Secret::new([0; 32]);
    let (mut socket, _) = begin_enrolment(&world.link_url(), &wrong, &key(1)).await;
    assert_eq!(socket.closed().await, close::BAD_TICKET);
    assert_eq!(world.events("console.enrolment_failed").await.len(), 1);
    for (tenant, name) in [("contoso", "no-such-room"), ("fabrikam", "aurora"), ("nobody", "aurora")] {
        let mut unknown = world.enrolment("aurora");
        unknown.room = room(name);
        unknown.tenant = tenant.parse().unwrap();
        let (mut socket, _) = begin_enrolment(&world.link_url(), &unknown, &key(1)).await;
        assert_eq!(socket.closed().await, close::BAD_TICKET, "{tenant} {name}");
    }
    assert_eq!(world.events("console.enrolled").await.len(), 0);
    world.console("aurora", 1).await;
}

#[tokio::test]
async fn strangers_cannot_fill_the_log_with_failures() {
    let world = World::with(quick(), Clock::manual(1_767_225_600_000)).await;
    let mut wrong = world.enrolment("aurora");
    wrong.secret = Secret::new([0; 32]);
    for _ in 0..30 {
        let (mut socket, _) = begin_enrolment(&world.link_url(), &wrong, &key(1)).await;
        assert_eq!(socket.closed().await, close::BAD_TICKET);
    }
    assert_eq!(world.events("console.enrolment_failed").await.len(), 20);
}

#[tokio::test]
async fn a_secret_runs_out() {
    let clock = Clock::manual(1_767_225_600_000);
    let world = World::with(quick(), clock.clone()).await;
    clock.advance(Duration::from_hours(25));
    let (mut socket, _) = begin_enrolment(&world.link_url(), &world.enrolment("aurora"), &key(1)).await;
    assert_eq!(socket.closed().await, close::BAD_TICKET);
}

#[tokio::test]
async fn a_console_that_is_enrolled_elsewhere_keeps_its_room() {
    let world = World::start().await;
    let agent = world.console("aurora", 1).await;
    let (mut socket, _) = begin_enrolment(&world.link_url(), &world.enrolment("borealis"), &key(1)).await;
    assert_eq!(socket.closed().await, close::BAD_TICKET, "one key, one room");
    assert!(world.sessions.registry().is_up(agent.welcome.console));
}

#[tokio::test]
async fn an_enrolment_that_stops_half_way_spends_nothing() {
    let world = World::start().await;
    let enrolment = world.enrolment("aurora");
    let mut socket = Socket::open(&world.link_url(), None).await;
    let opening = Opening::Enrol { version: protocol::VERSION, tenant: enrolment.tenant, room: enrolment.room };
    socket.send(opening.to_bytes()).await;
    drop(socket);
    world.console("aurora", 1).await;
}

/// A console in aurora that waits for approval, connected.
async fn pending(world: &World, number: u8) -> TestAgent {
    let string = world.offer_enrolment("contoso", "aurora", false).await;
    TestAgent::enrol(&world.link_url(), &string, key(number)).await.hello().await
}

async fn detail(browser: &Browser, room: &str) -> RoomDetail {
    browser.get(&format!("/rooms/{room}")).await.json(200)
}

async fn console_of(browser: &Browser, room: &str) -> ConsoleDetail {
    detail(browser, room).await.console.expect("a console")
}

async fn decide(browser: &Browser, verb: &str, body: &impl Serialize) -> Answer {
    browser.post(&format!("/rooms/aurora/console/{verb}"), &serde_json::to_value(body).unwrap()).await
}

/// What somebody sends who has compared what the page says now.
async fn compared(browser: &Browser) -> ApproveConsole {
    let ConsoleDetail { id, fingerprint, .. } = console_of(browser, "aurora").await;
    ApproveConsole { console: id, fingerprint }
}

async fn refusal(world: &World, browser: &Browser) -> RefusalCode {
    let body = json!({"viewer_key": viewer_key().public_key()});
    let answer = browser.post("/rooms/aurora/sessions", &body).await;
    assert_eq!(world.events("session.start").await.len(), 0);
    answer.problem().refusal.expect("a row of the gate")
}

/// The agent was told that its key is good for nothing any more, and closed.
async fn assert_cut(agent: &mut TestAgent) {
    let (messages, code) = agent.closed().await;
    assert_eq!((messages.last(), code), (Some(&ToAgent::Bye { reason: LinkClose::Revoked }), close::SESSION_ENDED));
}

/// A handshake with the key is answered with a good-bye.
async fn assert_key_is_dead(world: &World, number: u8) {
    let server = world.enrolment("aurora").server_key;
    let (mut socket, mut transport) = begin_connection(&world.link_url(), &server, &key(number)).await;
    let bye = transport.open(&socket.message().await).unwrap();
    assert_eq!(bye, ToAgent::Bye { reason: LinkClose::Revoked }.to_bytes());
}

#[tokio::test]
async fn a_console_that_waits_can_do_nothing_until_its_key_was_compared() {
    let world = World::start().await;
    let (administrator, technician) = (world.sign_in("admin").await, world.modifier_of("aurora").await);
    let mut agent = pending(&world, 1).await;
    assert_eq!(agent.welcome.status, Enrolment::Pending);
    assert_eq!(detail(&technician, "aurora").await.summary.state, RoomState::Pending);
    assert_eq!(refusal(&world, &technician).await, RefusalCode::UnsupportedConsole);

    let mut pages = administrator.events().await;
    let request = compared(&administrator).await;
    assert_eq!(request.fingerprint, Fingerprint::of(&key(1).public_key()).to_string());
    let wrong = Fingerprint::of(&key(2).public_key()).to_string();
    let other = ApproveConsole { fingerprint: wrong, ..request.clone() };
    assert_eq!(decide(&administrator, "approve", &other).await.status, 409);
    assert_eq!(refusal(&world, &technician).await, RefusalCode::UnsupportedConsole);
    assert_eq!(decide(&technician, "approve", &request).await.status, 403, "a technician is no administrator");

    assert_eq!(decide(&administrator, "approve", &request).await.status, 204);
    assert_eq!(agent.told().await, Enrolment::Approved);
    until("open pages hear of it", async || pages.next_of("room").await["room"]["state"] == "healthy").await;
    let console = console_of(&technician, "aurora").await;
    assert_eq!((console.status, console.approved_by.as_deref()), (ConsoleStatus::Approved, Some("Ada Admin")));
    let approved = world.events("console.approved").await;
    assert_eq!((approved.len(), &approved[0]["fingerprint"]), (1, &json!(request.fingerprint)));
    let mut session = world.session_with(technician, agent).await;
    session.exchange(b"key", b"picture").await;
}

#[tokio::test]
async fn a_console_that_came_in_between_is_not_approved_by_mistake() {
    let world = World::start().await;
    let administrator = world.sign_in("admin").await;
    let mut first = pending(&world, 1).await;
    let request = compared(&administrator).await;
    let second = pending(&world, 2).await;
    assert_cut(&mut first).await;
    let answer = decide(&administrator, "approve", &request).await;
    assert_eq!(answer.status, 409, "{}", answer.body);
    let console = console_of(&administrator, "aurora").await;
    assert_eq!((console.id, console.status), (second.welcome.console, ConsoleStatus::Pending));
    assert_eq!(world.events("console.approved").await.len(), 0);
}

#[tokio::test]
async fn a_refused_console_is_told_so_and_the_room_has_none() {
    let world = World::start().await;
    let administrator = world.sign_in("admin").await;
    let mut agent = pending(&world, 1).await;
    let console = ThisConsole { console: agent.welcome.console };
    assert_eq!(decide(&administrator, "revoke", &console).await.status, 409, "it was never approved");
    assert_eq!(decide(&administrator, "refuse", &console).await.status, 204);
    assert_cut(&mut agent).await;
    assert_key_is_dead(&world, 1).await;
    assert_eq!(detail(&administrator, "aurora").await.summary.state, RoomState::NotEnrolled);
    assert_eq!(world.events("console.refused").await.len(), 1);
}

#[tokio::test]
async fn revoking_ends_the_session_and_cuts_the_link_within_two_seconds() {
    // The looks at the policy that happen anyway are not what ends it.
    let mut limits = quick();
    limits.session.recheck_every = Duration::from_hours(1);
    let world = World::with(limits, Clock::system()).await;
    let administrator = world.sign_in("admin").await;
    let mut session = world.session().await;
    let console = ThisConsole { console: session.agent.welcome.console };
    let began = Instant::now();
    assert_eq!(decide(&administrator, "revoke", &console).await.status, 204);
    assert_eq!(session.viewer_socket.closed().await, close::SESSION_ENDED);
    let (messages, code) = session.agent.closed().await;
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    let ended = |message: &ToAgent| matches!(message, ToAgent::End { .. });
    assert!(messages.iter().any(ended), "it hears of the session's end first: {messages:?}");
    assert_eq!((messages.last(), code), (Some(&ToAgent::Bye { reason: LinkClose::Revoked }), close::SESSION_ENDED));
    assert_eq!(world.the_end().await, "console_removed");
    assert_key_is_dead(&world, 1).await;
    let revoked = world.events("console.revoked").await;
    assert_eq!((revoked.len(), &revoked[0]["actor"]["name"]), (1, &json!("Ada Admin")));
    let body = json!({"viewer_key": viewer_key().public_key()});
    let again = session.browser.post("/rooms/aurora/sessions", &body).await;
    assert_eq!(again.problem().refusal, Some(RefusalCode::UnsupportedConsole));
}

#[tokio::test]
async fn a_console_that_does_not_answer_is_cut_in_time_all_the_same() {
    let mut limits = quick();
    limits.session.farewell = Duration::from_secs(5);
    let world = World::with(limits, Clock::system()).await;
    let administrator = world.sign_in("admin").await;
    let mut session = world.session().await;
    let console = ThisConsole { console: session.agent.welcome.console };
    let began = Instant::now();
    let (answer, ()) = tokio::join!(decide(&administrator, "revoke", &console), async {
        // It never says that it has ended the session.
        session.agent.closed().await;
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    });
    assert_eq!(answer.status, 204);
    assert_eq!(world.the_end().await, "console_removed");
}

#[tokio::test]
async fn what_is_decided_between_handshake_and_hello_counts() {
    let world = World::start().await;
    let administrator = world.sign_in("admin").await;
    world.console("aurora", 1).await;
    let mut late = world.reconnect("aurora", key(1)).await;
    let console = ThisConsole { console: late.welcome.console };
    assert_eq!(decide(&administrator, "revoke", &console).await.status, 204);
    late.say_hello_again().await;
    assert_cut(&mut late).await;

    let string = world.offer_enrolment("contoso", "aurora", false).await;
    let mut approved = TestAgent::enrol(&world.link_url(), &string, key(2)).await;
    let request = compared(&administrator).await;
    assert_eq!(decide(&administrator, "approve", &request).await.status, 204);
    approved = approved.hello().await;
    assert_eq!(approved.told().await, Enrolment::Approved);
}

#[tokio::test]
async fn another_tenants_console_is_as_good_as_none() {
    let world = World::start().await;
    let stranger = world.sign_in_as("admin@fabrikam.example").await;
    let agent = pending(&world, 1).await;
    let request = compared(&world.sign_in("admin").await).await;
    for verb in ["approve", "refuse", "revoke", "release"] {
        let body = match verb {
            "approve" => serde_json::to_value(&request).unwrap(),
            _ => json!({"console": request.console}),
        };
        let foreign = stranger.post(&format!("/rooms/aurora/console/{verb}"), &body).await;
        let missing = stranger.post(&format!("/rooms/nowhere/console/{verb}"), &body).await;
        assert_eq!((foreign.status, &foreign.body), (404, &missing.body), "{verb}");
        // In a room of their own they may decide, but not about this console.
        let own = stranger.post(&format!("/rooms/fabric/console/{verb}"), &body).await;
        assert_eq!(own.status, 409, "{verb}");
    }
    assert!(world.sessions.registry().is_up(agent.welcome.console));
    assert_eq!(console_of(&world.sign_in("admin").await, "aurora").await.status, ConsoleStatus::Pending);
}

#[tokio::test]
async fn a_string_of_the_portal_is_good_once_and_for_15_minutes() {
    let clock = Clock::manual(1_767_225_600_000);
    let world = World::with(quick(), clock.clone()).await;
    let offer = async || {
        let administrator = world.sign_in("admin").await;
        let offer: EnrolmentOffer = administrator.post("/rooms/aurora/enrolment", &json!(null)).await.json(200);
        offer.enrolment.parse().expect("a string")
    };
    let late = offer().await;
    clock.advance(Duration::from_mins(15));
    let (mut socket, _) = begin_enrolment(&world.link_url(), &late, &key(1)).await;
    assert_eq!(socket.closed().await, close::BAD_TICKET, "too old");
    let good = offer().await;
    clock.advance(Duration::from_mins(14));
    let agent = TestAgent::enrol(&world.link_url(), &good, key(1)).await;
    assert_eq!(agent.welcome.status, Enrolment::Pending);
    let (mut socket, _) = begin_enrolment(&world.link_url(), &good, &key(2)).await;
    assert_eq!(socket.closed().await, close::BAD_TICKET, "used");
}

#[tokio::test]
async fn a_revoked_room_cannot_be_taken_with_an_old_string_that_needs_no_approval() {
    let world = World::start().await;
    let administrator = world.sign_in("admin").await;
    let agent = world.console("aurora", 1).await;
    let spare = world.offer_enrolment("contoso", "aurora", true).await;
    let console = ThisConsole { console: agent.welcome.console };
    assert_eq!(decide(&administrator, "revoke", &console).await.status, 204);
    let (mut socket, _) = begin_enrolment(&world.link_url(), &spare, &key(2)).await;
    assert_eq!(socket.closed().await, close::BAD_TICKET);
}

#[tokio::test]
async fn a_key_in_two_places_is_set_aside_once_and_until_somebody_decides() {
    let world = World::start().await;
    let administrator = world.sign_in("admin").await;
    let mut session = world.session().await;
    // Two machines take turns: each new link takes the place of the one before.
    let mut links = Vec::new();
    for _ in 0..3 {
        links.push(world.reconnect("aurora", key(1)).await.hello().await);
        assert_eq!(console_of(&administrator, "aurora").await.status, ConsoleStatus::Approved);
    }
    let mut fourth = world.reconnect("aurora", key(1)).await.hello().await;
    assert_eq!(fourth.told().await, Enrolment::Quarantined);
    let room = detail(&administrator, "aurora").await;
    let console = room.console.expect("a console");
    assert_eq!((room.summary.state, console.status), (RoomState::Unhealthy, ConsoleStatus::Quarantined));
    assert_eq!(session.viewer_socket.closed().await, close::SESSION_ENDED);
    assert_eq!(world.the_end().await, "console_removed");
    let body = json!({"viewer_key": viewer_key().public_key()});
    let refused = session.browser.post("/rooms/aurora/sessions", &body).await;
    assert_eq!(refused.problem().refusal, Some(RefusalCode::UnsupportedConsole));

    let fifth = world.reconnect("aurora", key(1)).await.hello().await;
    assert_eq!(fifth.welcome.status, Enrolment::Quarantined);
    let mut sixth = world.reconnect("aurora", key(1)).await.hello().await;
    let suspected = world.events("console.clone_suspected").await;
    assert_eq!((suspected.len(), &suspected[0]["fingerprint"]), (1, &json!(console.fingerprint)));

    let decision = ThisConsole { console: console.id };
    assert_eq!(decide(&session.browser, "release", &decision).await.status, 403);
    assert_eq!(decide(&administrator, "release", &decision).await.status, 204);
    assert_eq!(sixth.told().await, Enrolment::Approved);
    assert_eq!(world.events("console.released").await.len(), 1);
    world.agreed(&session.browser, &mut sixth).await;
}
