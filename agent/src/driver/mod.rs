//! The pump: the link, the sessions, the pictures and the platform, one loop over a closed set of inputs.
//!
//! The driver decides and remembers; it touches no pixel and waits for nobody: pictures, keys, sockets and the look at
//! the room's call each have their own task or thread. Reading order: [`offer`] (may a session start), [`session`]
//! (one session and its limits), [`connection`] (its socket), this file (the loop), then what it calls: `admission`,
//! `room`, `commands`, `views`, `ends`, `reports`.
//!
//! Restart at end with several people: the device restarts when the last session ends, if any of the sessions that
//! ended since nobody was connected wanted it. It is held back while the room is in a call. A session whose viewer
//! never came changes nothing and causes no restart.

mod admission;
mod commands;
mod connection;
mod ends;
pub mod offer;
mod reports;
mod room;
mod session;
mod views;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use protocol::access::Access;
use protocol::control::{Notice, RestartPhase, Shortcut};
use protocol::ids::{DisplayId, SessionId};
use protocol::link::{CallState, Enrolment, FromAgent, SessionEvent, ToAgent};
use protocol::reason::EndReason;
use protocol::refusal::RefusalCode;
use protocol::secure::{Grant, SessionCode, SignedGrant};
use protocol::time::Micros;
use protocol::wire::Text;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::block_in_place;
use tokio::time::{Duration, Instant, sleep_until, timeout};

use self::connection::{ConnectionEvent, ConnectionId, ORDERS_MAX};
use self::offer::Nonces;
use self::session::{Presence, Session};
use crate::clock::{Clock, local_time};
use crate::config::Config;
use crate::hands::Hands;
use crate::identity::{Enrolled, Identity};
use crate::link::{Link, LinkEvent, LinkFailure, Welcome};
use crate::pipeline::Pictures;
use crate::platform::{
    CallObservation, Displays, Key, KeySign, Platform, Power, Ring, RingButton, RingLine, RingNews, RoomName,
};
use crate::record::{Record, Resumable};
use crate::socket::Tls;
use crate::state_dir::StateDir;

/// Events of all connections that wait for the driver; more wait at their connections.
const CONNECTION_EVENTS_MAX: usize = 256;
/// Presses of the ring's buttons that wait.
const PRESSES_MAX: usize = 8;
/// Sessions end within this when the agent stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(4);
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
}

impl Default for Timing {
    fn default() -> Self {
        Self { lease: Micros::from_secs(15), away: Micros::from_secs(15), going_down: Micros::from_secs(30) }
    }
}

/// What the driver is put together from.
pub struct Parts {
    pub config: Config,
    pub dir: StateDir,
    pub identity: Identity,
    pub platform: Platform,
    pub record: Record,
    /// Sessions that wait for their viewers after a restart of the device.
    pub resumable: Vec<Resumable>,
    pub clock: Clock,
    pub tls: Tls,
    pub timing: Timing,
}

/// What happens to the agent.
enum Input {
    Link(Option<LinkEvent>),
    Connection(ConnectionId, ConnectionEvent),
    DisplaysChanged,
    Call(CallObservation),
    /// Somebody in the room pressed a button of the ring.
    Press(RingButton),
    /// A shortcut was performed, or not.
    ShortcutDone(SessionId, Shortcut, bool),
    Tick,
    Stop,
}

/// The running agent.
pub struct Driver {
    clock: Clock,
    timing: Timing,
    tls: Tls,
    dir: StateDir,
    platform_name: &'static str,
    operating_system: String,
    room_name: RoomName,
    highest_access: Access,
    identity: Facts,
    displays: Arc<dyn Displays>,
    displays_changed: Arc<Notify>,
    pictures: Pictures,
    hands: Hands,
    ring: RingGuard,
    /// What stands in it.
    ring_shown: RingLine,
    key_sign: Box<dyn KeySign>,
    /// As the sign shows it.
    key: Key,
    power: Box<dyn Power>,
    calls: watch::Receiver<CallObservation>,
    call: CallState,
    link: Link,
    link_state: LinkState,
    backlog: VecDeque<FromAgent>,
    record: Record,
    nonces: Nonces,
    sessions: BTreeMap<SessionId, Session>,
    /// Sessions that the room is asked about.
    asking: BTreeMap<SessionId, Asking>,
    /// What the room is told when nobody is connected any more.
    news: Option<News>,
    n_connections: u32,
    input_holder: Option<SessionId>,
    /// Some session that ended wanted the device restarted once nobody is connected.
    restart_wanted: bool,
    restart: Option<Restart>,
    connection_events: Channel<(ConnectionId, ConnectionEvent)>,
    shortcuts_done: Channel<(SessionId, Shortcut, bool)>,
    presses: mpsc::Receiver<RingButton>,
    tick_due_at: Micros,
    status_due_at: Micros,
}

