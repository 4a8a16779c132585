use agent::clock::Clock;
use futures_util::{SinkExt as _, StreamExt as _};
use protocol::access::Access;
use protocol::control::{Command, Notice};
use protocol::ids::DisplayId;
use protocol::input::InputEvent;
use protocol::keycode::KeyCode;
use protocol::reason::EndReason;
use protocol::secure::noise::SessionPrologue;
use protocol::secure::{Grant, SecretKey, SessionCode, SignedGrant};
use protocol::session::{Viewer, ViewerEvent, ViewerStart};
use protocol::time::Micros;
use protocol::video::{Frame, Picture, Presented, StreamConfig};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::Message;

use super::PATIENCE;
use super::server::{CONSOLE, Socket, tenant};

/// A viewer without a browser: it acknowledges every picture at once.
pub(crate) struct ViewerEnd {
    machine: Viewer,
    socket: Socket,
    clock: Clock,
    pub(crate) config: Option<StreamConfig>,
    pub(crate) frames: Vec<Frame>,
    /// Pictures are not acknowledged.
    pub(crate) is_stalled: bool,
    /// What stands on the screen.
    pub(crate) code: Option<SessionCode>,
}

impl ViewerEnd {
    pub(crate) async fn open(
        socket: Socket,
        key: &SecretKey,
        grant: &Grant,
        signed: &SignedGrant,
        access: Access,
    ) -> Self {
        let tenant = tenant();
        let start = ViewerStart {
            key,
            agent_key: grant.agent_key,
            prologue: SessionPrologue {
                tenant: &tenant,
                console: CONSOLE,
                session: grant.session,
                grant_hash: signed.hash(),
            },
            access,
            display: DisplayId::Console,
        };
        let clock = Clock::start();
        let machine = Viewer::new(start, clock.now()).expect("keys");
        let mut viewer =
            Self { machine, socket, clock, config: None, frames: Vec::new(), is_stalled: false, code: None };
        let open = |event: &ViewerEvent| match event {
            ViewerEvent::Open { code } => Some(*code),
            _ => None,
        };
        viewer.code = Some(viewer.until("open", open).await);
        viewer
    }

    /// Runs until `pick` has an answer to an event.
    pub(crate) async fn until<T>(&mut self, what: &str, mut pick: impl FnMut(&ViewerEvent) -> Option<T>) -> T {
        let running = async {
            loop {
                self.flush().await;
                while let Some(event) = self.machine.poll_event() {
                    self.note(&event);
                    if let Some(answer) = pick(&event) {
                        self.flush().await;
                        return answer;
                    }
                }
                self.turn().await;
            }
        };
        timeout(PATIENCE, running).await.unwrap_or_else(|_| panic!("waited in vain: {what}"))
    }

    pub(crate) async fn notice<T>(&mut self, what: &str, mut pick: impl FnMut(&Notice) -> Option<T>) -> T {
        self.until(what, |event| match event {
            ViewerEvent::Notice(notice) => pick(notice),
            _ => None,
        })
        .await
    }

    /// The next picture.
    pub(crate) async fn frame(&mut self) -> Frame {
        self.until("a picture", |event| match event {
            ViewerEvent::Picture(Picture::Frame { frame }) => Some(frame.clone()),
            _ => None,
        })
        .await
    }

    pub(crate) async fn ended(&mut self) -> EndReason {
        self.until("the end", |event| match event {
            ViewerEvent::Ended(reason) => Some(*reason),
            _ => None,
        })
        .await
    }

    pub(crate) async fn command(&mut self, command: Command) {
        self.machine.command(command, self.clock.now());
        self.flush().await;
    }

    pub(crate) async fn input(&mut self, event: InputEvent) {
        self.machine.input(event, self.clock.now());
        self.flush().await;
    }

    pub(crate) async fn key(&mut self, code: KeyCode, down: bool) {
        self.input(InputEvent::Key { code, down }).await;
    }

    /// Goes on for a while, as a browser does.
    pub(crate) async fn run_for(&mut self, time: Micros) {
        let until = self.clock.now() + time;
        while self.clock.now() < until {
            self.flush().await;
            while let Some(event) = self.machine.poll_event() {
                self.note(&event);
            }
            let left = Instant::from_std(self.clock.instant(until));
            _ = tokio::time::timeout_at(left, self.turn()).await;
        }
    }

    async fn turn(&mut self) {
        let at = self.machine.next_timeout().map(|at| Instant::from_std(self.clock.instant(at)));
        tokio::select! {
            message = self.socket.next() => match message {
                Some(Ok(Message::Binary(bytes))) => {
                    self.machine.receive(&bytes, self.clock.now()).expect("the agent keeps the rules");
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("the agent went away: {other:?}"),
            },
            () = sleep_until(at.unwrap_or_else(Instant::now)), if at.is_some() => {
                self.machine.handle_timeout(self.clock.now());
            }
        }
    }

    fn note(&mut self, event: &ViewerEvent) {
        let ViewerEvent::Picture(picture) = event else { return };
        match picture {
            Picture::Config { config } => self.config = Some(config.clone()),
            Picture::Frame { frame } => {
                self.frames.push(frame.clone());
                if !self.is_stalled {
                    let now = self.clock.now();
                    let presented = Presented { frame: frame.id, received_at: now, presented_at: now };
                    self.machine.presented(presented, now);
                }
            }
            Picture::Thumbnail { .. } => {}
        }
    }

    async fn flush(&mut self) {
        while let Some(message) = self.machine.poll_transmit() {
            // The agent may have closed; the end is read, not written.
            _ = self.socket.send(Message::binary(message)).await;
        }
    }
}
