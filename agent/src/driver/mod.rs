//! What the console decides: one closed set of inputs, each with its time, and what follows from it.
//!
//! The [`Core`] decides and remembers. It touches no pixel, reads no clock and waits for nobody: pictures, keys, sockets
//! and the look at the room's call each have their own task or thread, and [`Driver`] brings it what they find. So the
//! same core runs on virtual time (`trials/src/simulation`).
//!
//! Reading order: [`offer`] (may a session start), [`session`] (one session and its limits), [`exchange`] (what it says to
//! its viewer), `connection` (its socket), this file (the inputs), then what it calls: `admission`, `room`, `commands`,
//! `signals`, `views`, `ends`, `reports`; `pump` has the loop.
//!
//! Restart at end with several people: the device restarts when the last session ends, if any of the sessions that
//! ended since nobody was connected wanted it. It is held back while the room is in a call. A session whose viewer
//! never came changes nothing and causes no restart.

mod admission;
mod commands;
mod connection;
mod ends;
pub mod exchange;
pub mod offer;
mod pump;
mod reports;
mod room;
mod session;
mod signals;
mod views;

pub use pump::{Driver, Parts};

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use protocol::access::Access;
use protocol::control::{Notice, RestartPhase, Shortcut};
use protocol::ids::{DisplayId, SessionId};
use protocol::link::{CallState, Enrolment, FromAgent, SessionEvent, ToAgent};
use protocol::reason::EndReason;
use protocol::refusal::RefusalCode;
use protocol::secure::{Grant, SessionCode, SignedGrant};
use protocol::signals::Signals;
use protocol::time::Micros;
use protocol::wire::Text;
use tokio::sync::mpsc;
use tokio::task::block_in_place;

use self::exchange::{ConnectionEvent, ConnectionId, Exchange, Order};
use self::offer::Nonces;
use self::session::{Presence, Session};
use crate::clock::{Moment, local_time};
use crate::hands::Hands;
use crate::identity::{Enrolled, Identity};
use crate::link::{LinkEvent, LinkFailure, Welcome};
use crate::pipeline::PictureSource;
use crate::platform::{
    CallObservation, Displays, Key, KeySign, Power, Rights, Ring, RingButton, RingLine, RingNews, RoomName,
};
use crate::record::{Record, Resumable};
use crate::state_dir::StateDir;

/// How often time is looked at while somebody is connected.
const TICK: Micros = Micros::from_millis(250);

/// How long the driver waits for what.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// A session goes on so long without the server's lease.
    pub lease: Micros,
    /// A session waits so long for a viewer whose line broke.
    pub away: Micros,
    /// A commanded restart takes the device down within this, or it did not work.
    pub going_down: Micros,
    /// Between two looks at the room's devices.
    pub signals: Micros,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            lease: Micros::from_secs(15),
            away: Micros::from_secs(15),
            going_down: Micros::from_secs(30),
            signals: crate::signals::EVERY,
        }
    }
}

/// What the core is put together from.
pub struct CoreParts<'a> {
    pub dir: StateDir,
    pub identity: &'a Identity,
    pub record: Record,
    /// Sessions that wait for their viewers after a restart of the device.
    pub resumable: Vec<Resumable>,
    pub timing: Timing,
    pub platform_name: &'static str,
    pub operating_system: String,
    pub room_name: RoomName,
    pub rights: Rights,
    pub highest_access: Access,
    pub outside: Outside,
}

/// What the core acts on.
pub struct Outside {
    pub displays: Arc<dyn Displays>,
    pub pictures: Box<dyn PictureSource>,
    pub hands: Hands,
    pub ring: Box<dyn Ring>,
    pub key_sign: Box<dyn KeySign>,
    pub power: Box<dyn Power>,
    pub sockets: Box<dyn Sockets>,
    /// To the server; what does not fit is kept until the link is back.
    pub link: mpsc::Sender<FromAgent>,
    /// Comes back as [`Input::ShortcutDone`].
    pub shortcuts_done: mpsc::Sender<ShortcutDone>,
    /// Where nonces come from; `None` when the system has no randomness.
    pub random: fn() -> Option<[u8; 32]>,
}

/// Opens the sockets of sessions.
pub trait Sockets: Send {
    /// Connects to the relay, in the background. What happens comes back as [`Input::Connection`].
    fn open(&mut self, socket: NewSocket);
}

