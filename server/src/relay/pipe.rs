use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Bytes, Message};

use protocol::link::close;

use super::RelayLimits;
use super::socket::{Carrier, CloseCode, code_for, end};
use crate::metrics::Counter;

/// Set to end a pair from outside, with the code that both sides are told.
pub type Cut = watch::Receiver<Option<CloseCode>>;

/// Why one direction stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// The reading end closed or vanished.
    SourceGone,
    /// The reading end broke the rules.
    SourceBroke(CloseCode),
    /// The writing end took nothing for too long, or vanished.
    SinkStuck,
}

/// The codes that the two ends of one direction are told.
struct Codes {
    source: CloseCode,
    sink: CloseCode,
}

/// Carries binary messages both ways until a side leaves, breaks the rules or `cut` is set; then closes both.
///
/// One task, no queue: a message is read, written out completely, and only then is the next one read. Its bytes are
/// added to `carried` when it has been read.
pub(super) async fn splice<S: Carrier>(
    viewer: WebSocketStream<S>,
    agent: WebSocketStream<S>,
    limits: &RelayLimits,
    mut cut: Cut,
    carried: &Counter,
) {
    let (mut to_viewer, mut from_viewer) = viewer.split();
    let (mut to_agent, mut from_agent) = agent.split();
    let (viewer_code, agent_code) = tokio::select! {
        stop = forward(&mut from_viewer, &mut to_agent, limits, carried) => {
            let codes = stop.codes();
            (codes.source, codes.sink)
        }
        stop = forward(&mut from_agent, &mut to_viewer, limits, carried) => {
            let codes = stop.codes();
            (codes.sink, codes.source)
        }
        code = cut_code(&mut cut) => (code, code),
    };
    tokio::join!(
        reunite(from_viewer, to_viewer, viewer_code, limits.close_within),
        reunite(from_agent, to_agent, agent_code, limits.close_within),
    );
}

/// Waits until the pair is cut from outside; a relay that is gone cuts as well.
pub(super) async fn cut_code(cut: &mut Cut) -> CloseCode {
    match cut.wait_for(Option::is_some).await {
        Ok(code) => code.unwrap_or(CloseCode(close::SESSION_ENDED)),
        Err(_) => CloseCode(close::PEER_GONE),
    }
}

impl Stop {
    fn codes(self) -> Codes {
        let gone = CloseCode(close::PEER_GONE);
        match self {
            Self::SourceGone => Codes { source: gone, sink: gone },
            Self::SourceBroke(code) => Codes { source: code, sink: gone },
            Self::SinkStuck => Codes { source: gone, sink: CloseCode(close::OVERLOADED) },
        }
    }
}

async fn forward<S: Carrier>(
    source: &mut SplitStream<WebSocketStream<S>>,
    sink: &mut SplitSink<WebSocketStream<S>, Message>,
    limits: &RelayLimits,
    carried: &Counter,
) -> Stop {
    let mut ping = interval_at(Instant::now() + limits.ping_every, limits.ping_every);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // Counted from when reading could begin: while the sink is slow, nobody listens to the source.
    let mut silent_at = Instant::now() + limits.silent_after;
    loop {
        let outgoing = tokio::select! {
            message = source.next() => match message {
                Some(Ok(Message::Binary(bytes))) => {
                    carried.add(bytes.len() as u64);
                    Some(Message::Binary(bytes))
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => None,
                Some(Ok(Message::Close(_))) | None => return Stop::SourceGone,
                Some(Ok(_)) => return Stop::SourceBroke(CloseCode(close::BAD_MESSAGE)),
                Some(Err(error)) if is_rule_broken(&error) => return Stop::SourceBroke(code_for(&error)),
                Some(Err(_)) => return Stop::SourceGone,
            },
            // The other direction pings the source; its answer is a frame like any other.
            _ = ping.tick() => {
                if write(sink, Message::Ping(Bytes::new()), limits.write_within).await.is_err() {
                    return Stop::SinkStuck;
                }
                continue;
            }
            () = tokio::time::sleep_until(silent_at) => return Stop::SourceGone,
        };
        if let Some(message) = outgoing
            && write(sink, message, limits.write_within).await.is_err()
        {
            return Stop::SinkStuck;
        }
        silent_at = Instant::now() + limits.silent_after;
    }
}

struct Stuck;

/// Writes a message out completely.
async fn write<S: Carrier>(
    sink: &mut SplitSink<WebSocketStream<S>, Message>,
    message: Message,
    within: Duration,
) -> Result<(), Stuck> {
    match timeout(within, sink.send(message)).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(Stuck),
    }
}

