//! The control link: one outgoing WebSocket to the server, up as long as the agent runs.
//!
//! The server proves the key that the enrolment string named; no other server is talked to. Queues are bounded: what
//! cannot be sent waits at the driver, and what the driver does not take holds the link back.

use std::time::{Duration, Instant};

use futures_util::{SinkExt as _, StreamExt as _};
use protocol::link::{Enrolment, FromAgent, LINK_MESSAGE_MAX_BYTES, LinkClose, Opening, PULSE_INTERVAL, ToAgent};
use protocol::secure::noise::{Handshake, NoiseError, Transport};
use protocol::secure::{GrantError, GrantKey};
use protocol::time::Micros;
use protocol::wire::{Decode as _, DecodeError, Encode as _};
use tokio::sync::mpsc;
use tokio::time::{timeout, timeout_at};
use tokio_tungstenite::tungstenite::{Error as WebSocketError, Message};

use crate::clock::Clock;
use crate::identity::{Enrolled, Identity};
use crate::pace::{BackOff, Pace};
use crate::random;
use crate::socket::{self, ConnectError, Socket, Tls};
use crate::state_dir::{StateDir, StateDirError};

const PATH: &str = "/ws/link";
/// Messages from the server that wait for the driver; more wait in the socket.
const EVENTS_MAX: usize = 64;
/// Longest time for the handshake and the welcome.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(15);
/// Longest time for the line to take one small message.
const SEND_TIMEOUT: Duration = Duration::from_secs(15);
/// The server is heard of more often than this, by a ping if nothing else.
const SILENCE_MAX: Duration = Duration::from_secs(90);
/// A link that was up for so long was of use: the next attempt comes soon.
const USEFUL_AFTER: Duration = Duration::from_secs(10);
/// An enrolment that was refused so often, on a server that answers, will not succeed.
const ENROLMENT_REFUSALS_MAX: u32 = 3;
/// Below the server's limit of 20 messages a second and 40 at once.
const PACE: Pace = Pace::new(Micros::from_millis(66), 30);

/// What the driver is told.
#[derive(Debug)]
pub enum LinkEvent {
    /// The server knows this console; say hello.
    Up(Welcome),
    Message(ToAgent),
    /// The link is gone and will come back; `unsent` was taken but not sent.
    Down {
        unsent: Vec<FromAgent>,
    },
    /// The last event: no link will come.
    Failed(LinkFailure),
}

/// What the server says about the console.
#[derive(Debug, Clone)]
pub struct Welcome {
    pub enrolled: Enrolled,
    pub room_name: String,
    pub status: Enrolment,
}

/// Why the agent stops trying.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkFailure {
    #[error(
        "the server refused the enrolment: the string was used or replaced, or is too old; make a new one on the room's page in the portal"
    )]
    EnrolmentRefused,
    #[error(
        "this console is not enrolled any more: it was refused or revoked in the portal, or another console took its room; to use it again, make a new enrolment string on the room's page in the portal and run: redring-agent run --enrolment STRING"
    )]
    Revoked,
}

