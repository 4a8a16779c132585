//! A relay in the wrong hands: it stands before the server's own, has every message of every viewer in its hands, and does
//! with them what it was told.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fastrand::Rng;
use protocol::ids::SessionId;
use protocol::link::SocketOpening;
use protocol::wire::Decode as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Bytes;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::{MaybeTlsStream, accept_hdr_async};

use super::socket::{Heard, Socket};
use crate::forgery::Change;

/// Messages for a line from other lines; more are lost.
const STRAYS_MAX: usize = 64;
/// Messages of other sessions that are kept to be used.
const SEEN_MAX: usize = 256;

/// Which way a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Way {
    ToAgent,
    ToViewer,
}

/// What is done to one message of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mischief {
    /// Nothing but time: the one thing that a session outlives.
    Delay,
    Drop,
    Repeat,
    /// The one before it comes again.
    Replay,
    /// After the next one.
    Reorder,
    Change(Change),
    /// Random bytes of the same length go before it.
    Inject,
    /// A message of another session goes before it.
    OfOther,
    /// It goes to another session instead.
    Astray,
    /// It goes back to where it came from.
    Reflect,
}

impl Mischief {
    pub const ALL: [Self; 15] = [
        Self::Delay,
        Self::Drop,
        Self::Repeat,
        Self::Replay,
        Self::Reorder,
        Self::Change(Change::BitFlips),
        Self::Change(Change::OtherByte),
        Self::Change(Change::Truncated),
        Self::Change(Change::Extended),
        Self::Change(Change::Spliced),
        Self::Change(Change::Empty),
        Self::Inject,
        Self::OfOther,
        Self::Astray,
        Self::Reflect,
    ];
}

/// What the relay does in one session: once, to the message with this number.
#[derive(Debug, Clone, Copy)]
pub struct Plot {
    pub way: Way,
    pub at: usize,
    pub mischief: Mischief,
    pub seed: u64,
}

#[derive(Default)]
struct State {
    plots: HashMap<SessionId, Plot>,
    done: HashSet<SessionId>,
    /// Sessions that messages of others were sent into.
    struck: HashSet<SessionId>,
    /// Ways into the lines that are open, to their agents.
    lines: HashMap<SessionId, mpsc::Sender<Bytes>>,
    seen: Vec<(SessionId, Way, Bytes)>,
}

/// A relay that can be told what to do.
#[derive(Clone)]
pub struct HostileRelay {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl HostileRelay {
    /// Listens; what comes is handed on to `server` once that is known.
    pub async fn listen() -> (Self, TcpListener) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let address = listener.local_addr().expect("bound");
        (Self { address, state: Arc::default() }, listener)
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.address.port())
    }

    /// Hands on what comes to the server's relay.
    pub fn run(&self, listener: TcpListener, server: SocketAddr) {
        let relay = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let relay = relay.clone();
                tokio::spawn(async move { relay.serve(stream, server).await });
            }
        });
    }

    /// What is to be done to a session whose viewer has not come yet.
    pub fn plot(&self, session: SessionId, plot: Plot) {
        self.state().plots.insert(session, plot);
    }

    /// It was done.
    pub fn was_done(&self, session: SessionId) -> bool {
        self.state().done.contains(&session)
    }

    /// What was done to it, or will be, is more than a delay.
    pub fn plot_is_harmful(&self, session: SessionId) -> bool {
        self.state().plots.get(&session).is_some_and(|plot| plot.mischief != Mischief::Delay)
    }

    /// A message of another session came into it.
    pub fn was_struck(&self, session: SessionId) -> bool {
        self.state().struck.contains(&session)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn serve(&self, stream: TcpStream, server: SocketAddr) {
        let (mut path, mut origin) = (String::new(), None);
        #[expect(clippy::result_large_err, reason = "the library's callback has this error")]
        let read = |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
            request.uri().path().clone_into(&mut path);
            origin = request.headers().get("origin").and_then(|origin| origin.to_str().ok()).map(str::to_owned);
            Ok(response)
        };
        let Ok(stream) = accept_hdr_async(MaybeTlsStream::Plain(stream), read).await else { return };
        let mut client = Socket::accepted(stream);
        let mut server = Socket::open(&format!("ws://{server}{path}"), origin.as_deref()).await;
        // The first message is its ticket.
        let Heard::Message(opening) = client.hear().await else { return };
        let session = SocketOpening::from_bytes(&opening).expect("an opening").session;
        server.send(opening).await;
        if path == "/ws/viewer" {
            Line::new(self.clone(), session).carry(client, server).await;
        } else {
            hand_on(client, server).await;
        }
    }

    /// A message that went the same way in another session.
    fn of_other(&self, session: SessionId, way: Way, dice: &mut Rng) -> Option<Bytes> {
        let state = self.state();
        let others: Vec<_> = state.seen.iter().filter(|(other, seen, _)| *other != session && *seen == way).collect();
        others.get(dice.usize(..others.len().max(1))).map(|(.., message)| message.clone())
    }

    /// Sends a message into another session that is live now; false when there is none.
    fn misdirect(&self, session: SessionId, message: Bytes) -> bool {
        let mut state = self.state();
        let other = state.lines.iter().find(|(other, _)| **other != session);
        let Some((other, sent)) = other.map(|(other, line)| (*other, line.try_send(message).is_ok())) else {
            return false;
        };
        state.struck.insert(other);
        sent
    }
}

