use std::collections::VecDeque;

use crate::access::Access;
use crate::ids::{ConsoleId, DisplayId, SessionId, TenantId};
use crate::input::{InputEvent, PointerButton};
use crate::keycode::KeyCode;
use crate::secure::noise::SessionPrologue;
use crate::secure::{Secret, SecretKey};
use crate::session::{Agent, AgentEvent, SessionError, Viewer, ViewerEvent, ViewerStart};
use crate::time::Micros;

/// How a line carries messages: in order, each after `delay`, and not at all while it is stalled or cut.
#[derive(Debug, Clone, Copy, Default)]
pub struct Line {
    pub delay: Micros,
    /// Messages that would arrive before this arrive then.
    pub stalled_until: Micros,
    /// Nothing sent from now on arrives.
    pub is_cut: bool,
}

/// What a pair begins with.
#[derive(Debug, Clone, Copy)]
pub struct PairStart {
    pub access: Access,
    pub delay: Micros,
}

impl Default for PairStart {
    fn default() -> Self {
        Self { access: Access::Modify, delay: Micros::from_millis(10) }
    }
}

/// A viewer and an agent on virtual time with a line between them. The two clocks differ, as real ones do.
#[derive(Debug)]
pub struct Pair {
    pub viewer: Viewer,
    pub agent: Agent,
    /// The viewer's clock.
    pub now: Micros,
    pub line: Line,
    /// A dead viewer neither receives nor sends.
    pub viewer_is_dead: bool,
    pub viewer_events: Vec<ViewerEvent>,
    pub agent_events: Vec<AgentEvent>,
    pub viewer_error: Option<SessionError>,
    pub agent_error: Option<SessionError>,
    /// What the console's operating system would have down.
    pub console: HeldOnConsole,
    to_agent: VecDeque<(Micros, Vec<u8>)>,
    to_viewer: VecDeque<(Micros, Vec<u8>)>,
}

/// The agent's clock is so much ahead of the viewer's.
const CLOCK_DIFFERENCE: Micros = Micros::from_secs(1000);

impl Pair {
    /// A viewer that has just begun to connect.
    pub fn new(start: PairStart) -> Self {
        let (viewer_key, agent_key): (SecretKey, SecretKey) = (Secret::new([1; 32]), Secret::new([2; 32]));
        let tenant = TenantId::new("contoso").unwrap_or_else(|_| unreachable!("a slug"));
        let prologue = || SessionPrologue {
            tenant: &tenant,
            console: ConsoleId([3; 16]),
            session: SessionId([4; 16]),
            grant_hash: [5; 32],
        };
        let viewer_start = ViewerStart {
            key: &viewer_key,
            agent_key: agent_key.public_key(),
            prologue: prologue(),
            access: start.access,
            display: DisplayId::Console,
        };
        let viewer = Viewer::new(viewer_start, Micros::ZERO);
        let agent = Agent::new(&agent_key, viewer_key.public_key(), &prologue(), start.access, CLOCK_DIFFERENCE);
        let (Ok(viewer), Ok(agent)) = (viewer, agent) else { unreachable!("good keys") };
        Self {
            viewer,
            agent,
            now: Micros::ZERO,
            line: Line { delay: start.delay, ..Line::default() },
            viewer_is_dead: false,
            viewer_events: Vec::new(),
            agent_events: Vec::new(),
            viewer_error: None,
            agent_error: None,
            console: HeldOnConsole::default(),
            to_agent: VecDeque::new(),
            to_viewer: VecDeque::new(),
        }
    }

    /// A pair whose handshake is done; events up to there are dropped.
    pub fn open(start: PairStart) -> Self {
        let mut pair = Self::new(start);
        pair.run_for(start.delay + start.delay + start.delay + start.delay + Micros(4));
        pair.viewer_events.clear();
        pair.agent_events.clear();
        pair
    }

    /// The same moment on the agent's clock.
    pub fn agent_now(&self) -> Micros {
        self.now + CLOCK_DIFFERENCE
    }

