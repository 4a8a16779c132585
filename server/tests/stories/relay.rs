//! The sockets of a session: what opens them, what ends them, and that a slow end is waited for.

use std::time::Duration;

use protocol::link::{SocketOpening, close};
use protocol::wire::Encode as _;
use server::clock::Clock;
use tokio_tungstenite::tungstenite::Message;

use crate::support::socket::{Heard, Socket};
use crate::support::viewer::{open_socket, opening_of};
use crate::support::world::{World, quick, until};

const LARGEST: usize = 66 << 10;

#[tokio::test]
async fn a_ticket_opens_one_socket() {
    let world = World::start().await;
    let mut session = world.session().await;
    let mut again = open_socket(&session.started, &world.origin).await;
    assert_eq!(again.hear().await, Heard::Closed(close::BAD_TICKET));
    let mut again = session.agent.open_socket(&session.offer).await;
    assert_eq!(again.hear().await, Heard::Closed(close::BAD_TICKET));
    session.exchange(b"un", b"disturbed").await;
}

#[tokio::test]
async fn a_ticket_for_something_else_opens_nothing() {
    let world = World::start().await;
    let mut agent = world.console("aurora", 1).await;
    let technician = world.modifier_of("aurora").await;
    let (started, offer) = world.agreed(&technician, &mut agent).await;
    let viewer = opening_of(&started);
    let of_agent = SocketOpening { ticket: offer.ticket, ..viewer };
    let of_other = SocketOpening { session: protocol::ids::SessionId([3; 16]), ..viewer };
    let made_up = SocketOpening { ticket: [3; 32], ..viewer };
    // Each ticket is spent by its wrong use, so a guess costs it as well.
    for (path, origin, opening) in [
        ("/ws/viewer", Some(world.origin.as_str()), made_up),
        ("/ws/agent", None, made_up),
        ("/ws/viewer", Some(world.origin.as_str()), of_agent),
        ("/ws/viewer", Some(world.origin.as_str()), of_other),
    ] {
        let mut socket = Socket::open(&world.socket_url(path), origin).await;
        socket.send(opening.to_bytes()).await;
        assert_eq!(socket.hear().await, Heard::Closed(close::BAD_TICKET), "{path} {opening:?}");
    }
    let mut socket = open_socket(&started, &world.origin).await;
    assert_eq!(socket.hear().await, Heard::Closed(close::BAD_TICKET), "spent by the wrong session");
}

#[tokio::test]
async fn a_ticket_runs_out() {
    let clock = Clock::manual(1_767_225_600_000);
    let world = World::with(quick(), clock.clone()).await;
    let mut agent = world.console("aurora", 1).await;
    let (started, _) = world.agreed(&world.modifier_of("aurora").await, &mut agent).await;
    clock.advance(Duration::from_secs(30));
    let mut socket = open_socket(&started, &world.origin).await;
    assert_eq!(socket.hear().await, Heard::Closed(close::BAD_TICKET));
}

#[tokio::test]
async fn only_pages_of_the_portal_open_a_viewers_socket() {
    let world = World::start().await;
    let mut agent = world.console("aurora", 1).await;
    let (started, offer) = world.agreed(&world.modifier_of("aurora").await, &mut agent).await;
    let with_slash = format!("{}/", world.origin);
    for origin in
        [None, Some("https://evil.example"), Some("null"), Some(with_slash.as_str()), Some("http://localhost")]
    {
        let mut socket = Socket::open(&started.relay_url, origin).await;
        // The server may be faster with its refusal.
        let _ = socket.try_send(Message::Binary(opening_of(&started).to_bytes().into())).await;
        assert_eq!(socket.closed().await, close::BAD_ORIGIN, "{origin:?}");
    }
    let mut page = Socket::open(&offer.relay_url, Some(&world.origin)).await;
    assert_eq!(page.closed().await, close::BAD_ORIGIN, "no page is an agent");
    let mut session = world.connected(world.modifier_of("aurora").await, agent, started, offer).await;
    session.exchange(b"the ticket", b"was not spent").await;
}

#[tokio::test]
async fn a_wrong_first_message_is_refused() {
    let world = World::start().await;
    let opening =
        SocketOpening { version: protocol::VERSION + 1, session: protocol::ids::SessionId([1; 16]), ticket: [1; 32] };
    let whole = opening.to_bytes();
    let left_over = [whole.clone(), vec![0]].concat();
    let cases = [
        (Message::Binary(vec![].into()), close::BAD_MESSAGE),
        (Message::Binary(vec![1; 10].into()), close::BAD_MESSAGE),
        (Message::Binary(whole.into()), close::BAD_MESSAGE),
        (Message::Binary(left_over.into()), close::BAD_MESSAGE),
        (Message::Text("hello".into()), close::BAD_MESSAGE),
        (Message::Binary(vec![1; LARGEST + 1].into()), close::TOO_LARGE),
    ];
    for (path, origin) in [("/ws/viewer", Some(world.origin.as_str())), ("/ws/agent", None)] {
        for (message, code) in &cases {
            let mut socket = Socket::open(&world.socket_url(path), origin).await;
            socket.try_send(message.clone()).await.unwrap();
            assert_eq!(socket.closed().await, *code, "{path} {message:?}");
        }
    }
}