async fn hand_on(mut one: Socket, mut other: Socket) {
    loop {
        let is_over = tokio::select! {
            heard = one.next() => !pass(heard, &mut other).await,
            heard = other.next() => !pass(heard, &mut one).await,
        };
        if is_over {
            one.close().await;
            other.close().await;
            return;
        }
    }
}

async fn pass(heard: Heard, to: &mut Socket) -> bool {
    match heard {
        Heard::Message(message) => to.send(message).await,
        Heard::Closed(_) | Heard::Broken => false,
    }
}

/// The viewer's line of one session.
struct Line {
    relay: HostileRelay,
    session: SessionId,
    plot: Option<Plot>,
    dice: Rng,
    n_seen: HashMap<Way, usize>,
    before: HashMap<Way, Bytes>,
    held: Option<Bytes>,
    strays: mpsc::Receiver<Bytes>,
}

impl Line {
    fn new(relay: HostileRelay, session: SessionId) -> Self {
        let (line, strays) = mpsc::channel(STRAYS_MAX);
        let mut state = relay.state();
        state.lines.insert(session, line);
        let plot = state.plots.get(&session).copied();
        drop(state);
        let dice = Rng::with_seed(plot.map_or(0, |plot| plot.seed));
        Self { relay, session, plot, dice, n_seen: HashMap::new(), before: HashMap::new(), held: None, strays }
    }

    async fn carry(mut self, mut viewer: Socket, mut agent: Socket) {
        loop {
            let (way, heard) = tokio::select! {
                heard = viewer.next() => (Way::ToAgent, heard),
                heard = agent.next() => (Way::ToViewer, heard),
                Some(stray) = self.strays.recv() => {
                    agent.send(stray).await;
                    continue;
                }
            };
            let Heard::Message(message) = heard else { break };
            let (ahead, back) = self.take(way, message).await;
            let (to, from) = if way == Way::ToAgent { (&mut agent, &mut viewer) } else { (&mut viewer, &mut agent) };
            for message in ahead {
                to.send(message).await;
            }
            for message in back {
                from.send(message).await;
            }
        }
        self.relay.state().lines.remove(&self.session);
        viewer.close().await;
        agent.close().await;
    }

    /// What goes on, and what goes back, in place of a message.
    async fn take(&mut self, way: Way, message: Bytes) -> (Vec<Bytes>, Vec<Bytes>) {
        let number = self.n_seen.entry(way).or_default();
        let at = *number;
        *number += 1;
        let before = self.before.insert(way, message.clone());
        self.remember(way, &message);
        let Some(plot) = self.plot.filter(|plot| plot.way == way) else { return (vec![message], Vec::new()) };
        if let Some(held) = self.held.take() {
            return (vec![message, held], Vec::new());
        }
        if at != plot.at {
            return (vec![message], Vec::new());
        }
        let done = self.act(plot, message.clone(), before).await;
        let Some(done) = done else { return (vec![message], Vec::new()) };
        self.relay.state().done.insert(self.session);
        done
    }

    /// `None` when there is nothing to do it with.
    async fn act(&mut self, plot: Plot, message: Bytes, before: Option<Bytes>) -> Option<(Vec<Bytes>, Vec<Bytes>)> {
        let ahead = match plot.mischief {
            Mischief::Delay => {
                tokio::time::sleep(Duration::from_millis(150)).await;
                vec![message]
            }
            Mischief::Drop => vec![],
            Mischief::Repeat => vec![message.clone(), message],
            Mischief::Replay => vec![before?, message],
            Mischief::Reorder => {
                self.held = Some(message);
                vec![]
            }
            Mischief::Change(change) => {
                let other = before.unwrap_or_else(|| Bytes::from_static(&[0]));
                vec![change.of(&message, &other, 65_535, &mut self.dice).into()]
            }
            Mischief::Inject => {
                let random: Vec<u8> = message.iter().map(|_| self.dice.u8(..)).collect();
                vec![random.into(), message]
            }
            Mischief::OfOther => vec![self.relay.of_other(self.session, plot.way, &mut self.dice)?, message],
            Mischief::Astray => {
                if !self.relay.misdirect(self.session, message.clone()) {
                    return None;
                }
                vec![]
            }
            Mischief::Reflect => return Some((Vec::new(), vec![message])),
        };
        Some((ahead, Vec::new()))
    }

    fn remember(&self, way: Way, message: &Bytes) {
        let mut state = self.relay.state();
        if SEEN_MAX <= state.seen.len() {
            let index = self.n_seen.values().sum::<usize>() % SEEN_MAX;
            state.seen.swap_remove(index);
        }
        state.seen.push((self.session, way, message.clone()));
    }
}