    /// Puts a message of one's own making on the line, as if the viewer had sent it.
    pub fn send_to_agent(&mut self, message: Vec<u8>) {
        self.to_agent.push_back((self.arrival(), message));
    }

    /// Lets `time` pass, with everything that happens in it.
    pub fn run_for(&mut self, time: Micros) {
        let end = self.now + time;
        self.drain();
        while let Some(next) = self.next_happening().filter(|next| *next <= end) {
            self.now = self.now.max(next);
            self.happen();
            self.drain();
        }
        self.now = end;
    }

    fn next_happening(&self) -> Option<Micros> {
        let viewer_timeout = self.viewer.next_timeout().filter(|_| !self.viewer_is_dead);
        let agent_timeout = self.agent.next_timeout().map(|at| at.since(CLOCK_DIFFERENCE));
        let arrivals = [&self.to_agent, &self.to_viewer].map(|line| line.front().map(|(at, _)| *at));
        [viewer_timeout, agent_timeout, arrivals[0], arrivals[1]].into_iter().flatten().min()
    }

    fn happen(&mut self) {
        if self.to_agent.front().is_some_and(|(at, _)| *at <= self.now) {
            let now = self.agent_now();
            if let Some((_, message)) = self.to_agent.pop_front()
                && let Err(error) = self.agent.receive(&message, now)
            {
                self.agent_error.get_or_insert(error);
            }
        } else if self.to_viewer.front().is_some_and(|(at, _)| *at <= self.now) {
            if let Some((_, message)) = self.to_viewer.pop_front()
                && !self.viewer_is_dead
                && let Err(error) = self.viewer.receive(&message, self.now)
            {
                self.viewer_error.get_or_insert(error);
            }
        } else {
            if !self.viewer_is_dead && self.viewer.next_timeout().is_some_and(|at| at <= self.now) {
                self.viewer.handle_timeout(self.now);
            }
            if self.agent.next_timeout().is_some_and(|at| at <= self.agent_now()) {
                self.agent.handle_timeout(self.agent_now());
            }
        }
    }

    fn drain(&mut self) {
        while let Some(event) = self.agent.poll_event() {
            if let AgentEvent::Input(event) = &event {
                self.console.apply(event);
            }
            self.agent_events.push(event);
        }
        while let Some(event) = self.viewer.poll_event() {
            self.viewer_events.push(event);
        }
        while let Some(message) = self.agent.poll_transmit() {
            if !self.line.is_cut {
                self.to_viewer.push_back((self.arrival(), message));
            }
        }
        while let Some(message) = self.viewer.poll_transmit() {
            if !self.line.is_cut && !self.viewer_is_dead {
                self.to_agent.push_back((self.arrival(), message));
            }
        }
    }

    fn arrival(&self) -> Micros {
        (self.now + self.line.delay).max(self.line.stalled_until)
    }
}

/// An operating system's idea of what is down; it does not forgive a press of what is down.
#[derive(Debug, Default)]
pub struct HeldOnConsole {
    pub keys: Vec<KeyCode>,
    pub buttons: Vec<PointerButton>,
}

impl HeldOnConsole {
    /// # Panics
    /// When something is pressed twice or released while it is up.
    pub fn apply(&mut self, event: &InputEvent) {
        match event {
            InputEvent::Key { code, down } => toggle(&mut self.keys, *code, *down),
            InputEvent::Button { button, down, .. } => toggle(&mut self.buttons, *button, *down),
            _ => {}
        }
    }

    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.buttons.is_empty()
    }
}

fn toggle<T: Copy + PartialEq + std::fmt::Debug>(held: &mut Vec<T>, item: T, down: bool) {
    let index = held.iter().position(|other| *other == item);
    assert_ne!(index.is_some(), down, "{item:?} pressed or released twice");
    match index {
        Some(index) => drop(held.remove(index)),
        None => held.push(item),
    }
}