/// A socket to open.
pub struct NewSocket {
    pub relay_url: String,
    pub ticket: [u8; 32],
    pub exchange: Exchange,
    /// Ends with the core's interest in the connection.
    pub orders: mpsc::Receiver<Order>,
}

/// A shortcut was performed, or not.
pub type ShortcutDone = (SessionId, Shortcut, bool);

/// What happens to the agent.
pub enum Input {
    Link(LinkEvent),
    Connection(ConnectionId, ConnectionEvent),
    DisplaysChanged,
    Call(CallObservation),
    Signals(Signals),
    /// Somebody in the room pressed a button of the ring.
    Press(RingButton),
    ShortcutDone(ShortcutDone),
    /// [`Core::next_due`] has come.
    Tick,
}

/// What the agent knows and decides.
pub struct Core {
    /// Of the input that is being taken.
    now: Moment,
    timing: Timing,
    dir: StateDir,
    platform_name: &'static str,
    operating_system: String,
    room_name: RoomName,
    rights: Rights,
    highest_access: Access,
    identity: Facts,
    displays: Arc<dyn Displays>,
    pictures: Box<dyn PictureSource>,
    hands: Hands,
    ring: RingGuard,
    /// What stands in it.
    ring_shown: RingLine,
    key_sign: Box<dyn KeySign>,
    /// As the sign shows it.
    key: Key,
    power: Box<dyn Power>,
    sockets: Box<dyn Sockets>,
    random: fn() -> Option<[u8; 32]>,
    call: CallState,
    signals: signals::Watched,
    link: mpsc::Sender<FromAgent>,
    link_state: LinkState,
    backlog: VecDeque<FromAgent>,
    /// The last receipt that was said on this link.
    receipts_said: u64,
    record: Record,
    nonces: Nonces,
    sessions: BTreeMap<SessionId, Session>,
    /// Sessions that the room is asked about.
    asking: BTreeMap<SessionId, Asking>,
    /// What the room is told when nobody is connected any more.
    news: Option<News>,
    n_connections: u32,
    input_holder: Option<SessionId>,
    restart: Option<Restart>,
    shortcuts_done: mpsc::Sender<ShortcutDone>,
    tick_due_at: Micros,
    status_due_at: Micros,
}

/// What the grants must say.
struct Facts {
    key: protocol::secure::SecretKey,
    tenant: protocol::ids::TenantId,
    room: protocol::ids::RoomId,
    enrolled: Option<Enrolled>,
}

/// No ring stays when the core goes, by a panic too.
struct RingGuard(Box<dyn Ring>);

