//! Somebody at a browser: the session engine's own machine, and what people do.

use protocol::access::Access;
use protocol::control::Command;
use protocol::ids::{DisplayId, SessionId};
use protocol::input::{InputEvent, PointerButton, PointerPosition};
use protocol::keycode::KeyCode;
use protocol::secure::noise::SessionPrologue;
use protocol::secure::{Secret, SecretKey};
use protocol::session::{Viewer, ViewerEvent, ViewerStart};
use protocol::time::Micros;
use protocol::video::{Picture, Presented};

use super::console::key_of;
use super::office::{Started, console_id, tenant};

/// Nobody waits longer for an answer.
const PATIENCE: Micros = Micros::from_secs(40);

/// What this person is at.
pub(super) enum Stage {
    Idle,
    /// A request is under way.
    Asking {
        console: usize,
        resumes: Option<SessionId>,
        until: Micros,
    },
    Connected(Box<Connected>),
    /// The line broke.
    Away {
        console: usize,
        session: SessionId,
        until: Micros,
    },
}

/// A connection.
pub(super) struct Connected {
    pub(super) console: usize,
    pub(super) session: SessionId,
    pub(super) socket: usize,
    machine: Viewer,
    is_open: bool,
}

/// One person.
pub(super) struct Person {
    /// Sends input whatever the session allows, as no portal of ours does.
    is_hostile: bool,
    pub(super) stage: Stage,
    /// Of the last request; answers to others are nobody's.
    pub(super) attempt: u32,
    key: SecretKey,
    /// The browser does nothing until then.
    pub(super) frozen_until: Micros,
    /// Messages that came meanwhile.
    pub(super) unread: Vec<(usize, Vec<u8>)>,
}

/// What a person does to the world.
pub(super) enum Does {
    Ask { console: usize, resumes: Option<SessionId> },
    Send { socket: usize, bytes: Vec<u8> },
    Open { socket: usize },
    Close { socket: usize },
}

impl Person {
    pub(super) fn new(is_hostile: bool) -> Self {
        Self {
            is_hostile,
            stage: Stage::Idle,
            attempt: 0,
            key: Secret::new([1; 32]),
            frozen_until: Micros::ZERO,
            unread: Vec::new(),
        }
    }

    pub(super) fn key(&self) -> &SecretKey {
        &self.key
    }

    pub(super) fn socket(&self) -> Option<usize> {
        match &self.stage {
            Stage::Connected(connected) => Some(connected.socket),
            _ => None,
        }
    }

    fn ask(
        &mut self,
        console: usize,
        resumes: Option<SessionId>,
        now: Micros,
        rng: &mut fastrand::Rng,
        does: &mut Vec<Does>,
    ) {
        self.attempt += 1;
        let mut key = [0; 32];
        rng.fill(&mut key);
        self.key = Secret::new(key);
        self.stage = Stage::Asking { console, resumes, until: now + PATIENCE };
        does.push(Does::Ask { console, resumes });
    }

    pub(super) fn take_answer(
        &mut self,
        attempt: u32,
        answer: Option<Started>,
        now: Micros,
        rng: &mut fastrand::Rng,
        does: &mut Vec<Does>,
    ) {
        let Stage::Asking { console, resumes, .. } = self.stage else { return };
        if attempt != self.attempt {
            return;
        }
        let Some(started) = answer else {
            // A viewer that waits for its console to come back asks again for a while.
            self.stage = match resumes {
                Some(session) if rng.u8(..) < 200 => {
                    Stage::Away { console, session, until: now + Micros::from_secs(1) }
                }
                _ => Stage::Idle,
            };
            return;
        };
        let tenant = tenant();
        let start = ViewerStart {
            key: &self.key,
            agent_key: key_of(console).public_key(),
            prologue: SessionPrologue {
                tenant: &tenant,
                console: console_id(console),
                session: started.session,
                grant_hash: started.signed.hash(),
            },
            access: if self.is_hostile { Access::Modify } else { started.access },
            display: DisplayId::Console,
        };
        let Ok(machine) = Viewer::new(start, now) else { return self.stage = Stage::Idle };
        let (session, socket) = (started.session, started.socket);
        self.stage = Stage::Connected(Box::new(Connected { console, session, socket, machine, is_open: false }));
        does.push(Does::Open { socket });
        self.follow(now, does);
    }

