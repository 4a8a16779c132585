use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use async_trait::async_trait;
use protocol::ids::{ConsoleId, RoomId, SessionId, UserId};
use protocol::reason::EndReason;
use protocol::refusal::RefusalCode;
use tokio::time::{sleep, timeout};

use super::live::LiveSession;
use super::{Limits, Requester, SessionLimits};
use crate::access::{Asked, ConsoleFact, GateContext, decide};
use crate::audit::{Actor, Client, Event, SessionFacts};
use crate::consoles::{Registry, Report, Reports};
use crate::metrics::GaugeGuard;
use crate::relay::Relay;
use crate::relay::socket::Wire;
use crate::state::Core;
use crate::storage::{Result, SessionEnd, TenantScope};

/// How often to look whether all sockets are gone.
const FAREWELL_LOOK: Duration = Duration::from_millis(10);

/// The one owner of the map of live sessions.
pub struct SessionManager {
    pub(super) core: Arc<Core>,
    pub(super) registry: Registry,
    pub(super) relay: Relay<Wire>,
    pub(super) limits: SessionLimits,
    live: Mutex<HashMap<SessionId, Entry>>,
    /// For the tasks of sessions, which keep the manager alive.
    pub(super) this: Weak<Self>,
}

struct Entry {
    session: Arc<LiveSession>,
    _counted: GaugeGuard,
}

/// What a check of live sessions against the present policy came to.
#[derive(Default)]
pub struct Checked {
    /// Sessions that are ending because of it.
    ended: Vec<Arc<LiveSession>>,
    /// Every session could be checked.
    pub(super) complete: bool,
}

impl Checked {
    /// Returns when the ends are stored.
    pub async fn ended(self) {
        for session in self.ended {
            session.ended().await;
        }
    }
}

/// What has as many sessions as it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Capacity {
    #[error("this console has as many sessions as it can take")]
    Console,
    #[error("you have as many sessions as one person may have")]
    User,
}

impl SessionManager {
    /// A manager with a relay and a registry of consoles of its own.
    pub fn new(core: Arc<Core>, limits: Limits) -> Arc<Self> {
        let registry = Registry::new(Arc::clone(&core), limits.link);
        let relay = Relay::new(limits.relay, Arc::clone(&core.metrics.relay_bytes));
        let live = Mutex::default();
        Arc::new_cyclic(|this| Self { core, registry, relay, limits: limits.session, live, this: this.clone() })
    }

    pub fn relay(&self) -> &Relay<Wire> {
        &self.relay
    }

    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Stores the ends of sessions that were alive when the server stopped; called before anything is served.
    ///
    /// # Errors
    /// When the storage fails.
    pub async fn close_leftovers(&self) -> Result<usize> {
        let leftovers = self.core.storage.open_sessions().await?;
        let n_leftovers = leftovers.len();
        for (scope, record) in leftovers {
            // Nobody knows more than when it was last seen.
            let end = SessionEnd { at: record.last_seen_at.max(record.started_at), reason: EndReason::ServerStopped };
            let event = Event::SessionEnd {
                facts: SessionFacts::from(&record),
                started_at: record.started_at,
                ended_at: end.at,
                end_reason: end.reason,
                restarts: record.restart_on_end,
            };
            let event = self.core.auditor.event(&Actor::Server, Client::default(), &event);
            self.core.storage.end_session(&scope, &record.id, end, event).await?;
        }
        Ok(n_leftovers)
    }

    /// Ends every session and closes every link; returns when the ends are stored and the sockets have said good-bye.
    pub async fn stop(&self) {
        for session in self.sessions_where(|_| true) {
            session.end(EndReason::ServerStopped, Actor::Server);
        }
        for session in self.sessions_where(|_| true) {
            session.ended().await;
        }
        self.registry.stop();
        let metrics = &self.core.metrics;
        let gone = async {
            while 0 < metrics.links.get() + metrics.relay_sockets.get() {
                sleep(FAREWELL_LOOK).await;
            }
        };
        // Past its time, a peer that does not take its leave is left without.
        let _ = timeout(self.limits.farewell + self.relay.limits().close_within, gone).await;
    }

    /// Checks a tenant's live sessions against the present policy, and ends those that may no longer be.
    /// Returns them, and whether every one could be checked.
    pub async fn end_unallowed(&self, scope: &TenantScope) -> Checked {
        let mut checked = Checked { ended: Vec::new(), complete: true };
        for session in self.sessions_where(|session| session.scope == *scope) {
            match self.still_allowed(&session).await {
                Ok(None) => {}
                Ok(Some(reason)) => {
                    session.end(reason, Actor::Server);
                    checked.ended.push(session);
                }
                // Not knowing ends nothing here: leases are not renewed either while the storage fails.
                Err(error) => {
                    tracing::warn!(session.id = %session.id(), %error, "a session could not be checked");
                    checked.complete = false;
                }
            }
        }
        checked
    }

