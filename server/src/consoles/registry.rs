//! Which agents are here, whether they are monitored, and whether their rooms are in a call.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use protocol::api::{CallStatus, UnixMillis};
use protocol::ids::{ConsoleId, RoomId, SessionId, TenantId};
use protocol::link::{CallState, ConsoleInfo, LinkClose, SessionEvent, ToAgent};
use protocol::reason::EndReason;
use protocol::time::Micros;

use super::pace::Pace;
use super::questions::{Answer, AskError};
use super::statement::{call_status, refusal};
use super::swaps::Swaps;
use super::{LinkHandle, LinkLimits};
use crate::state::Core;
use crate::storage::TenantScope;

/// Failed enrolments that are written down: strangers can cause them.
const FAILURES_BURST: u32 = 20;
const FAILURE_EVERY: Micros = Micros::from_secs(60);

/// A connected console at this moment.
#[derive(Debug, Clone)]
pub struct Presence {
    pub console: ConsoleId,
    /// Its link is up and its pulse is fresh.
    pub monitored: bool,
    pub call: CallStatus,
    /// What it last said about itself.
    pub info: Arc<ConsoleInfo>,
    /// Its last pulse or greeting.
    pub heard_at: UnixMillis,
}

/// What an agent reports about sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// It said hello, on its first link or on one after a break.
    Up,
    /// Its link is gone.
    Down,
    Event {
        session: SessionId,
        event: SessionEvent,
    },
}

/// Who is told what agents report. `console` was proved by its key; the sessions are only claimed.
#[async_trait]
pub trait Reports: Send + Sync {
    /// Must not block.
    fn report(&self, console: ConsoleId, report: Report);

    /// The console is done with a session. Returns when the end is on record, or when that takes too long.
    async fn ended(&self, console: ConsoleId, session: SessionId, reason: EndReason, restarts: bool);
}

/// One owner of the map of connected consoles. Open pages are told what changes.
pub struct Registry {
    limits: LinkLimits,
    pub(super) core: Arc<Core>,
    here: Mutex<Here>,
    failures: Mutex<Pace>,
}

#[derive(Default)]
struct Here {
    n_links: u64,
    /// INVARIANT: one link for each console, the newest.
    consoles: HashMap<ConsoleId, Connected>,
    rooms: HashMap<(TenantId, RoomId), ConsoleId>,
    swaps: Swaps,
    stopping: bool,
}

struct Connected {
    /// Of its link: tells a link from the one that replaced it.
    number: u64,
    scope: TenantScope,
    room: RoomId,
    link: LinkHandle,
    info: Arc<ConsoleInfo>,
    call: CallStatus,
    /// What the agent said, while the start of the call on our clock is not known yet.
    call_to_date: Option<CallState>,
    pulsed_at: Micros,
    heard_at: UnixMillis,
    /// As it was last told.
    monitored: bool,
}

/// What an agent says when it comes, and when something in it changes.
#[derive(Debug, Clone)]
pub struct Hello {
    pub info: ConsoleInfo,
    pub call: CallState,
}

/// A link was taken in.
#[derive(Debug, Clone)]
pub struct Arrival {
    pub seat: Seat,
    /// Links of this console take the place of one another so often that its key must be in two places.
    pub suspicious: bool,
}

/// A link's place in the registry.
#[derive(Debug, Clone)]
pub struct Seat {
    pub console: ConsoleId,
    number: u64,
}

impl Registry {
    pub fn new(core: Arc<Core>, limits: LinkLimits) -> Self {
        let failures = Mutex::new(Pace::new(FAILURES_BURST, FAILURE_EVERY, core.clock.monotonic()));
        Self { limits, core, here: Mutex::default(), failures }
    }

    pub fn limits(&self) -> &LinkLimits {
        &self.limits
    }