    /// Does something that people do.
    pub(super) fn act(&mut self, n_consoles: usize, now: Micros, rng: &mut fastrand::Rng, does: &mut Vec<Does>) {
        if now < self.frozen_until {
            return;
        }
        match &mut self.stage {
            Stage::Idle => {
                if rng.u8(..) < 100 {
                    self.ask(rng.usize(..n_consoles), None, now, rng, does);
                }
            }
            Stage::Asking { until, .. } if *until <= now => self.stage = Stage::Idle,
            Stage::Asking { .. } => {}
            Stage::Away { console, session, until } => {
                let (console, session) = (*console, *session);
                if *until <= now {
                    self.ask(console, Some(session), now, rng, does);
                }
            }
            Stage::Connected(connected) => {
                if connected.is_open {
                    act_in_session(&mut connected.machine, now, rng);
                }
                match rng.u8(..) {
                    // The tab is closed.
                    0..=2 => {
                        does.push(Does::Close { socket: connected.socket });
                        self.stage = Stage::Idle;
                    }
                    3..=6 => self.frozen_until = now + Micros::from_millis(rng.u64(200..25_000)),
                    _ => {}
                }
            }
        }
        self.follow(now, does);
    }

    pub(super) fn leave(&mut self, now: Micros, does: &mut Vec<Does>) {
        if let Stage::Connected(connected) = &mut self.stage {
            connected.machine.command(Command::End, now);
            self.follow(now, does);
        }
        if !matches!(self.stage, Stage::Connected(_)) {
            self.stage = Stage::Idle;
        }
    }

    pub(super) fn next_due(&self) -> Option<Micros> {
        match &self.stage {
            Stage::Connected(connected) => connected.machine.next_timeout().map(|at| at.max(self.frozen_until)),
            _ => None,
        }
    }

    pub(super) fn pass_time(&mut self, now: Micros, does: &mut Vec<Does>) {
        if now < self.frozen_until {
            return;
        }
        for (socket, bytes) in std::mem::take(&mut self.unread) {
            self.receive(socket, bytes, now, does);
        }
        if let Stage::Connected(connected) = &mut self.stage
            && connected.machine.next_timeout().is_some_and(|at| at <= now)
        {
            connected.machine.handle_timeout(now);
        }
        self.follow(now, does);
    }

    pub(super) fn receive(&mut self, socket: usize, bytes: Vec<u8>, now: Micros, does: &mut Vec<Does>) {
        if now < self.frozen_until {
            return self.unread.push((socket, bytes));
        }
        if let Stage::Connected(connected) = &mut self.stage
            && connected.socket == socket
        {
            // What is no message of the console ends the connection.
            _ = connected.machine.receive(&bytes, now);
        }
        self.follow(now, does);
    }

    pub(super) fn socket_broken(&mut self, socket: usize, now: Micros) {
        if let Stage::Connected(connected) = &self.stage
            && connected.socket == socket
        {
            let (console, session) = (connected.console, connected.session);
            self.stage = Stage::Away { console, session, until: now + Micros::from_millis(500) };
        }
    }

    fn follow(&mut self, now: Micros, does: &mut Vec<Does>) {
        let Stage::Connected(connected) = &mut self.stage else { return };
        let socket = connected.socket;
        let mut is_over = false;
        while let Some(event) = connected.machine.poll_event() {
            match event {
                ViewerEvent::Open { .. } => connected.is_open = true,
                ViewerEvent::Picture(Picture::Frame { frame }) => {
                    let presented = Presented { frame: frame.id, received_at: now, presented_at: now };
                    connected.machine.presented(presented, now);
                }
                ViewerEvent::Ended(_) => is_over = true,
                _ => {}
            }
        }
        while let Some(bytes) = connected.machine.poll_transmit() {
            does.push(Does::Send { socket, bytes });
        }
        if is_over {
            does.push(Does::Close { socket });
            self.stage = Stage::Idle;
        }
    }
}

fn act_in_session(machine: &mut Viewer, now: Micros, rng: &mut fastrand::Rng) {
    const KEYS: [KeyCode; 4] = [KeyCode::KeyA, KeyCode::ShiftLeft, KeyCode::Enter, KeyCode::ControlLeft];
    let display = DisplayId::ALL[rng.usize(..2)];
    let position = PointerPosition { display, epoch: rng.u32(1..4), x: rng.u16(..), y: rng.u16(..) };
    match rng.u8(..) {
        0..=79 => {
            let code = KEYS[rng.usize(..KEYS.len())];
            machine.input(InputEvent::Key { code, down: rng.u8(..) < 170 }, now);
        }
        80..=119 => {
            machine.input(InputEvent::Button { button: PointerButton::Primary, down: rng.bool(), position }, now);
        }
        120..=139 => machine.input(InputEvent::PointerMove { position }, now),
        140..=149 => machine.command(Command::SelectDisplay { display }, now),
        150..=159 => machine.command(Command::SetRestartOnEnd { on: rng.bool() }, now),
        160..=164 => machine.command(Command::TakeInput, now),
        165 => machine.command(Command::RestartDevice, now),
        166..=169 => machine.command(Command::End, now),
        170..=174 => machine.release_all(now),
        _ => {}
    }
}