    /// The reason why a live session may no longer be.
    pub(super) async fn still_allowed(&self, session: &LiveSession) -> Result<Option<EndReason>> {
        let facts = &session.facts;
        let Some(gate) = self.gate_of(&session.scope, &facts.user, &facts.room).await? else {
            return Ok(Some(EndReason::Revoked));
        };
        let same_console = gate.console.is_some_and(|console| console.id == facts.console);
        let console = if same_console { gate.context.console } else { ConsoleFact::NotEnrolled };
        Ok(match decide(&GateContext { console, ..gate.context }, Asked::Stay(facts.access)) {
            Ok(_) => None,
            Err(RefusalCode::NotEnabled) => Some(EndReason::Disabled),
            Err(RefusalCode::UnsupportedConsole) => Some(EndReason::ConsoleRemoved),
            Err(_) => Some(EndReason::Revoked),
        })
    }

    /// Takes a new session into the map.
    pub(super) fn insert(&self, session: &Arc<LiveSession>) {
        let counted = self.core.metrics.sessions.hold();
        self.live().insert(session.id(), Entry { session: Arc::clone(session), _counted: counted });
        self.core.live.room_changed(&session.scope, &session.facts.room);
    }

    /// Drops a session whose end is stored.
    pub(super) fn forget(&self, session: &LiveSession, reason: EndReason) {
        self.live().remove(&session.id());
        self.core.live.session_ended(&session.scope, session.facts.user, session.id(), reason);
        self.core.live.room_changed(&session.scope, &session.facts.room);
        tracing::info!(
            session.id = %session.id(),
            console.id = %session.facts.console,
            reason = reason.code(),
            duration_ms = session.elapsed().as_millis(),
            "a session ended"
        );
    }

    pub(super) fn find(&self, id: SessionId) -> Option<Arc<LiveSession>> {
        self.live().get(&id).map(|entry| Arc::clone(&entry.session))
    }

    /// The sessions that live and of which `wanted` is true, oldest first.
    pub(super) fn sessions_where(&self, wanted: impl Fn(&LiveSession) -> bool) -> Vec<Arc<LiveSession>> {
        let live = self.live();
        let wanted = live.values().map(|entry| &entry.session).filter(|session| wanted(session));
        let mut sessions: Vec<_> = wanted.cloned().collect();
        sessions.sort_by_key(|session| (session.started_at, session.id()));
        sessions
    }

    /// # Errors
    /// When the console or the user has too many already.
    pub(super) fn check_capacity(&self, console: ConsoleId, user: UserId) -> std::result::Result<(), Capacity> {
        let live = self.live();
        let count = |is: &dyn Fn(&SessionFacts) -> bool| live.values().filter(|entry| is(&entry.session.facts)).count();
        if self.limits.per_console_max <= count(&|facts| facts.console == console) {
            return Err(Capacity::Console);
        }
        if self.limits.per_user_max <= count(&|facts| facts.user == user) {
            return Err(Capacity::User);
        }
        Ok(())
    }

    /// Runs `with` while no session comes or goes.
    pub(super) fn with_live<T>(&self, with: impl FnOnce(&mut dyn Iterator<Item = &Arc<LiveSession>>) -> T) -> T {
        let live = self.live();
        with(&mut live.values().map(|entry| &entry.session))
    }

    /// Writes down that the gate was shut.
    pub(super) async fn record_refusal(
        &self,
        requester: &Requester,
        room: &RoomId,
        code: RefusalCode,
        session: Option<SessionId>,
    ) {
        self.core.metrics.sessions_refused.increment();
        let event = Event::SessionRefused { room: room.clone(), code, session };
        let recorded = self.core.auditor.record(&requester.scope, &requester.actor(), requester.client, &event).await;
        if let Err(error) = recorded {
            tracing::error!(%error, code = code.code(), "a refusal could not be stored");
        }
    }

    fn live(&self) -> MutexGuard<'_, HashMap<SessionId, Entry>> {
        // Every change under this lock is one insertion or removal, so a panic elsewhere does not spoil it.
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Reports for SessionManager {
    fn report(&self, console: ConsoleId, report: Report) {
        match report {
            Report::Up => {
                self.renew_leases_of(console);
                self.tell_link(console, true);
            }
            Report::Down => self.tell_link(console, false),
            Report::Event { session, event } => {
                let Some(session) = self.of_console(console, session) else { return };
                if !session.event(event) {
                    tracing::warn!(session.id = %session.id(), "a console reports more than can be stored");
                }
            }
        }
    }

    async fn ended(&self, console: ConsoleId, session: SessionId, reason: EndReason, restarts: bool) {
        let Some(session) = self.of_console(console, session) else { return };
        session.ended_by_agent(reason, restarts);
        // An end that cannot be stored at the moment keeps nobody waiting.
        let _ = timeout(self.limits.end_stored_within, session.ended()).await;
    }
}

impl SessionManager {
    /// The session, when it is one of this console: a console has no say in others.
    fn of_console(&self, console: ConsoleId, session: SessionId) -> Option<Arc<LiveSession>> {
        let found = self.find(session).filter(|session| session.facts.console == console);
        if found.is_none() {
            tracing::debug!(console.id = %console, session.id = %session, "a report on a session that is not the console's");
        }
        found
    }

    fn tell_link(&self, console: ConsoleId, up: bool) {
        for session in self.sessions_where(|session| session.facts.console == console) {
            session.link_is(up);
        }
    }
}