fn is_rule_broken(error: &tokio_tungstenite::tungstenite::Error) -> bool {
    use tokio_tungstenite::tungstenite::Error;
    use tokio_tungstenite::tungstenite::error::ProtocolError;
    match error {
        Error::Protocol(error) => *error != ProtocolError::ResetWithoutClosingHandshake,
        Error::Capacity(_) | Error::Utf8(_) => true,
        _ => false,
    }
}

async fn reunite<S: Carrier>(
    source: SplitStream<WebSocketStream<S>>,
    sink: SplitSink<WebSocketStream<S>, Message>,
    code: CloseCode,
    within: Duration,
) {
    if let Ok(socket) = source.reunite(sink) {
        end(socket, code, within).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::io::DuplexStream;
    use tokio_tungstenite::tungstenite::protocol::Role;

    use super::super::limits::MESSAGE_MAX_BYTES;
    use super::super::socket::config;
    use super::*;

    type End = WebSocketStream<DuplexStream>;

    /// The relay's end and the peer's end of a connection that holds `capacity` bytes each way.
    async fn connection(capacity: usize) -> (End, End) {
        let (ours, theirs) = tokio::io::duplex(capacity);
        let ours = WebSocketStream::from_raw_socket(ours, Role::Server, Some(config(MESSAGE_MAX_BYTES))).await;
        (ours, WebSocketStream::from_raw_socket(theirs, Role::Client, None).await)
    }

    struct World {
        viewer: End,
        agent: End,
        cut: watch::Sender<Option<CloseCode>>,
        carried: Arc<Counter>,
        relay: tokio::task::JoinHandle<()>,
    }

    async fn world(capacity: usize) -> World {
        let (viewer_socket, viewer) = connection(capacity).await;
        let (agent_socket, agent) = connection(capacity).await;
        let (cut, cut_receiver) = watch::channel(None);
        let limits = RelayLimits::default();
        let carried = Arc::new(Counter::default());
        let counter = Arc::clone(&carried);
        let splicing = async move { splice(viewer_socket, agent_socket, &limits, cut_receiver, &counter).await };
        World { viewer, agent, cut, carried, relay: tokio::spawn(splicing) }
    }

    async fn code(socket: &mut End) -> Option<u16> {
        while let Some(message) = socket.next().await {
            match message {
                Ok(Message::Close(Some(frame))) => return Some(frame.code.into()),
                Ok(Message::Close(None)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
        None
    }

    async fn binary(socket: &mut End) -> Option<Bytes> {
        while let Some(Ok(message)) = socket.next().await {
            if let Message::Binary(bytes) = message {
                return Some(bytes);
            }
        }
        None
    }

    #[tokio::test(start_paused = true)]
    async fn messages_pass_both_ways_untouched_and_are_counted() {
        let mut world = world(1 << 20).await;
        let large = Bytes::from(vec![0xa5; MESSAGE_MAX_BYTES]);
        world.viewer.send(Message::Binary(large.clone())).await.expect("sent");
        world.viewer.send(Message::Binary(Bytes::new())).await.expect("sent");
        world.agent.send(Message::Binary(Bytes::from_static(b"picture"))).await.expect("sent");
        assert_eq!(binary(&mut world.agent).await, Some(large));
        assert_eq!(binary(&mut world.agent).await, Some(Bytes::new()), "an empty message is a message");
        assert_eq!(binary(&mut world.viewer).await.as_deref(), Some(&b"picture"[..]));
        assert_eq!(world.carried.get(), MESSAGE_MAX_BYTES as u64 + 7, "counted while the session goes on");
        world.viewer.close(None).await.expect("closed");
        assert_eq!(code(&mut world.agent).await, Some(close::PEER_GONE));
        drop((world.viewer, world.agent));
        world.relay.await.expect("ended");
    }

    #[tokio::test(start_paused = true)]
    async fn a_side_that_breaks_the_rules_is_told_and_the_other_is_let_go() {
        let too_long = Message::Binary(vec![0; MESSAGE_MAX_BYTES + 1].into());
        let cases = [(too_long, close::TOO_LARGE), (Message::Text("hello".into()), close::BAD_MESSAGE)];
        for (message, expected) in cases {
            let mut world = world(1 << 20).await;
            world.agent.send(message).await.expect("sent");
            assert_eq!(code(&mut world.agent).await, Some(expected));
            assert_eq!(code(&mut world.viewer).await, Some(close::PEER_GONE));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn cutting_tells_both_sides() {
        let mut world = world(1 << 16).await;
        world.cut.send_replace(Some(CloseCode(close::SESSION_ENDED)));
        assert_eq!(code(&mut world.viewer).await, Some(close::SESSION_ENDED));
        assert_eq!(code(&mut world.agent).await, Some(close::SESSION_ENDED));
    }

    #[tokio::test(start_paused = true)]
    async fn the_relay_stops_reading_while_the_other_side_does_not_read() {
        const CAPACITY: usize = 4096;
        let mut world = world(CAPACITY).await;
        let message = Bytes::from(vec![1; 32 << 10]);
        let mut sent = 0_usize;
        // Nobody reads at the viewer: what is taken from the agent is what the buffers hold.
        while let Ok(result) = timeout(Duration::from_secs(1), world.agent.send(Message::Binary(message.clone()))).await
        {
            result.expect("still connected");
            sent += message.len();
            assert!(sent <= 4 * MESSAGE_MAX_BYTES, "the relay hoards {sent} bytes");
        }
        // The stuck message completes once the viewer reads again, and nothing was lost on the way.
        let receive = async {
            let mut received = 0;
            while received < sent {
                received += binary(&mut world.viewer).await.expect("still connected").len();
            }
        };
        receive.await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_side_that_reads_nothing_for_too_long_is_dropped() {
        let mut world = world(4096).await;
        let message = Bytes::from(vec![1; 32 << 10]);
        while world.agent.send(Message::Binary(message.clone())).await.is_ok() {}
        world.relay.await.expect("ended");
        assert!(world.carried.get() <= 4 * MESSAGE_MAX_BYTES as u64);
    }

    #[tokio::test(start_paused = true)]
    async fn a_half_open_peer_is_dropped_after_silence() {
        let world = world(1 << 16).await;
        // Both peers keep their connection and answer nothing, not even pings.
        let started = Instant::now();
        world.relay.await.expect("ended");
        let limits = RelayLimits::default();
        let took = started.elapsed();
        assert!(limits.silent_after <= took && took <= limits.silent_after + 3 * limits.close_within, "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_quiet_pair_lives_as_long_as_its_sides_answer_pings() {
        let mut world = world(1 << 16).await;
        let pinged = async |socket: &mut End| {
            let mut pings = 0;
            while pings < 20 {
                match socket.next().await {
                    Some(Ok(Message::Ping(_))) => pings += 1,
                    Some(Ok(_)) => {}
                    other => panic!("the pair ended: {other:?}"),
                }
            }
        };
        tokio::join!(pinged(&mut world.viewer), pinged(&mut world.agent));
        assert!(!world.relay.is_finished());
    }
}
