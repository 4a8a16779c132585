use std::time::{Duration, Instant};

use agent::clock::Clock;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::{SinkExt as _, StreamExt as _};
use protocol::api::StartedSession;
use protocol::control::{Command, Notice};
use protocol::ids::{DisplayId, SessionId};
use protocol::input::InputEvent;
use protocol::link::SocketOpening;
use protocol::reason::EndReason;
use protocol::secure::noise::SessionPrologue;
use protocol::secure::{Secret, SecretKey, SignedGrant};
use protocol::session::{Viewer, ViewerEvent, ViewerStart};
use protocol::time::Micros;
use protocol::video::{Frame, Picture, Presented, StreamConfig};
use protocol::wire::Encode as _;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::{sleep_until, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::{Browser, PATIENCE, until};

/// Between two requests for a session while the console is not ready.
const ASK_AGAIN: Duration = Duration::from_millis(40);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A viewer without a browser. It presents every picture at once.
pub struct ViewerEnd {
    pub session: SessionId,
    machine: Viewer,
    socket: Socket,
    clock: Clock,
    /// Of the displays that it was told of last.
    pub epoch: Option<u32>,
    pub restart_on_end: Option<bool>,
    pub ended: Option<EndReason>,
    /// The other end of the socket went.
    pub is_cut: bool,
    /// When the last message left.
    pub sent_at: Instant,
    pub config: Option<StreamConfig>,
    /// With the time at which each was there.
    pub frames: Vec<(Micros, Frame)>,
}

impl ViewerEnd {
    /// Starts a session and connects; asks again while the console is not ready.
    pub async fn start(browser: &Browser, room: &str, rng: &mut fastrand::Rng) -> Self {
        let mut bytes = [0; 32];
        rng.fill(&mut bytes);
        let key = Secret::new(bytes);
        let (path, body) = (format!("/rooms/{room}/sessions"), json!({ "viewer_key": key.public_key() }));
        let started = until("a session", async || {
            let answer = browser.post(&path, &body).await?;
            assert!([201, 409].contains(&answer.status), "{} {}", answer.status, answer.body);
            if answer.status != 201 {
                // Each refusal goes on record.
                tokio::time::sleep(ASK_AGAIN).await;
                return None;
            }
            Some(answer.json::<StartedSession>(201))
        })
        .await;
        Self::open(&started, &key, browser.origin()).await
    }

    /// Connects to the relay and shakes hands with the console.
    pub async fn open(started: &StartedSession, key: &SecretKey, origin: &str) -> Self {
        let mut request = started.relay_url.as_str().into_client_request().expect("a WebSocket URL");
        request.headers_mut().insert("origin", origin.parse().expect("a header"));
        let (mut socket, _) = timeout(PATIENCE, connect_async(request)).await.expect("in time").expect("connected");
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).expect("base64");
        let ticket = decode(&started.ticket).try_into().expect("32 bytes");
        let opening = SocketOpening { version: protocol::VERSION, session: started.session, ticket };
        socket.send(Message::binary(opening.to_bytes())).await.expect("sent");
        let grant = SignedGrant::from_untrusted(decode(&started.grant));
        let start = ViewerStart {
            key,
            agent_key: started.agent_key,
            prologue: SessionPrologue {
                tenant: &started.tenant,
                console: started.console,
                session: started.session,
                grant_hash: grant.hash(),
            },
            access: started.access,
            display: DisplayId::Console,
        };
        let clock = Clock::start();
        let machine = Viewer::new(start, clock.now()).expect("keys");
        let mut viewer = Self {
            session: started.session,
            machine,
            socket,
            clock,
            epoch: None,
            restart_on_end: None,
            ended: None,
            is_cut: false,
            sent_at: Instant::now(),
            config: None,
            frames: Vec::new(),
        };
        viewer.until("the displays", |viewer| viewer.epoch).await;
        viewer
    }

    /// A moment on this viewer's clock.
    pub fn micros(&self, at: Instant) -> Micros {
        self.clock.micros(at)
    }

    /// A time of the agent's clock on this viewer's, and how far it may be off.
    pub fn of_agent(&self, at: Micros) -> Option<(Micros, Micros)> {
        let round_trip = self.machine.round_trip()?;
        Some((self.machine.agent_time_to_viewer(at)?, Micros(round_trip.0 / 2)))
    }

    /// Goes on until there is an answer.
    pub async fn until<T>(&mut self, what: &str, mut look: impl FnMut(&Self) -> Option<T>) -> T {
        let running = async {
            loop {
                if let Some(answer) = look(self) {
                    return answer;
                }
                assert!(!self.is_over(), "over before: {what}; {:?}", self.ended);
                self.turn(None).await;
            }
        };
        timeout(PATIENCE, running).await.unwrap_or_else(|_| panic!("waited in vain: {what}"))
    }

    /// Goes on until the session is over for this viewer; with the reason if it was told.
    pub async fn until_over(&mut self) -> Option<EndReason> {
        let running = async {
            while !self.is_over() {
                self.turn(None).await;
            }
        };
        timeout(PATIENCE, running).await.expect("over in time");
        self.ended
    }

    /// Goes on for a while, as a browser does.
    pub async fn run_for(&mut self, time: Duration) {
        let until = Instant::now() + time;
        while Instant::now() < until && !self.is_over() {
            self.turn(Some(until)).await;
        }
    }

    pub fn is_over(&self) -> bool {
        self.is_cut || self.ended.is_some()
    }

    /// The socket ends without a word of the session.
    pub async fn hang_up(&mut self) {
        _ = self.socket.get_mut().shutdown().await;
        self.is_cut = true;
    }

    pub async fn input(&mut self, event: InputEvent) {
        self.machine.input(event, self.clock.now());
        self.flush().await;
    }

    pub async fn command(&mut self, command: Command) {
        self.machine.command(command, self.clock.now());
        self.flush().await;
    }

    async fn turn(&mut self, until: Option<Instant>) {
        self.take_events();
        self.flush().await;
        let due = self.machine.next_timeout().map(|at| self.clock.instant(at));
        let at = due.into_iter().chain(until).min();
        tokio::select! {
            message = self.socket.next() => match message {
                Some(Ok(Message::Binary(bytes))) => {
                    // What it makes of it is in its events.
                    _ = self.machine.receive(&bytes, self.clock.now());
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                _ => self.is_cut = true,
            },
            () = sleep_until(at.unwrap_or_else(Instant::now).into()), if at.is_some() => {
                if due.is_some_and(|due| due <= Instant::now()) {
                    self.machine.handle_timeout(self.clock.now());
                }
            }
        }
        self.take_events();
        self.flush().await;
    }

    fn take_events(&mut self) {
        while let Some(event) = self.machine.poll_event() {
            match event {
                ViewerEvent::Notice(Notice::Displays { epoch, .. }) => self.epoch = Some(epoch),
                ViewerEvent::Notice(Notice::RestartOnEnd { on }) => self.restart_on_end = Some(on),
                ViewerEvent::Picture(Picture::Config { config }) => self.config = Some(config),
                ViewerEvent::Picture(Picture::Frame { frame }) => self.take_frame(frame),
                ViewerEvent::Ended(reason) => self.ended = Some(reason),
                _ => {}
            }
        }
    }

    fn take_frame(&mut self, frame: Frame) {
        let now = self.clock.now();
        self.machine.presented(Presented { frame: frame.id, received_at: now, presented_at: now }, now);
        self.frames.push((now, frame));
    }

    async fn flush(&mut self) {
        while let Some(message) = self.machine.poll_transmit() {
            self.sent_at = Instant::now();
            // Whoever is gone is found gone when it is read.
            _ = self.socket.send(Message::binary(message)).await;
        }
    }
}
