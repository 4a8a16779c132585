//! A viewer written by hand, on the protocol's own machine.

use agent::clock::Clock;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::access::Access;
use protocol::api::StartedSession;
use protocol::control::Command;
use protocol::ids::{ConsoleId, DisplayId, SessionId, TenantId};
use protocol::input::InputEvent;
use protocol::link::SocketOpening;
use protocol::reason::EndReason;
use protocol::secure::noise::SessionPrologue;
use protocol::secure::{PublicKey, SecretKey, SessionCode, SignedGrant};
use protocol::session::{self, SessionError, ViewerEvent, ViewerStart};
use protocol::video::{Picture, Presented};
use protocol::wire::Encode as _;
use tokio::time::{Instant, sleep_until, timeout};

use super::PATIENCE;
use super::socket::{Heard, Socket};

/// What a viewer was told about its session.
#[derive(Debug, Clone)]
pub struct Invitation {
    pub tenant: TenantId,
    pub console: ConsoleId,
    pub session: SessionId,
    pub agent_key: PublicKey,
    pub grant_hash: [u8; 32],
    pub access: Access,
    pub relay_url: String,
    pub ticket: [u8; 32],
}

impl From<&StartedSession> for Invitation {
    fn from(started: &StartedSession) -> Self {
        let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).expect("base64");
        Self {
            tenant: started.tenant.clone(),
            console: started.console,
            session: started.session,
            agent_key: started.agent_key,
            grant_hash: SignedGrant::from_untrusted(bytes(&started.grant)).hash(),
            access: started.access,
            relay_url: started.relay_url.clone(),
            ticket: bytes(&started.ticket).try_into().expect("32 bytes"),
        }
    }
}

impl Invitation {
    /// The viewer's machine, with its first message ready.
    pub fn machine(&self, key: &SecretKey, clock: Clock) -> session::Viewer {
        let prologue = SessionPrologue {
            tenant: &self.tenant,
            console: self.console,
            session: self.session,
            grant_hash: self.grant_hash,
        };
        let start =
            ViewerStart { key, agent_key: self.agent_key, prologue, access: self.access, display: DisplayId::Console };
        session::Viewer::new(start, clock.now()).expect("keys")
    }

    /// A first message of the handshake, as this viewer would make it: another one each time.
    pub fn first_message(&self, key: &SecretKey, clock: Clock) -> Vec<u8> {
        self.machine(key, clock).poll_transmit().expect("the first message")
    }

    /// Opens the viewer's socket from a page at `origin`.
    pub async fn open_socket(&self, origin: &str) -> Socket {
        let mut socket = Socket::open(&self.relay_url, Some(origin)).await;
        let opening = SocketOpening { version: protocol::VERSION, session: self.session, ticket: self.ticket };
        socket.send(opening.to_bytes()).await;
        socket
    }
}

/// A viewer with its socket. It acknowledges every picture at once.
pub struct Viewer {
    machine: session::Viewer,
    pub socket: Socket,
    clock: Clock,
    pub code: Option<SessionCode>,
    pub n_pictures: usize,
    /// Of the frames, in the order in which they came.
    pub frames: Vec<u32>,
    pub ended: Option<EndReason>,
    /// What the machine said to the message that it refused.
    pub refused: Option<SessionError>,
}

/// Why a viewer does not run any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gone {
    /// The machine said so.
    Ended(EndReason),
    /// The socket was closed with a code, or broke.
    Closed(Option<u16>),
}

impl Viewer {
    pub fn new(machine: session::Viewer, socket: Socket, clock: Clock) -> Self {
        Self { machine, socket, clock, code: None, n_pictures: 0, frames: Vec::new(), ended: None, refused: None }
    }

    /// Connects as a browser does, up to nothing in particular.
    pub async fn connect(invitation: &Invitation, key: &SecretKey, origin: &str) -> Self {
        let clock = Clock::start();
        let socket = invitation.open_socket(origin).await;
        Self::new(invitation.machine(key, clock), socket, clock)
    }

    pub fn is_open(&self) -> bool {
        self.code.is_some()
    }

    /// Runs until `done` or the end.
    ///
    /// # Errors
    /// The end.
    pub async fn until(&mut self, done: impl Fn(&Self) -> bool) -> Result<(), Gone> {
        let running = async {
            loop {
                self.flush().await;
                self.drain();
                if done(self) {
                    self.flush().await;
                    return Ok(());
                }
                if let Some(reason) = self.ended {
                    return Err(Gone::Ended(reason));
                }
                self.turn().await?;
            }
        };
        timeout(PATIENCE, running).await.expect("the session comes that far in time")
    }

    /// Runs until a picture has come.
    ///
    /// # Errors
    /// When the session ends before.
    pub async fn picture(&mut self) -> Result<(), Gone> {
        let before = self.n_pictures;
        self.until(|viewer| before < viewer.n_pictures).await
    }

    /// Takes what comes within a moment.
    ///
    /// # Errors
    /// The end.
    pub async fn glance(&mut self) -> Result<(), Gone> {
        let glance = tokio::time::sleep(std::time::Duration::from_millis(15));
        tokio::pin!(glance);
        loop {
            self.flush().await;
            self.drain();
            if let Some(reason) = self.ended {
                return Err(Gone::Ended(reason));
            }
            tokio::select! {
                turned = self.turn() => turned?,
                () = &mut glance => return Ok(()),
            }
        }
    }

    /// Runs until the end.
    pub async fn end(&mut self) -> Gone {
        self.until(|_| false).await.expect_err("only an end ends it")
    }

    pub async fn command(&mut self, command: Command) {
        self.machine.command(command, self.clock.now());
        self.flush().await;
    }

    pub async fn input(&mut self, event: InputEvent) {
        self.machine.input(event, self.clock.now());
        self.flush().await;
    }

    async fn turn(&mut self) -> Result<(), Gone> {
        let at = self.machine.next_timeout().map(|at| Instant::from_std(self.clock.instant(at)));
        tokio::select! {
            heard = self.socket.next() => match heard {
                Heard::Message(message) => {
                    if let Err(error) = self.machine.receive(&message, self.clock.now()) {
                        self.refused.get_or_insert(error);
                    }
                    Ok(())
                }
                Heard::Closed(code) => Err(Gone::Closed(Some(code))),
                Heard::Broken => Err(Gone::Closed(None)),
            },
            () = sleep_until(at.unwrap_or_else(Instant::now)), if at.is_some() => {
                self.machine.handle_timeout(self.clock.now());
                Ok(())
            }
        }
    }

    fn drain(&mut self) {
        while let Some(event) = self.machine.poll_event() {
            match event {
                ViewerEvent::Open { code } => self.code = Some(code),
                ViewerEvent::Ended(reason) => self.ended = Some(reason),
                ViewerEvent::Picture(Picture::Frame { frame }) => {
                    self.n_pictures += 1;
                    self.frames.push(frame.id.0);
                    let now = self.clock.now();
                    self.machine.presented(Presented { frame: frame.id, received_at: now, presented_at: now }, now);
                }
                _ => {}
            }
        }
    }

    async fn flush(&mut self) {
        while let Some(message) = self.machine.poll_transmit() {
            // The other end may have closed; the end is read, not written.
            self.socket.send(message).await;
        }
    }
}