    /// Takes in the link of a console that proved its key and said hello. An earlier link of the same console is
    /// closed.
    ///
    /// `None` when the server stops.
    pub fn arrive(
        &self,
        scope: &TenantScope,
        room: &RoomId,
        console: ConsoleId,
        link: LinkHandle,
        hello: Hello,
    ) -> Option<Arrival> {
        let mut here = self.here();
        if here.stopping {
            return None;
        }
        here.n_links += 1;
        let number = here.n_links;
        let before = here.rooms.insert((scope.tenant().clone(), room.clone()), console);
        // A room has one console: the one that was enrolled before has lost its key.
        if let Some(revoked) =
            before.filter(|before| *before != console).and_then(|before| here.consoles.remove(&before))
        {
            revoked.link.close(LinkClose::Revoked);
        }
        let connected = Connected {
            number,
            scope: scope.clone(),
            room: room.clone(),
            link,
            info: Arc::new(hello.info),
            call: call_status(hello.call, None, self.core.clock.now()),
            call_to_date: undated(hello.call),
            pulsed_at: self.core.clock.monotonic(),
            heard_at: self.core.clock.now(),
            monitored: true,
        };
        let mut suspicious = false;
        if let Some(replaced) = here.consoles.insert(console, connected) {
            replaced.link.close(LinkClose::Replaced);
            let LinkLimits { swaps_max, swaps_within, .. } = self.limits;
            suspicious = here.swaps.count(console, swaps_max, swaps_within, self.core.clock.monotonic());
        }
        self.core.live.room_changed(scope, room);
        Some(Arrival { seat: Seat { console, number }, suspicious })
    }

    /// Gives up a link's place; false when another link had taken it.
    pub fn leave(&self, seat: &Seat) -> bool {
        let mut here = self.here();
        if here.seated(seat).is_none() {
            return false;
        }
        if let Some(gone) = here.consoles.remove(&seat.console) {
            let place = (gone.scope.tenant().clone(), gone.room.clone());
            if here.rooms.get(&place) == Some(&seat.console) {
                here.rooms.remove(&place);
            }
            self.core.live.room_changed(&gone.scope, &gone.room);
        }
        true
    }

    /// What the agent says anew about its machine.
    pub fn greet(&self, seat: &Seat, hello: Hello) {
        let now = self.core.clock.now();
        self.update(seat, |connected| {
            connected.info = Arc::new(hello.info);
            connected.call = call_status(hello.call, None, now);
            connected.call_to_date = undated(hello.call);
            true
        });
    }

    /// The agent is well.
    pub fn pulse(&self, seat: &Seat, sent_at: Micros) {
        let now = self.core.clock.now();
        let monotonic = self.core.clock.monotonic();
        self.update(seat, |connected| {
            connected.pulsed_at = monotonic;
            connected.heard_at = now;
            let mut changed = !std::mem::replace(&mut connected.monitored, true);
            if let Some(call) = connected.call_to_date.take() {
                connected.call = call_status(call, Some(sent_at), now);
                changed = true;
            }
            changed
        });
    }

    pub fn call_changed(&self, seat: &Seat, call: CallState, sent_at: Micros) {
        let now = self.core.clock.now();
        self.update(seat, |connected| {
            connected.call_to_date = None;
            connected.call = call_status(call, Some(sent_at), now);
            true
        });
    }

    /// Notices that a pulse did not come; called now and then by the link.
    pub fn check_pulse(&self, seat: &Seat) {
        let monotonic = self.core.clock.monotonic();
        self.update(seat, |connected| {
            let monitored = self.is_fresh(connected, monotonic);
            std::mem::replace(&mut connected.monitored, monitored) != monitored
        });
    }

    /// The console of a room, when it is connected.
    pub fn presence(&self, scope: &TenantScope, room: &RoomId) -> Option<Presence> {
        let here = self.here();
        let console = *here.rooms.get(&(scope.tenant().clone(), room.clone()))?;
        let connected = here.consoles.get(&console)?;
        Some(Presence {
            console,
            monitored: self.is_fresh(connected, self.core.clock.monotonic()),
            call: connected.call,
            info: Arc::clone(&connected.info),
            heard_at: connected.heard_at,
        })
    }

