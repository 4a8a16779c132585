//! What one connection says to its viewer and hears from it: [`protocol::session::Agent`] with the pictures for it.
//! Without a socket, a clock or a task.

use std::collections::VecDeque;
use std::time::Instant;

use protocol::control::{Command, Notice, PictureState};
use protocol::cursor::CursorUpdate;
use protocol::ids::{DisplayId, SessionId};
use protocol::input::InputEvent;
use protocol::reason::EndReason;
use protocol::secure::SessionCode;
use protocol::session::{Agent, AgentEvent};
use protocol::time::Micros;
use protocol::video::Thumbnail;
use tokio::sync::mpsc;

use crate::pipeline::watch::{Output, Picture, Watch};

/// Orders that wait for a connection; one that does not take them is given up.
pub(super) const ORDERS_MAX: usize = 64;

/// One connection of one session; a session that is resumed gets another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionId {
    pub session: SessionId,
    pub number: u32,
}

/// From the core.
pub enum Order {
    Notice(Notice),
    Cursor(CursorUpdate),
    /// What to show; `None` rests.
    Watch(Option<Watch>),
    Thumbnails(Option<mpsc::Receiver<Thumbnail>>),
    RefreshPicture,
    ReleaseAll,
    /// Say good-bye and end.
    Close(EndReason),
}

/// To the core.
#[derive(Debug)]
pub enum ConnectionEvent {
    Open {
        display: DisplayId,
        code: SessionCode,
    },
    Command(Command),
    Input(InputEvent),
    PolicyViolation {
        kind: &'static str,
    },
    /// The viewer is silent: nothing is to be captured for it.
    Silent,
    Heard,
    /// The picture that the viewer watches is on its way.
    PictureLive,
    /// The last event, with the pictures that there were.
    Over {
        over: Over,
        shown: Option<Shown>,
    },
}

/// When the viewer was sent its first picture, and when its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    pub first: Micros,
    pub last: Micros,
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// And with it the session.
    Ended(EndReason),
    /// The line broke: the viewer may come back.
    Broken,
}

/// The console's side of one connection: bytes, orders and pictures go in, bytes and events come out.
pub struct Exchange {
    id: ConnectionId,
    machine: Agent,
    events: VecDeque<ConnectionEvent>,
    /// What the viewer sees.
    pub watch: Option<Watch>,
    pub thumbnails: Option<mpsc::Receiver<Thumbnail>>,
    over: Option<Over>,
    shown: Option<Shown>,
}

impl Exchange {
    pub(super) fn new(id: ConnectionId, machine: Agent) -> Self {
        Self { id, machine, events: VecDeque::new(), watch: None, thumbnails: None, over: None, shown: None }
    }

    pub fn id(&self) -> ConnectionId {
        self.id
    }

    /// How it ended, when it has.
    pub fn over(&self) -> Option<Over> {
        self.over
    }

    /// The pictures that were sent.
    pub fn shown(&self) -> Option<Shown> {
        self.shown
    }

    /// The line broke, or nobody gives orders any more.
    pub fn break_off(&mut self) {
        self.over.get_or_insert(Over::Broken);
    }

    /// What the core is to hear next.
    pub fn poll_event(&mut self) -> Option<ConnectionEvent> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some(event);
            }
            let event = self.machine.poll_event()?;
            self.translate(event);
        }
    }

    /// The next sealed message for the viewer.
    pub fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.machine.poll_transmit()
    }

    /// When [`Exchange::handle_timeout`] is due.
    pub fn next_timeout(&self) -> Option<Micros> {
        self.machine.next_timeout()
    }

    pub fn handle_timeout(&mut self, now: Micros) {
        self.machine.handle_timeout(now);
    }

    /// Takes a message from the line.
    pub fn receive(&mut self, message: &[u8], now: Micros) {
        if let Err(error) = self.machine.receive(message, now) {
            tracing::warn!(session.id = %self.id.session, %error, "a message was refused");
        }
    }

    pub fn take_order(&mut self, order: Order) {
        match order {
            Order::Notice(notice) => self.machine.notice(&notice),
            Order::Cursor(update) => self.machine.cursor(&update),
            Order::Watch(watch) => self.watch = watch,
            Order::Thumbnails(thumbnails) => self.thumbnails = thumbnails,
            Order::RefreshPicture => self.refresh(),
            Order::ReleaseAll => self.machine.release_all(),
            Order::Close(reason) => self.machine.close(reason),
        }
    }

    /// The viewer's window has room for a picture.
    pub fn wants_picture(&self, now: Micros) -> bool {
        self.machine.wants_picture(now)
    }

    /// Has a picture encoded while the viewer's window has room, and none while it has not.
    pub fn give_credit(&self, now: Micros) {
        if let Some(watch) = &self.watch {
            if self.wants_picture(now) { watch.credit.give() } else { watch.credit.withdraw() }
        }
    }

    /// Takes what the display's thread made; `on_clock` is the session's clock.
    pub fn take_output(&mut self, output: Output, on_clock: impl Fn(Instant) -> Micros, now: Micros) {
        match output {
            Output::Picture(picture) => self.take_picture(picture, on_clock, now),
            Output::Cursor(update) => self.machine.cursor(&update),
            Output::State(state) => self.machine.notice(&Notice::Picture { state }),
        }
    }

    pub fn take_thumbnail(&mut self, thumbnail: Thumbnail) {
        self.machine.thumbnail(thumbnail);
    }

    /// Stops the pictures and lets go of what is held. What is left to send and to hear comes from the polls.
    pub fn finish(&mut self) {
        self.watch = None;
        self.thumbnails = None;
        self.machine.release_all();
    }

    fn refresh(&self) {
        if let Some(watch) = &self.watch {
            watch.credit.request_keys();
        }
    }

    fn take_picture(&mut self, picture: Picture, on_clock: impl Fn(Instant) -> Micros, now: Micros) {
        if let Some(config) = picture.config {
            self.machine.notice(&Notice::Picture { state: PictureState::Live });
            self.machine.config(config);
            self.events.push_back(ConnectionEvent::PictureLive);
        }
        let (captured_at, encoded_at) = (on_clock(picture.captured_at), on_clock(picture.encoded_at));
        let frame = self.machine.frame(captured_at, encoded_at, picture.units, now);
        self.shown.get_or_insert(Shown { first: now, last: now }).last = now;
        tracing::trace!(
            frame.id = frame.0,
            encode_us = encoded_at.since(captured_at).0,
            handed_over_us = now.since(encoded_at).0,
            in_flight_bytes = self.machine.bytes_in_flight(),
            "a picture is sent"
        );
        if let Some(watch) = &self.watch {
            watch.credit.settle();
        }
    }

    fn translate(&mut self, event: AgentEvent) {
        let event = match event {
            AgentEvent::Open { display, code } => ConnectionEvent::Open { display, code },
            AgentEvent::Command(Command::RequestKeyframe) => return self.refresh(),
            AgentEvent::Command(command) => ConnectionEvent::Command(command),
            AgentEvent::Input(event) => ConnectionEvent::Input(event),
            AgentEvent::Presented { frame, in_flight } => {
                tracing::trace!(frame.id = frame.0, in_flight_us = in_flight.0, "a picture is on the screen");
                return;
            }
            AgentEvent::Silent => ConnectionEvent::Silent,
            AgentEvent::Heard => ConnectionEvent::Heard,
            AgentEvent::PolicyViolation { kind } => ConnectionEvent::PolicyViolation { kind },
            AgentEvent::Ended(reason) => {
                self.over = Some(Over::Ended(reason));
                return;
            }
        };
        self.events.push_back(event);
    }
}
