//! Links between agents and the server: who may have one, and what ends it.

use std::time::Duration;

use protocol::api::{RoomDetail, RoomState, SignalReport, SystemUserReport};
use protocol::geometry::PixelSize;
use protocol::ids::{DisplayId, DisplayInfo};
use protocol::link::{CallState, FromAgent, LINK_MESSAGE_MAX_BYTES, LinkClose, Opening, SessionEvent, ToAgent, close};
use protocol::secure::ConsoleSigner;
use protocol::secure::noise::Handshake;
use protocol::signals::{Signal, SignalKind, SignalState, Signals, SystemUser};
use protocol::time::Micros;
use protocol::wire::{Blob, Encode as _, List, Text};
use server::clock::Clock;
use server::live::Change;
use tokio_tungstenite::tungstenite::Message;

use crate::support::agent::{TestAgent, begin_connection, info, key};
use crate::support::socket::{Heard, Socket};
use crate::support::world::{World, quick, until};

/// The agent was told `reason` as the last thing, and the socket was closed with `code`.
async fn assert_closed(agent: &mut TestAgent, reason: LinkClose, code: u16) {
    let (messages, closed) = agent.closed().await;
    assert_eq!(messages.last(), Some(&ToAgent::Bye { reason }), "{messages:?}");
    assert_eq!(closed, code);
}

#[tokio::test]
async fn a_new_link_of_the_same_console_replaces_the_old_one() {
    let world = World::start().await;
    let mut old = world.console("aurora", 1).await;
    let new = world.reconnect("aurora", key(1)).await.hello().await;
    assert_closed(&mut old, LinkClose::Replaced, close::SESSION_ENDED).await;
    assert!(world.sessions.registry().is_up(new.welcome.console));
    assert_eq!(world.events("console.disconnected").await.len(), 0, "the console was never away");
}

#[tokio::test]
async fn a_recorded_handshake_that_is_played_back_disturbs_nothing() {
    let mut limits = quick();
    // Enough for those who mean it, on a busy machine too.
    limits.link.handshake_within = Duration::from_secs(2);
    let world = World::with(limits, Clock::system()).await;
    let server = world.enrolment("aurora").server_key;
    let mut agent = world.console("aurora", 1).await;
    // What somebody on the way could have recorded: the opening and the first message.
    let first = Handshake::link_agent(&key(1), &server).unwrap().write().unwrap();
    for _ in 0..2 {
        let mut replay = Socket::open(&world.link_url(), None).await;
        replay.send(Opening::Connect { version: protocol::VERSION }.to_bytes()).await;
        replay.send(first.clone()).await;
        replay.message().await;
        replay.message().await;
        assert_eq!(replay.closed().await, close::PEER_GONE, "the player cannot say hello");
    }
    agent.pulse(Micros(1)).await;
    assert!(world.sessions.registry().is_up(agent.welcome.console));
}

#[tokio::test]
async fn a_key_that_no_console_has_is_told_that_it_is_revoked() {
    let world = World::start().await;
    let (mut socket, mut transport) =
        begin_connection(&world.link_url(), &world.enrolment("aurora").server_key, &key(5)).await;
    let bye = transport.open(&socket.message().await).unwrap();
    assert_eq!(bye, ToAgent::Bye { reason: LinkClose::Revoked }.to_bytes());
    assert_eq!(socket.closed().await, close::SESSION_ENDED);
}

#[tokio::test]
async fn a_wrong_opening_is_refused() {
    let world = World::start().await;
    let wrong_version = Opening::Connect { version: protocol::VERSION + 1 }.to_bytes();
    for opening in
        [vec![], vec![9], vec![0xff; 100], wrong_version, Opening::Connect { version: 1 }.to_bytes()[..2].to_vec()]
    {
        let mut socket = Socket::open(&world.link_url(), None).await;
        socket.send(opening.clone()).await;
        assert_eq!(socket.closed().await, close::BAD_MESSAGE, "{opening:?}");
    }
    let mut text = Socket::open(&world.link_url(), None).await;
    text.try_send(Message::Text("hello".into())).await.unwrap();
    assert_eq!(text.closed().await, close::BAD_MESSAGE);
}

#[tokio::test]
async fn a_silent_opening_and_a_silent_newcomer_are_closed() {
    let mut limits = quick();
    // Enough for those who mean it, on a busy machine too.
    limits.link.handshake_within = Duration::from_secs(2);
    let world = World::with(limits, Clock::system()).await;
    let mut silent = Socket::open(&world.link_url(), None).await;
    assert_eq!(silent.closed().await, close::BAD_MESSAGE);
    let mut welcomed = world.enrol("aurora", 1).await;
    assert_eq!(welcomed.closed().await.1, close::PEER_GONE, "no hello");
}