    /// Whether the console is connected.
    pub fn is_up(&self, console: ConsoleId) -> bool {
        self.here().consoles.contains_key(&console)
    }

    /// Asks the agent for a nonce.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn request_nonce(&self, console: ConsoleId) -> Result<Answer, AskError> {
        let link = self.link(console).ok_or(AskError::NotHere)?;
        let answer = link.ask(|request| ToAgent::NonceRequest { request }, self.limits.nonce_within).await;
        answer.map(believed)
    }

    /// Makes the agent an offer; `make` builds it around its number. For as long as `asks_for` it may ask the people in
    /// its room.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn offer(
        &self,
        console: ConsoleId,
        asks_for: Micros,
        make: impl FnOnce(u32) -> ToAgent + Send,
    ) -> Result<Answer, AskError> {
        let link = self.link(console).ok_or(AskError::NotHere)?;
        let within = self.limits.offer_within + Duration::from_micros(asks_for.0);
        link.ask(make, within).await.map(believed)
    }

    /// Queues a message; false when the console is not connected.
    pub fn send(&self, console: ConsoleId, message: ToAgent) -> bool {
        self.link(console).is_some_and(|link| link.send(message))
    }

    /// A room got a new console: closes the link of the one before.
    pub fn revoke_others(&self, scope: &TenantScope, room: &RoomId, console: ConsoleId) {
        let here = self.here();
        let before = here.rooms.get(&(scope.tenant().clone(), room.clone())).filter(|before| **before != console);
        if let Some(revoked) = before.and_then(|before| here.consoles.get(before)) {
            revoked.link.close(LinkClose::Revoked);
        }
    }

    /// The console was taken out of its room: closes its link.
    pub fn revoke(&self, console: ConsoleId) {
        if let Some(link) = self.link(console) {
            link.close(LinkClose::Revoked);
        }
    }

    /// Whether one more failed enrolment is to be written down.
    pub fn notes_failed_enrolment(&self) -> bool {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).allows(self.core.clock.monotonic())
    }

    /// Closes every link and takes in no more.
    pub fn stop(&self) {
        let mut here = self.here();
        here.stopping = true;
        for connected in here.consoles.values() {
            connected.link.close(LinkClose::Stopping);
        }
    }

    fn link(&self, console: ConsoleId) -> Option<LinkHandle> {
        self.here().consoles.get(&console).map(|connected| connected.link.clone())
    }

    /// Applies `change` to the seat's console; tells others when it returns true.
    fn update(&self, seat: &Seat, change: impl FnOnce(&mut Connected) -> bool) {
        let mut here = self.here();
        if let Some(connected) = here.seated(seat)
            && change(connected)
        {
            self.core.live.room_changed(&connected.scope, &connected.room);
        }
    }

    fn is_fresh(&self, connected: &Connected, now: Micros) -> bool {
        now.since(connected.pulsed_at) < self.limits.pulse_within
    }

    fn here(&self) -> MutexGuard<'_, Here> {
        // Every change under this lock is complete or harmless, so a panic elsewhere does not spoil it.
        self.here.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Here {
    /// The seat's console, unless another link has taken its place.
    fn seated(&mut self, seat: &Seat) -> Option<&mut Connected> {
        self.consoles.get_mut(&seat.console).filter(|connected| connected.number == seat.number)
    }
}

/// Keeps an agent from refusing in the server's name.
fn believed(answer: Answer) -> Answer {
    match answer {
        Answer::Refused { code } => Answer::Refused { code: refusal(code) },
        answer => answer,
    }
}

/// A call whose start on our clock is not known until the agent's next pulse.
fn undated(call: CallState) -> Option<CallState> {
    matches!(call, CallState::InCall { .. }).then_some(call)
}