impl Drop for RingGuard {
    fn drop(&mut self) {
        self.0.hide();
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LinkState {
    Down,
    Up(Enrolment),
    /// No link will come.
    Failed(LinkFailure),
}

/// The server's offer of a session or of another connection of one.
struct Offer {
    request: u32,
    signed: SignedGrant,
    ticket: [u8; 32],
    relay_url: String,
}

/// A session that begins at `until`, unless somebody in the room declines.
struct Asking {
    offer: Offer,
    grant: Grant,
    until: Micros,
}

/// A last word of the ring.
struct News {
    news: RingNews,
    until: Micros,
}

/// A restart that somebody commanded.
#[derive(Debug, Clone, Copy)]
struct Restart {
    since: Micros,
    /// All displays have gone.
    went_down: bool,
}

impl Core {
    /// Puts the parts together. `call` is the first look at the room.
    pub fn new(parts: CoreParts<'_>, call: CallObservation, now: Moment) -> Self {
        let CoreParts { dir, identity, record, resumable, timing, outside, .. } = parts;
        let fingerprint = identity.fingerprint().to_string();
        let facts = Facts {
            key: identity.key.clone(),
            tenant: identity.tenant.clone(),
            room: identity.room.clone(),
            enrolled: identity.enrolled.clone(),
        };
        let waiting = |resumable: &Resumable| (resumable.session, Session::resumable(resumable, local_time(), now.at));
        let mut core = Self {
            now,
            timing,
            dir,
            platform_name: parts.platform_name,
            operating_system: parts.operating_system,
            room_name: parts.room_name,
            rights: parts.rights,
            highest_access: parts.highest_access,
            identity: facts,
            displays: outside.displays,
            pictures: outside.pictures,
            hands: outside.hands,
            ring: RingGuard(outside.ring),
            ring_shown: RingLine::default(),
            key_sign: outside.key_sign,
            key: Key { fingerprint, waits_for_approval: false },
            power: outside.power,
            sockets: outside.sockets,
            random: outside.random,
            call: CallState::Unknown,
            signals: signals::Watched::default(),
            link: outside.link,
            link_state: LinkState::Down,
            backlog: VecDeque::new(),
            receipts_said: 0,
            record,
            nonces: Nonces::default(),
            sessions: resumable.iter().map(waiting).collect(),
            asking: BTreeMap::new(),
            news: None,
            n_connections: 0,
            input_holder: None,
            restart: None,
            shortcuts_done: outside.shortcuts_done,
            tick_due_at: Micros::ZERO,
            status_due_at: Micros::ZERO,
        };
        core.take_call(call);
        core.key_sign.set(&core.key);
        core.write_status();
        core
    }

    /// When [`Input::Tick`] is due.
    pub fn next_due(&self) -> Micros {
        let is_quiet = self.sessions.is_empty() && self.asking.is_empty() && self.news.is_none();
        if is_quiet { self.status_due_at } else { self.tick_due_at.min(self.status_due_at) }
    }

    /// Acts on what happened.
    pub fn take(&mut self, input: Input, now: Moment) {
        self.now = now;
        match input {
            Input::Link(event) => self.take_link(event),
            Input::Connection(id, event) => self.take_connection(id, event),
            Input::DisplaysChanged => self.take_displays(),
            Input::Call(observation) => self.take_call(observation),
            Input::Signals(signals) => self.take_signals(signals),
            Input::Press(button) => self.take_press(button),
            Input::ShortcutDone((session, shortcut, worked)) => self.take_shortcut_done(session, shortcut, worked),
            Input::Tick => self.take_tick(),
        }
    }

    /// Ends every session because the agent ends, but for those that a restart of the device survives. They are over
    /// when their last messages are gone ([`Core::is_ending`]).
    pub fn begin_stop(&mut self, reason: EndReason, now: Moment) {
        self.now = now;
        self.refuse_asking(RefusalCode::AgentRefused);
        if self.restart.is_some() {
            return;
        }
        let waits_for_restart = |session: &Session| matches!(session.presence, Presence::Restarting { .. });
        let ending = self.sessions.iter().filter(|(_, session)| !waits_for_restart(session));
        let ids: Vec<_> = ending.map(|(id, _)| *id).collect();
        for id in ids {
            self.end_session(id, reason);
        }
    }

    /// Some session's last messages are leaving.
    pub fn is_ending(&self) -> bool {
        self.sessions.values().any(Session::is_ending)
    }

    fn take_link(&mut self, event: LinkEvent) {
        match event {
            LinkEvent::Up(welcome) => self.take_welcome(welcome),
            LinkEvent::Message(message) => self.take_message(message),
            LinkEvent::Down { unsent } => {
                self.link_state = LinkState::Down;
                self.take_back(unsent);
                // Nobody waits for the answers any more.
                self.asking.clear();
                self.update_ring();
            }
            LinkEvent::Failed(failure) => self.link_state = LinkState::Failed(failure),
        }
        self.write_status();
    }

    fn take_welcome(&mut self, welcome: Welcome) {
        self.room_name.set(&welcome.room_name);
        self.record.enrolled_as(welcome.enrolled.console);
        self.identity.enrolled = Some(welcome.enrolled);
        self.link_state = LinkState::Up(welcome.status);
        self.key.waits_for_approval = welcome.status == Enrolment::Pending;
        block_in_place(|| self.key_sign.set(&self.key));
        self.hello();
        self.say_signals();
        for message in std::mem::take(&mut self.backlog) {
            self.send(message);
        }
        self.say_receipts();
        self.restart_if_due();
    }

    fn take_message(&mut self, message: ToAgent) {
        match message {
            ToAgent::NonceRequest { request } => self.answer_nonce_request(request),
            ToAgent::Offer { request, grant, ticket, relay_url } => {
                let signed = SignedGrant::from_untrusted(grant.into_vec());
                let offer = Offer { request, signed, ticket, relay_url: relay_url.as_str().to_owned() };
                match self.take_offer(offer) {
                    Ok(()) => {}
                    Err(code) => self.send(FromAgent::Refused { request, code }),
                }
            }
            ToAgent::End { session, reason } => {
                self.withdraw_asking(session);
                self.end_session(session, reason);
            }
            ToAgent::Leases { sessions } => {
                let leased_until = self.now.at + self.timing.lease;
                for session in sessions.iter() {
                    if let Some(session) = self.sessions.get_mut(session) {
                        session.leased_until = leased_until;
                    }
                }
            }
            ToAgent::ReceiptTaken { number } => self.record.taken(number),
            // The link takes these itself.
            ToAgent::Welcome { .. } | ToAgent::Bye { .. } => {}
        }
    }

    fn take_connection(&mut self, id: ConnectionId, event: ConnectionEvent) {
        if let ConnectionEvent::Over { over, shown } = event {
            return self.take_over(id, over, shown);
        }
        let is_current =
            self.sessions.get(&id.session).and_then(Session::connection).is_some_and(|connection| connection.id == id);
        if !is_current {
            return;
        }
        match event {
            ConnectionEvent::Open { display, code } => self.take_open(id.session, display, code),
            ConnectionEvent::Command(command) => self.take_command(id.session, command),
            ConnectionEvent::Input(event) => self.take_input(id.session, event),
            ConnectionEvent::PolicyViolation { kind } => {
                tracing::warn!(session.id = %id.session, kind, "a session that may only look sent input");
                self.event(id.session, SessionEvent::PolicyViolation { kind: Text::fitted(kind) });
            }
            ConnectionEvent::Silent => self.set_silent(id.session, true),
            ConnectionEvent::Heard => self.set_silent(id.session, false),
            ConnectionEvent::PictureLive => self.take_picture_live(id.session),
            ConnectionEvent::Over { .. } => {}
        }
    }

    fn take_open(&mut self, id: SessionId, wanted: DisplayId, code: SessionCode) {
        let now = self.now.at;
        let (displays, _) = self.displays.list();
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let Presence::Connecting(connection) =
            std::mem::replace(&mut session.presence, Presence::Away { until: now + self.timing.away })
        else {
            return;
        };
        session.open(connection, code);
        let is_there = |id| displays.iter().any(|display| display.id == id);
        let first = displays.first().map_or(wanted, |display| display.id);
        session.display = Some(if is_there(wanted) { wanted } else { first });
        let came_back = std::mem::replace(&mut session.was_open, true);
        session.is_since_restart = true;
        session.notice(Notice::RestartOnEnd { on: session.restart_on_end });
        if session.restarting {
            session.notice(Notice::Restart { phase: RestartPhase::AgentBack });
        }
        self.record.viewer_came(id);
        self.event(id, if came_back { SessionEvent::ViewerReconnected } else { SessionEvent::ViewerConnected });
        self.choose_input_holder();
        self.send_displays(id);
        self.send_people();
        self.follow_user(id);
        if self.call.is_idle() {
            self.update_watch(id);
        } else {
            self.meet_call(id);
        }
        // With the code, which stands on the viewer's screen as well.
        self.update_ring();
        self.write_status();
    }

    fn set_silent(&mut self, id: SessionId, is_silent: bool) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.is_silent = is_silent;
        }
        self.update_watch(id);
    }

    fn take_call(&mut self, observation: CallObservation) {
        let now = self.now.at;
        let call = match (observation, self.call) {
            (CallObservation::Idle, _) => CallState::Idle,
            (CallObservation::InCall, state @ CallState::InCall { .. }) => state,
            (CallObservation::InCall, _) => CallState::InCall { since: now },
            (CallObservation::Unknown, _) => CallState::Unknown,
        };
        let was_idle = std::mem::replace(&mut self.call, call).is_idle();
        self.send(FromAgent::CallChanged { call, sent_at: now });
        if was_idle != call.is_idle() {
            self.follow_call();
        }
        self.restart_if_due();
        self.write_status();
    }

    fn take_tick(&mut self) {
        let now = self.now.at;
        self.tick_due_at = now + TICK;
        let ids: Vec<_> = self.sessions.keys().copied().collect();
        for id in ids {
            self.take_due(id, now);
        }
        self.follow_room(now);
        self.give_up_restart(now);
        self.say_receipts();
        if self.status_due_at <= now {
            self.write_status();
        }
    }
}