/// Why a link ended or did not come up.
#[derive(Debug, thiserror::Error)]
enum LinkError {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error("the line broke: {0}")]
    Line(#[from] WebSocketError),
    #[error("the server closed the link before its welcome")]
    Refused,
    #[error("the server closed the link")]
    Closed,
    #[error("the server closed the link: {0:?}")]
    Bye(LinkClose),
    #[error("the server was silent for too long")]
    Silent,
    #[error("a message could not be secured: {0}")]
    Noise(#[from] NoiseError),
    #[error("a message was not understood: {0}")]
    Decode(#[from] DecodeError),
    #[error("the server sent something that is no message of a link")]
    NotBinary,
    #[error(
        "the server presented another grant key, tenant, room or console than at the enrolment; enrol the console again if this is right"
    )]
    OtherServer,
    #[error("the server's grant key is no key: {0}")]
    GrantKey(#[from] GrantError),
    #[error("what the enrolment gave could not be stored: {0}")]
    Store(#[from] StateDirError),
    #[error("the agent stops")]
    Stopped,
}

/// The driver's end.
pub struct Link {
    pub events: mpsc::Receiver<LinkEvent>,
    pub task: tokio::task::JoinHandle<()>,
}

impl Link {
    /// Connects in the background and stays connected until the other end of `to_send` is dropped: then what is queued
    /// there is sent and the link is closed. `url` overrides the enrolment's.
    pub fn start(
        identity: Identity,
        dir: StateDir,
        url: Option<String>,
        clock: Clock,
        tls: Tls,
        to_send: mpsc::Receiver<FromAgent>,
    ) -> Self {
        let (events_out, events) = mpsc::channel(EVENTS_MAX);
        let base = url.unwrap_or_else(|| identity.server_url.clone());
        let url = format!("{}{PATH}", base.trim_end_matches('/'));
        let task = LinkTask {
            identity,
            dir,
            url,
            clock,
            tls,
            to_send,
            events: events_out,
            begin: Begin::Enrol,
            n_refusals: 0,
        };
        Self { events, task: tokio::spawn(task.run()) }
    }
}

struct LinkTask {
    identity: Identity,
    dir: StateDir,
    url: String,
    clock: Clock,
    tls: Tls,
    to_send: mpsc::Receiver<FromAgent>,
    events: mpsc::Sender<LinkEvent>,
    /// Of an enrolment that is not known to have worked: what to try next.
    begin: Begin,
    n_refusals: u32,
}

/// How to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begin {
    Enrol,
    Connect,
}

struct Up {
    line: Line,
    transport: Transport,
}

struct Line {
    socket: Socket,
    /// Last sign of life, pings included.
    heard_at: tokio::time::Instant,
}

impl LinkTask {
    async fn run(mut self) {
        let mut back_off = BackOff::default();
        while !self.events.is_closed() {
            let started_at = Instant::now();
            let error = self.connect_and_serve().await;
            if USEFUL_AFTER <= started_at.elapsed() {
                back_off.succeeded();
            }
            match &error {
                LinkError::Stopped => return,
                LinkError::Bye(LinkClose::Revoked) => return self.fail(LinkFailure::Revoked).await,
                LinkError::Bye(LinkClose::Replaced) => {
                    tracing::warn!("another agent connected with this console's key; was its state folder copied?");
                    back_off.slow_down();
                }
                _ => {}
            }
            if ENROLMENT_REFUSALS_MAX <= self.n_refusals {
                return self.fail(LinkFailure::EnrolmentRefused).await;
            }
            let wait = back_off.next(random::jitter);
            tracing::warn!(%error, retry_ms = wait.as_millis() as u64, "no link to the server");
            if self.wait(wait).await.is_err() {
                return;
            }
        }
    }

    async fn fail(&self, failure: LinkFailure) {
        _ = self.events.send(LinkEvent::Failed(failure)).await;
    }

    /// Waits; an error when the driver stops meanwhile. What it sends without a link goes back to it.
    async fn wait(&mut self, wait: Duration) -> Result<(), LinkError> {
        let mut unsent = Vec::new();
        let sleep = tokio::time::sleep(wait);
        tokio::pin!(sleep);
        loop {
            tokio::select! {
                () = &mut sleep => break,
                message = self.to_send.recv() => unsent.push(message.ok_or(LinkError::Stopped)?),
            }
        }
        if !unsent.is_empty() {
            _ = self.events.send(LinkEvent::Down { unsent }).await;
        }
        Ok(())
    }

    async fn connect_and_serve(&mut self) -> LinkError {
        let begin = if self.identity.secret.is_some() { self.begin } else { Begin::Connect };
        let mut up = match timeout(HANDSHAKE_TIMEOUT, self.bring_up(begin)).await {
            Ok(Ok(up)) => up,
            Ok(Err(error)) => return self.refused(begin, error),
            Err(_) => return LinkError::Silent,
        };
        self.n_refusals = 0;
        let Err(error) = self.serve(&mut up).await;
        _ = timeout(SEND_TIMEOUT, up.line.socket.close(None)).await;
        let mut unsent = Vec::new();
        while let Ok(message) = self.to_send.try_recv() {
            unsent.push(message);
        }
        _ = self.events.send(LinkEvent::Down { unsent }).await;
        error
    }

    /// An enrolment may have worked although its answer was lost: then the key is known already. So both ways to
    /// begin are tried in turn.
    fn refused(&mut self, begin: Begin, error: LinkError) -> LinkError {
        let was_refused = matches!(error, LinkError::Refused | LinkError::Noise(_) | LinkError::Bye(_));
        if was_refused && self.identity.secret.is_some() {
            (self.begin, self.n_refusals) = match begin {
                Begin::Enrol => (Begin::Connect, self.n_refusals),
                Begin::Connect => (Begin::Enrol, self.n_refusals + 1),
            };
            // A key that was never taken in cannot have been revoked.
            return LinkError::Refused;
        }
        error
    }

    async fn bring_up(&mut self, begin: Begin) -> Result<Up, LinkError> {
        let limit = LINK_MESSAGE_MAX_BYTES + protocol::secure::noise::TAG_BYTES;
        let socket = socket::connect(&self.url, &self.tls, limit).await?;
        let mut line = Line { socket, heard_at: tokio::time::Instant::now() };
        let (opening, mut handshake) = self.opening(begin)?;
        line.send(opening.to_bytes()).await?;
        line.send(handshake.write()?).await?;
        handshake.read(&before_welcome(line.receive().await)?)?;
        if !handshake.is_finished() {
            line.send(handshake.write()?).await?;
        }
        let mut up = Up { line, transport: handshake.into_transport()? };
        let sealed = before_welcome(up.line.receive().await)?;
        let welcome = match up.open(&sealed)? {
            ToAgent::Bye { reason } => return Err(LinkError::Bye(reason)),
            message => self.take_welcome(message)?,
        };
        tracing::info!(console.id = %welcome.enrolled.console, room = welcome.room_name, "linked to the server");
        self.say_status(welcome.status);
        self.events.send(LinkEvent::Up(welcome)).await.map_err(|_| LinkError::Stopped)?;
        Ok(up)
    }

    /// For whoever stands before the console.
    fn say_status(&self, status: Enrolment) {
        let fingerprint = self.identity.fingerprint();
        match status {
            Enrolment::Approved => {}
            Enrolment::Pending => {
                tracing::warn!(%fingerprint, "an administrator has to approve this console in the portal; compare the fingerprint there");
            }
            Enrolment::Quarantined => {
                tracing::warn!(%fingerprint, "another machine seems to have this console's key; nobody can connect until an administrator decides on the room's page in the portal");
            }
        }
    }

    fn opening(&self, begin: Begin) -> Result<(Opening, Handshake), LinkError> {
        let version = protocol::VERSION;
        let Identity { key, server_key, tenant, room, .. } = &self.identity;
        match (&self.identity.secret, begin) {
            (Some(secret), Begin::Enrol) => {
                let opening = Opening::Enrol { version, tenant: tenant.clone(), room: room.clone() };
                Ok((opening, Handshake::enrolment_agent(key, server_key, secret)?))
            }
            _ => Ok((Opening::Connect { version }, Handshake::link_agent(key, server_key)?)),
        }
    }

    /// Pins what the first welcome says and refuses any other afterwards.
    fn take_welcome(&mut self, message: ToAgent) -> Result<Welcome, LinkError> {
        let ToAgent::Welcome { console, tenant, room, room_name, grant_key, status } = message else {
            return Err(LinkError::OtherServer);
        };
        let enrolled = Enrolled { console, grant_key: GrantKey::from_bytes(&grant_key)? };
        let is_ours = tenant == self.identity.tenant && room == self.identity.room;
        match &self.identity.enrolled {
            Some(pinned) if is_ours && *pinned == enrolled => {}
            None if is_ours => self.identity.confirm(&self.dir, enrolled.clone())?,
            _ => return Err(LinkError::OtherServer),
        }
        Ok(Welcome { enrolled, room_name: room_name.as_str().to_owned(), status })
    }

    async fn serve(&mut self, up: &mut Up) -> Result<std::convert::Infallible, LinkError> {
        let mut pace = PACE;
        let pulse = Duration::from_micros(PULSE_INTERVAL.0);
        let mut pulses = tokio::time::interval_at(tokio::time::Instant::now() + pulse, pulse);
        loop {
            let ready_at = tokio::time::Instant::from_std(self.clock.instant(pace.ready_at()));
            tokio::select! {
                message = up.line.receive() => {
                    let sealed = message?.ok_or(LinkError::Closed)?;
                    let message = up.open(&sealed)?;
                    self.take(message).await?;
                }
                message = send_at(&mut self.to_send, ready_at) => {
                    up.send(&message.ok_or(LinkError::Stopped)?).await?;
                    pace.sent(self.clock.now());
                }
                _ = pulses.tick() => {
                    up.send(&FromAgent::Pulse { sent_at: self.clock.now() }).await?;
                    pace.sent(self.clock.now());
                }
            }
        }
    }

    async fn take(&mut self, message: ToAgent) -> Result<(), LinkError> {
        let event = match message {
            ToAgent::Bye { reason } => return Err(LinkError::Bye(reason)),
            welcome @ ToAgent::Welcome { .. } => {
                let welcome = self.take_welcome(welcome)?;
                tracing::info!(status = ?welcome.status, "the server says how far it trusts this console");
                self.say_status(welcome.status);
                LinkEvent::Up(welcome)
            }
            message => LinkEvent::Message(message),
        };
        self.events.send(event).await.map_err(|_| LinkError::Stopped)
    }
}

impl Up {
    fn open(&mut self, sealed: &[u8]) -> Result<ToAgent, LinkError> {
        Ok(ToAgent::from_bytes(&self.transport.open(sealed)?)?)
    }

    async fn send(&mut self, message: &FromAgent) -> Result<(), LinkError> {
        let sealed = self.transport.seal(&message.to_bytes())?;
        self.line.send(sealed).await
    }
}

impl Line {
    async fn send(&mut self, message: Vec<u8>) -> Result<(), LinkError> {
        let sending = self.socket.send(Message::binary(message));
        timeout(SEND_TIMEOUT, sending).await.map_err(|_| LinkError::Silent)??;
        Ok(())
    }

    /// The next binary message; `None` when the server closed. Loses nothing when it is dropped before it answers.
    async fn receive(&mut self) -> Result<Option<Vec<u8>>, LinkError> {
        loop {
            let received = timeout_at(self.heard_at + SILENCE_MAX, self.socket.next()).await;
            let message = received.map_err(|_| LinkError::Silent)?.transpose()?;
            self.heard_at = tokio::time::Instant::now();
            match message {
                Some(Message::Binary(bytes)) => return Ok(Some(bytes.into())),
                Some(Message::Ping(_) | Message::Pong(_)) => {}
                Some(Message::Close(frame)) => {
                    tracing::debug!(?frame, "the server closes the link");
                    return Ok(None);
                }
                Some(_) => return Err(LinkError::NotBinary),
                None => return Ok(None),
            }
        }
    }
}

/// To a stranger the server says nothing but that it closes.
fn before_welcome(received: Result<Option<Vec<u8>>, LinkError>) -> Result<Vec<u8>, LinkError> {
    match received {
        Ok(Some(message)) => Ok(message),
        Ok(None) | Err(LinkError::Line(WebSocketError::ConnectionClosed | WebSocketError::Protocol(_))) => {
            Err(LinkError::Refused)
        }
        Err(error) => Err(error),
    }
}

/// The next message to send, not before `at`.
async fn send_at(to_send: &mut mpsc::Receiver<FromAgent>, at: tokio::time::Instant) -> Option<FromAgent> {
    tokio::time::sleep_until(at).await;
    to_send.recv().await
}