/// Both ends, because the driver gives senders away.
type Channel<T> = (mpsc::Sender<T>, mpsc::Receiver<T>);

/// What the grants must say.
struct Facts {
    key: protocol::secure::SecretKey,
    tenant: protocol::ids::TenantId,
    room: protocol::ids::RoomId,
    enrolled: Option<Enrolled>,
}

/// No ring stays when the driver goes, by a panic too.
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

impl Driver {
    /// Puts the parts together and begins to connect.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(parts: Parts) -> std::io::Result<Self> {
        let Parts { config, dir, identity, platform, record, resumable, clock, tls, timing } = parts;
        let displays: Arc<dyn Displays> = Arc::from(platform.displays);
        let displays_changed = Arc::new(Notify::new());
        let notify = Arc::clone(&displays_changed);
        displays.on_change(Box::new(move || notify.notify_one()));
        let facts = Facts {
            key: identity.key.clone(),
            tenant: identity.tenant.clone(),
            room: identity.room.clone(),
            enrolled: identity.enrolled.clone(),
        };
        let mut ring = platform.ring;
        let (sender, presses) = mpsc::channel(PRESSES_MAX);
        // Whoever presses so often has been heard.
        ring.on_press(Box::new(move |button| _ = sender.try_send(button)));
        let now = clock.now();
        let sessions = resumable
            .iter()
            .map(|resumable| (resumable.session, Session::resumable(resumable, local_time(), now)))
            .collect();
        let mut driver = Self {
            clock,
            timing,
            tls: tls.clone(),
            dir: dir.clone(),
            platform_name: platform.name,
            operating_system: platform.operating_system,
            room_name: config.platform.room_name,
            highest_access: config.highest_access,
            identity: facts,
            pictures: Pictures::new(Arc::clone(&displays)),
            displays,
            displays_changed,
            hands: Hands::start(platform.injector)?,
            ring: RingGuard(ring),
            ring_shown: RingLine::default(),
            key_sign: platform.key_sign,
            key: Key { fingerprint: identity.fingerprint().to_string(), waits_for_approval: false },
            power: platform.power,
            calls: crate::calls::start(platform.call_state)?,
            call: CallState::Unknown,
            link: Link::start(identity, dir, config.server, clock, tls),
            link_state: LinkState::Down,
            backlog: VecDeque::new(),
            record,
            nonces: Nonces::default(),
            sessions,
            asking: BTreeMap::new(),
            news: None,
            n_connections: 0,
            input_holder: None,
            restart_wanted: false,
            restart: None,
            connection_events: mpsc::channel(CONNECTION_EVENTS_MAX),
            shortcuts_done: mpsc::channel(ORDERS_MAX),
            presses,
            tick_due_at: Micros::ZERO,
            status_due_at: Micros::ZERO,
        };
        let first = *driver.calls.borrow_and_update();
        driver.take_call(first);
        driver.key_sign.set(&driver.key);
        driver.write_status();
        Ok(driver)
    }

    /// Runs until `stop` completes or the server wants this console no more, and leaves the console as it should be.
    ///
    /// # Errors
    /// Why there will be no link any more.
    pub async fn run(mut self, stop: impl Future<Output = ()>) -> Result<(), LinkFailure> {
        tokio::pin!(stop);
        loop {
            let input = tokio::select! {
                () = &mut stop => Input::Stop,
                input = self.next_input() => input,
            };
            match input {
                Input::Stop | Input::Link(None) => {
                    self.stop(EndReason::AgentStopped).await;
                    return Ok(());
                }
                Input::Link(Some(LinkEvent::Failed(failure))) => {
                    self.link_state = LinkState::Failed(failure);
                    self.write_status();
                    self.stop(EndReason::Revoked).await;
                    return Err(failure);
                }
                input => self.take(input),
            }
        }
    }

    async fn next_input(&mut self) -> Input {
        let tick_at = self.next_tick();
        tokio::select! {
            Some((id, event)) = self.connection_events.1.recv() => Input::Connection(id, event),
            event = self.link.events.recv() => Input::Link(event),
            Some((session, shortcut, worked)) = self.shortcuts_done.1.recv() => {
                Input::ShortcutDone(session, shortcut, worked)
            }
            Some(button) = self.presses.recv() => Input::Press(button),
            () = self.displays_changed.notified() => Input::DisplaysChanged,
            Ok(()) = self.calls.changed() => Input::Call(*self.calls.borrow_and_update()),
            () = sleep_until(tick_at) => Input::Tick,
        }
    }

    fn next_tick(&self) -> Instant {
        let is_quiet = self.sessions.is_empty() && self.asking.is_empty() && self.news.is_none();
        let at = if is_quiet { self.status_due_at } else { self.tick_due_at.min(self.status_due_at) };
        Instant::from_std(self.clock.instant(at))
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::Link(Some(event)) => self.take_link(event),
            Input::Connection(id, event) => self.take_connection(id, event),
            Input::DisplaysChanged => self.take_displays(),
            Input::Call(observation) => self.take_call(observation),
            Input::Press(button) => self.take_press(button),
            Input::ShortcutDone(session, shortcut, worked) => self.take_shortcut_done(session, shortcut, worked),
            Input::Tick => self.take_tick(),
            Input::Link(None) | Input::Stop => {}
        }
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
            LinkEvent::Failed(_) => {}
        }
        self.write_status();
    }

    fn take_welcome(&mut self, welcome: Welcome) {
        self.room_name.set(&welcome.room_name);
        self.identity.enrolled = Some(welcome.enrolled);
        self.link_state = LinkState::Up(welcome.status);
        self.key.waits_for_approval = welcome.status == Enrolment::Pending;
        block_in_place(|| self.key_sign.set(&self.key));
        self.hello();
        for message in std::mem::take(&mut self.backlog) {
            self.send(message);
        }
        for report in self.record.reports() {
            self.report(report);
        }
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
                let leased_until = self.clock.now() + self.timing.lease;
                for session in sessions.iter() {
                    if let Some(session) = self.sessions.get_mut(session) {
                        session.leased_until = leased_until;
                    }
                }
            }
            // The link takes these itself.
            ToAgent::Welcome { .. } | ToAgent::Bye { .. } => {}
        }
    }

    fn take_connection(&mut self, id: ConnectionId, event: ConnectionEvent) {
        if let ConnectionEvent::Over(over) = event {
            return self.take_over(id, over);
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
            ConnectionEvent::Over(_) => {}
        }
    }

    fn take_open(&mut self, id: SessionId, wanted: DisplayId, code: SessionCode) {
        let now = self.clock.now();
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
        session.notice(Notice::RestartOnEnd { on: session.restart_on_end });
        if session.restarting {
            session.notice(Notice::Restart { phase: RestartPhase::AgentBack });
        }
        self.event(id, if came_back { SessionEvent::ViewerReconnected } else { SessionEvent::ViewerConnected });
        self.choose_input_holder();
        self.send_displays(id);
        self.send_people();
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
        let now = self.clock.now();
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
        let now = self.clock.now();
        self.tick_due_at = now + TICK;
        let ids: Vec<_> = self.sessions.keys().copied().collect();
        for id in ids {
            self.take_due(id, now);
        }
        self.follow_room(now);
        self.give_up_restart(now);
        if self.status_due_at <= now {
            self.write_status();
        }
    }

    /// Ends every session, tells the server, and lets go of the console.
    async fn stop(mut self, reason: EndReason) {
        tracing::info!("the agent stops");
        self.refuse_asking(RefusalCode::AgentRefused);
        if self.restart.is_none() {
            let ids: Vec<_> = self.sessions.keys().copied().collect();
            for id in ids {
                let waits_for_restart = self
                    .sessions
                    .get(&id)
                    .is_some_and(|session| matches!(session.presence, Presence::Restarting { .. }));
                if !waits_for_restart {
                    self.end_session(id, reason);
                }
            }
        }
        let is_ending = |driver: &Self| driver.sessions.values().any(Session::is_ending);
        let ended = async {
            while is_ending(&self) {
                let input = self.next_input().await;
                self.take(input);
            }
        };
        if timeout(STOP_TIMEOUT, ended).await.is_err() {
            tracing::warn!("a session's last messages did not leave in time");
        }
        block_in_place(|| self.ring.0.hide());
        let Link { outgoing, mut events, task } = self.link;
        drop(outgoing);
        let drained = async {
            while events.recv().await.is_some() {}
            task.await
        };
        if timeout(STOP_TIMEOUT, drained).await.is_err() {
            tracing::warn!("the server did not take the last messages in time");
        }
    }
}