#[tokio::test]
async fn a_page_may_not_open_a_link() {
    let world = World::start().await;
    for origin in [world.origin.as_str(), "https://evil.example", "null"] {
        let mut socket = Socket::open(&world.link_url(), Some(origin)).await;
        assert_eq!(socket.closed().await, close::BAD_ORIGIN);
    }
}

#[tokio::test]
async fn nothing_may_come_before_the_hello() {
    let world = World::start().await;
    let session = protocol::ids::SessionId([1; 16]);
    let early = [
        FromAgent::Pulse { sent_at: Micros(1) },
        FromAgent::CallChanged { call: CallState::Idle, sent_at: Micros(1) },
        FromAgent::Accepted { request: 0, session },
        FromAgent::Event { session, event: SessionEvent::IndicatorShown },
        FromAgent::Ended { receipt: Blob::default() },
        FromAgent::Signals { signals: Signals::default() },
    ];
    world.enrol("aurora", 1).await;
    for message in early {
        let mut agent = world.reconnect("aurora", key(1)).await;
        agent.send(&message).await;
        assert_closed(&mut agent, LinkClose::ProtocolError, close::BAD_MESSAGE).await;
    }
}

#[tokio::test]
async fn what_is_not_understood_ends_the_link() {
    let world = World::start().await;
    world.enrol("aurora", 1).await;
    let too_long_name = {
        let signing_key = ConsoleSigner::new(&key(1)).public_key();
        let mut hello = FromAgent::Hello { info: info(), call: CallState::Idle, signing_key }.to_bytes();
        // The length of the first text, the agent's version.
        hello[1] = 200;
        hello
    };
    let pulse = FromAgent::Pulse { sent_at: Micros(1) }.to_bytes();
    let left_over = [pulse.clone(), vec![0]].concat();
    for wrong in [vec![], vec![200], pulse[..5].to_vec(), left_over, too_long_name, vec![0xff; LINK_MESSAGE_MAX_BYTES]]
    {
        let mut agent = world.reconnect("aurora", key(1)).await.hello().await;
        agent.send_sealed(&wrong).await;
        assert_closed(&mut agent, LinkClose::ProtocolError, close::BAD_MESSAGE).await;
    }
    let mut agent = world.reconnect("aurora", key(1)).await.hello().await;
    agent.socket.send(vec![7; 100]).await;
    assert_closed(&mut agent, LinkClose::ProtocolError, close::BAD_MESSAGE).await;
    let mut agent = world.reconnect("aurora", key(1)).await.hello().await;
    agent.socket.try_send(Message::Text("hello".into())).await.unwrap();
    assert_closed(&mut agent, LinkClose::ProtocolError, close::BAD_MESSAGE).await;
}

#[tokio::test]
async fn displays_that_cannot_be_are_refused() {
    let world = World::start().await;
    world.enrol("aurora", 1).await;
    let display = |width| DisplayInfo { id: DisplayId::Console, size: PixelSize::new(width, 800) };
    for displays in [vec![display(0)], vec![display(u16::MAX)], vec![display(800), display(800)]] {
        let mut agent = world.reconnect("aurora", key(1)).await;
        let mut info = info();
        info.displays = List::fitted(displays);
        agent.send(&agent.greeting(info, CallState::Idle)).await;
        assert_closed(&mut agent, LinkClose::ProtocolError, close::BAD_MESSAGE).await;
    }
}

#[tokio::test]
async fn a_message_that_is_too_large_ends_the_link() {
    let world = World::start().await;
    let mut agent = world.console("aurora", 1).await;
    agent.send_sealed(&vec![0; LINK_MESSAGE_MAX_BYTES + 1]).await;
    assert_eq!(agent.closed().await.1, close::TOO_LARGE);
}

#[tokio::test]
async fn a_flood_ends_the_link() {
    // The clock stands still: only the burst passes.
    let world = World::with(quick(), Clock::manual(1_767_225_600_000)).await;
    let mut agent = world.console("aurora", 1).await;
    for _ in 0..39 {
        agent.pulse(Micros(1)).await;
    }
    assert!(world.sessions.registry().is_up(agent.welcome.console));
    agent.pulse(Micros(1)).await;
    assert_eq!(agent.closed().await.1, close::OVERLOADED);
    until("the console is gone", async || !world.sessions.registry().is_up(agent.welcome.console)).await;
}

#[tokio::test]
async fn greetings_are_counted_on_their_own() {
    let world = World::with(quick(), Clock::manual(1_767_225_600_000)).await;
    let mut agent = world.console("aurora", 1).await;
    for _ in 0..5 {
        agent.say_hello_again().await;
    }
    assert_closed(&mut agent, LinkClose::ProtocolError, close::BAD_MESSAGE).await;
}

