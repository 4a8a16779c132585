//! A console becomes a room's console with a secret that is good once.

use std::time::Duration;

use protocol::link::{Opening, close};
use protocol::secure::{Fingerprint, Secret};
use protocol::wire::Encode as _;
use serde_json::json;
use server::clock::Clock;

use crate::support::agent::{begin_enrolment, key};
use crate::support::socket::{Heard, Socket};
use crate::support::world::{World, quick, room};

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
