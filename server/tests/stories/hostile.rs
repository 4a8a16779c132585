//! Hostile peers all at once, beside a session that must not notice.

use futures_util::future::join_all;
use protocol::link::{CallState, FromAgent, Opening, SessionEvent, SocketOpening};
use protocol::wire::Encode as _;
use tokio_tungstenite::tungstenite::Message;

use crate::support::agent::{begin_enrolment, info, key};
use crate::support::socket::{Heard, Socket};
use crate::support::world::{World, room};

/// Sends one thing after the other and reads until the end.
async fn pester(url: String, origin: Option<String>, messages: Vec<Message>) {
    let mut socket = Socket::open(&url, origin.as_deref()).await;
    for message in messages {
        if socket.try_send(message).await.is_err() {
            break;
        }
    }
    socket.close_now().await;
    while let Heard::Message(_) = socket.hear().await {}
}

/// Bytes that mean nothing, the same on every run.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..length).map(|_| next()).collect()
}

#[tokio::test]
async fn a_session_does_not_notice_hostile_peers() {
    let world = World::start().await;
    let mut session = world.session().await;
    let mut rogue = world.console("fabric", 66).await;
    let before = world.events("session.end").await.len();

    let mut pests = Vec::new();
    for seed in 0..30 {
        for (path, origin) in [("/ws/link", None), ("/ws/viewer", Some(world.origin.clone())), ("/ws/agent", None)] {
            let opening = match seed % 3 {
                0 => noise(seed, 40),
                1 => Opening::Connect { version: protocol::VERSION }.to_bytes(),
                _ => {
                    SocketOpening { version: 1, session: session.started.session, ticket: [seed as u8; 32] }.to_bytes()
                }
            };
            let messages = vec![
                Message::Binary(opening.into()),
                Message::Binary(noise(seed + 1, 500 * seed as usize).into()),
                Message::Ping(noise(seed, 20).into()),
                Message::Binary(noise(seed + 2, 70_000).into()),
                Message::Text("hello".into()),
            ];
            pests.push(pester(world.socket_url(path), origin, messages));
        }
    }
    // A console of another tenant that lies about this session as fast as it can.
    let id = session.started.session;
    let lies = async {
        for n in 0..200_u32 {
            let lie = match n % 3 {
                0 => FromAgent::Event { session: id, event: SessionEvent::RestartRequested },
                1 => rogue.greeting(info(), CallState::Idle),
                _ => FromAgent::Nonce { request: n, nonce: [0; 32], call: CallState::Idle },
            };
            let sealed = rogue.transport.seal(&lie.to_bytes()).unwrap();
            if rogue.socket.try_send(Message::Binary(sealed.into())).await.is_err() {
                break;
            }
        }
    };
    let exchanges = async {
        for n in 0..50_u8 {
            session.exchange(&[n; 100], &vec![n; 30_000]).await;
        }
    };
    tokio::join!(join_all(pests), lies, exchanges);

    session.exchange(b"still", b"here").await;
    assert_eq!(world.events("session.end").await.len(), before);
    assert_eq!(world.events("session.restart_requested").await.len(), 0);
    assert!(world.sessions.registry().is_up(session.agent.welcome.console));
    assert_eq!(world.core.metrics.relay_sockets.get(), 2, "only the session's sockets are left");
}

#[tokio::test]
async fn hostile_enrolments_leave_the_secret_to_its_owner() {
    let world = World::start().await;
    let attempts = (0..20_u8).map(|seed| {
        let mut enrolment = world.enrolment("aurora");
        let url = world.link_url();
        async move {
            match seed % 4 {
                0 => enrolment.secret = protocol::secure::Secret::new([seed; 32]),
                1 => enrolment.room = room("somewhere-else"),
                2 => {
                    let opening = Opening::Enrol { version: 1, tenant: enrolment.tenant, room: enrolment.room };
                    let messages = [opening.to_bytes(), noise(u64::from(seed), 32 + usize::from(seed))];
                    return pester(url, None, messages.map(|bytes| Message::Binary(bytes.into())).to_vec()).await;
                }
                _ => return pester(url, None, vec![Message::Binary(noise(u64::from(seed), 60).into())]).await,
            }
            let (mut socket, _) = begin_enrolment(&url, &enrolment, &key(seed)).await;
            socket.closed().await;
        }
    });
    join_all(attempts).await;
    world.console("aurora", 1).await;
}