#[tokio::test]
async fn a_silent_socket_is_closed() {
    let mut limits = quick();
    limits.relay.opening_within = Duration::from_millis(50);
    let world = World::with(limits, Clock::system()).await;
    let mut socket = Socket::open(&world.socket_url("/ws/agent"), None).await;
    assert_eq!(socket.closed().await, close::BAD_MESSAGE);
}

#[tokio::test]
async fn the_first_side_does_not_wait_for_ever() {
    let mut limits = quick();
    limits.relay.peer_within = Duration::from_millis(50);
    let world = World::with(limits, Clock::system()).await;
    let mut agent = world.console("aurora", 1).await;
    let (_, offer) = world.agreed(&world.modifier_of("aurora").await, &mut agent).await;
    let mut socket = agent.open_socket(&offer).await;
    assert_eq!(socket.closed().await, close::NO_PEER);
}

#[tokio::test]
async fn what_the_viewer_sends_early_arrives() {
    let world = World::start().await;
    let mut agent = world.console("aurora", 1).await;
    let (started, offer) = world.agreed(&world.modifier_of("aurora").await, &mut agent).await;
    let mut viewer = open_socket(&started, &world.origin).await;
    viewer.send(&b"early"[..]).await;
    viewer.send(&b"bird"[..]).await;
    let mut console = agent.open_socket(&offer).await;
    assert_eq!(&console.message().await[..], b"early");
    assert_eq!(&console.message().await[..], b"bird");
}

#[tokio::test]
async fn the_largest_message_passes_and_a_larger_one_ends_the_session_socket() {
    let world = World::start().await;
    let mut session = world.session().await;
    let largest: Vec<u8> = (0..LARGEST).map(|n| n as u8).collect();
    session.agent_socket.send(largest.clone()).await;
    assert_eq!(session.viewer_socket.message().await, largest);
    session.viewer_socket.send(largest.clone()).await;
    assert_eq!(session.agent_socket.message().await, largest);
    session.viewer_socket.send(vec![0; LARGEST + 1]).await;
    assert_eq!(session.viewer_socket.closed().await, close::TOO_LARGE);
    assert_eq!(session.agent_socket.closed().await, close::PEER_GONE);
}

#[tokio::test]
async fn a_text_message_ends_the_session_socket() {
    let world = World::start().await;
    let mut session = world.session().await;
    session.agent_socket.try_send(Message::Text("picture".into())).await.unwrap();
    assert_eq!(session.agent_socket.closed().await, close::BAD_MESSAGE);
    assert_eq!(session.viewer_socket.closed().await, close::PEER_GONE);
}

#[tokio::test]
async fn a_slow_end_slows_the_other_and_loses_nothing() {
    let world = World::start().await;
    let mut session = world.session().await;
    let message = |n: u32| [n.to_le_bytes().to_vec(), vec![0xaa; 60_000]].concat();
    // The viewer reads nothing until the console can send no more: every buffer on the way is full.
    let mut sent = 0_u32;
    let mut stuck = None;
    while stuck.is_none() {
        let sending = session.agent_socket.try_send(Message::Binary(message(sent).into()));
        if tokio::time::timeout(Duration::from_millis(300), sending).await.is_err() {
            stuck = Some(sent);
        }
        sent += 1;
        assert!(sent < 2000, "the relay takes {sent} messages that nobody reads");
    }
    // The other direction is not held up by this one.
    session.viewer_socket.send(&b"key"[..]).await;
    assert_eq!(&session.agent_socket.message().await[..], b"key");
    let stuck = stuck.unwrap();
    let reading = async {
        for expected in 0..=stuck {
            let received = session.viewer_socket.message().await;
            assert!(received == message(expected), "message {expected} is the one that was sent");
        }
    };
    let (flushed, ()) = tokio::join!(session.agent_socket.flush(), reading);
    flushed.unwrap();
}

#[tokio::test]
async fn an_end_that_reads_nothing_for_too_long_is_dropped() {
    let mut limits = quick();
    limits.relay.write_within = Duration::from_millis(200);
    limits.relay.close_within = Duration::from_millis(100);
    let world = World::with(limits, Clock::system()).await;
    let mut session = world.session().await;
    let closed =
        async { while session.agent_socket.try_send(Message::Binary(vec![0; 60_000].into())).await.is_ok() {} };
    tokio::time::timeout(Duration::from_secs(20), closed).await.expect("the console is let go");
    until("both sockets are gone", async || world.core.metrics.relay_sockets.get() == 0).await;
}

#[tokio::test]
async fn a_half_open_end_is_dropped() {
    let mut limits = quick();
    limits.relay.ping_every = Duration::from_millis(20);
    // Longer than both ends take to come, on a busy machine too.
    limits.relay.silent_after = Duration::from_secs(2);
    limits.relay.close_within = Duration::from_millis(50);
    let world = World::with(limits, Clock::system()).await;
    let mut session = world.session().await;
    // The console's end answers pings, the viewer's is never looked at: as if its network were gone.
    assert_eq!(session.agent_socket.closed().await, close::PEER_GONE);
    until("both sockets are gone", async || world.core.metrics.relay_sockets.get() == 0).await;
}

#[tokio::test]
async fn what_was_carried_is_counted() {
    let world = World::start().await;
    let mut session = world.session().await;
    session.exchange(&[1; 1000], &[2; 5000]).await;
    session.viewer_socket.close_now().await;
    session.agent_socket.closed().await;
    until("the bytes are counted", async || 6000 < world.core.metrics.relay_bytes.get()).await;
    assert!(world.core.metrics.relay_bytes.get() < 7000);
}