#[tokio::test]
async fn a_late_or_made_up_answer_is_passed_over() {
    let world = World::start().await;
    let mut agent = world.console("aurora", 1).await;
    let session = protocol::ids::SessionId([1; 16]);
    agent.send(&FromAgent::Nonce { request: 77, nonce: [0; 32], call: CallState::Idle }).await;
    agent.send(&FromAgent::Accepted { request: 78, session }).await;
    agent.send(&FromAgent::Refused { request: u32::MAX, code: protocol::refusal::RefusalCode::InCall }).await;
    let technician = world.modifier_of("aurora").await;
    world.agreed(&technician, &mut agent).await;
}

#[tokio::test]
async fn a_room_that_gets_a_new_console_lets_the_old_one_go() {
    let world = World::start().await;
    let mut old = world.console("aurora", 1).await;
    let string = world.offer_enrolment("contoso", "aurora", true).await;
    let new = TestAgent::enrol(&world.link_url(), &string, key(2)).await.hello().await;
    assert_closed(&mut old, LinkClose::Revoked, close::SESSION_ENDED).await;
    assert_ne!(new.welcome.console, old.welcome.console);
    let (mut socket, mut transport) = begin_connection(&world.link_url(), &string.server_key, &key(1)).await;
    let Heard::Message(bye) = socket.hear().await else { panic!("a good-bye") };
    assert_eq!(transport.open(&bye).unwrap(), ToAgent::Bye { reason: LinkClose::Revoked }.to_bytes());
}

fn camera(state: SignalState, detail: &str, user: &str) -> FromAgent {
    let camera = Signal { kind: SignalKind::Camera, state, detail: Text::fitted(detail) };
    let user = SystemUser::SignedIn { name: Text::fitted(user) };
    FromAgent::Signals { signals: Signals { list: List::fitted(vec![camera]), user } }
}

#[tokio::test]
async fn what_a_console_says_about_its_devices_is_on_its_rooms_page_and_stays() {
    let world = World::start().await;
    let mut agent = world.console("aurora", 1).await;
    let viewer = world.viewer_of("aurora").await;
    let room = async || viewer.get("/rooms/aurora").await.json::<RoomDetail>(200);
    let signals = async || room().await.console.and_then(|console| console.signals);
    assert_eq!(signals().await, None, "it has said nothing");

    let mut changes = world.core.live.subscribe();
    agent.send(&camera(SignalState::Ok, "<b>Huddle</b>", "room")).await;
    until("the signals", async || signals().await.is_some()).await;
    let told = changes.try_recv();
    assert!(matches!(&told, Ok(Change::Room { room, .. }) if room.as_str() == "aurora"), "{told:?}");
    let said = signals().await.expect("it has spoken");
    let of = |kind| said.list.iter().find(|one| one.kind == kind).map(|one| (one.state, one.detail.as_str()));
    assert_eq!(of(SignalKind::Camera), Some((SignalState::Ok, "<b>Huddle</b>")), "as the console sent it");
    assert_eq!(of(SignalKind::Microphone), Some((SignalState::Unknown, "")), "it did not speak of it");
    assert_eq!(said.system_user, SystemUserReport::SignedIn { name: "room".to_owned() });

    agent.send(&camera(SignalState::Missing, "", "room")).await;
    let is_missing = |one: &SignalReport| one.kind == SignalKind::Camera && one.state == SignalState::Missing;
    let is_gone = async || signals().await.is_some_and(|signals| signals.list.iter().any(is_missing));
    until("the camera to be gone", is_gone).await;
    drop(agent);
    until("the console to be away", async || room().await.summary.state == RoomState::Disconnected).await;
    assert!(is_gone().await, "what it said last is still there");
}

#[tokio::test]
async fn a_device_that_is_spoken_of_twice_ends_the_link() {
    let world = World::start().await;
    let mut agent = world.console("aurora", 1).await;
    let camera = |state| Signal { kind: SignalKind::Camera, state, detail: Text::default() };
    let list = List::fitted(vec![camera(SignalState::Ok), camera(SignalState::Missing)]);
    agent.send(&FromAgent::Signals { signals: Signals { list, user: SystemUser::Unknown } }).await;
    assert_closed(&mut agent, LinkClose::ProtocolError, close::BAD_MESSAGE).await;
}

#[tokio::test]
async fn a_flood_of_signals_ends_the_link() {
    let world = World::with(quick(), Clock::manual(1_767_225_600_000)).await;
    let mut agent = world.console("aurora", 1).await;
    for n in 0..=10 {
        agent.send(&camera(SignalState::Ok, &n.to_string(), "room")).await;
    }
    assert_closed(&mut agent, LinkClose::ProtocolError, close::BAD_MESSAGE).await;
}
