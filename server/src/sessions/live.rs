//! One live session and the task that owns it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use protocol::api::{SessionSummary, UnixMillis};
use protocol::ids::SessionId;
use protocol::link::{SessionEvent, ToAgent, close};
use protocol::reason::EndReason;
use protocol::time::Micros;
use tokio::sync::{Mutex, mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::SessionManager;
use super::life::Life;
use crate::audit::{Actor, Client, Event, SessionFacts};
use crate::relay::Phase;
use crate::relay::socket::CloseCode;
use crate::storage::{LoginKey, SessionEnd, TenantScope};

/// What others know and want of a live session.
pub(super) struct LiveSession {
    pub(super) scope: TenantScope,
    pub(super) facts: SessionFacts,
    pub(super) login: LoginKey,
    pub(super) started_at: UnixMillis,
    pub(super) started: Instant,
    /// As the viewer last set it.
    pub(super) restart_on_end: AtomicBool,
    /// Held while the session is being connected or reconnected: one attempt at a time.
    pub(super) connecting: Mutex<()>,
    inbox: mpsc::Sender<Message>,
    ending: watch::Sender<Ending>,
    link_up: watch::Sender<bool>,
    done: watch::Sender<bool>,
}

/// What the owning task is told.
pub(super) enum Message {
    /// The console agreed; the relay expects the session's two sockets.
    Attempt(watch::Receiver<Phase>),
    /// The console reports.
    Event(SessionEvent),
}

/// How the session ends, as far as it is known.
#[derive(Debug, Clone, Default)]
struct Ending {
    /// The first reason counts.
    wanted: Option<(EndReason, Actor)>,
    /// The console said that it has ended the session, and whether the device restarts.
    agent_done: Option<bool>,
}

/// The owning task's ends of the channels.
pub(super) struct Owner {
    inbox: mpsc::Receiver<Message>,
    ending: watch::Receiver<Ending>,
    link_up: watch::Receiver<bool>,
}

impl LiveSession {
    pub(super) fn new(
        scope: TenantScope,
        facts: SessionFacts,
        login: LoginKey,
        started_at: UnixMillis,
        inbox_max: usize,
    ) -> (Arc<Self>, Owner) {
        let (inbox, inbox_receiver) = mpsc::channel(inbox_max);
        let (ending, ending_receiver) = watch::channel(Ending::default());
        let (link_up, link_up_receiver) = watch::channel(true);
        let session = Self {
            scope,
            facts,
            login,
            started_at,
            started: Instant::now(),
            restart_on_end: AtomicBool::new(true),
            connecting: Mutex::default(),
            inbox,
            ending,
            link_up,
            done: watch::Sender::new(false),
        };
        (Arc::new(session), Owner { inbox: inbox_receiver, ending: ending_receiver, link_up: link_up_receiver })
    }

    pub(super) fn id(&self) -> SessionId {
        self.facts.session
    }

    /// Wants the session to end; the first reason counts.
    pub(super) fn end(&self, reason: EndReason, actor: Actor) {
        self.ending.send_if_modified(|ending| {
            let first = ending.wanted.is_none();
            if first {
                ending.wanted = Some((reason, actor));
            }
            first
        });
    }

    /// The console has ended the session.
    pub(super) fn ended_by_agent(&self, reason: EndReason, restarts: bool) {
        let actor = Actor::Console { id: self.facts.console };
        self.ending.send_modify(|ending| {
            ending.agent_done.get_or_insert(restarts);
            ending.wanted.get_or_insert((reason, actor));
        });
    }

    /// The session is over or about to be.
    pub(super) fn is_ending(&self) -> bool {
        self.ending.borrow().wanted.is_some()
    }

    /// Why the session ends, once somebody wants it to.
    pub(super) fn end_reason(&self) -> Option<EndReason> {
        self.ending.borrow().wanted.as_ref().map(|(reason, _)| *reason)
    }

    /// Returns when the end is stored.
    pub(super) async fn ended(&self) {
        // Fails when the task is gone, and then there is nothing to wait for.
        let _ = self.done.subscribe().wait_for(|done| *done).await;
    }

    pub(super) fn link_is(&self, up: bool) {
        self.link_up.send_replace(up);
    }

    pub(super) async fn attempt(&self, phase: watch::Receiver<Phase>) {
        // Fails when the session is over; then the relay is told to end the attempt too.
        let _ = self.inbox.send(Message::Attempt(phase)).await;
    }

    /// Passes on what the console reports; false when there is more than can be written down.
    pub(super) fn event(&self, event: SessionEvent) -> bool {
        self.inbox.try_send(Message::Event(event)).is_ok()
    }

    pub(super) fn restart_on_end(&self) -> bool {
        self.restart_on_end.load(Ordering::Relaxed)
    }

    pub(super) fn elapsed(&self) -> Micros {
        Micros(self.started.elapsed().as_micros() as u64)
    }

    pub(super) fn summary(&self) -> SessionSummary {
        SessionSummary {
            id: self.id(),
            room: self.facts.room.clone(),
            user_name: self.facts.user_name.clone(),
            access: self.facts.access,
            started_at: self.started_at,
        }
    }
}

/// The task that owns a session: from the moment its start is stored until its end is.
pub(super) struct Task {
    pub(super) manager: Arc<SessionManager>,
    pub(super) session: Arc<LiveSession>,
    pub(super) owner: Owner,
    pub(super) phase: watch::Receiver<Phase>,
    pub(super) maximum: Micros,
    /// The console asks people in the room for so long before it agrees.
    pub(super) asks_for: Micros,
}

impl Task {
    pub(super) async fn run(mut self) {
        let (reason, actor) = self.live().await;
        self.finish(reason, actor).await;
        self.session.done.send_replace(true);
    }

    /// Follows the session until it is to end.
    async fn live(&mut self) -> (EndReason, Actor) {
        let mut life = Life::new(&self.manager.limits, self.maximum, self.asks_for, Micros::ZERO);
        let mut n_events = 0;
        loop {
            let (due, reason) = life.end();
            let due = self.session.started + std::time::Duration::from_micros(due.0);
            tokio::select! {
                biased;
                wanted = wanted(&mut self.owner.ending) => return wanted,
                Some(message) = self.owner.inbox.recv() => match message {
                    Message::Attempt(phase) => {
                        self.phase = phase;
                        life.expected(self.session.elapsed());
                        self.follow(&mut life);
                    }
                    Message::Event(event) => {
                        if event == SessionEvent::RestartRequested {
                            life.restarting(self.session.elapsed());
                        }
                        self.note(event, &mut n_events).await;
                    }
                },
                Ok(()) = self.phase.changed() => self.follow(&mut life),
                Ok(()) = self.owner.link_up.changed() => {
                    if *self.owner.link_up.borrow_and_update() {
                        life.link_up();
                    } else {
                        life.link_down(self.session.elapsed());
                    }
                }
                () = sleep_until(due) => {
                    self.session.end(reason, Actor::Server);
                    return (reason, Actor::Server);
                }
            }
        }
    }

    /// Takes the relay's news.
    fn follow(&mut self, life: &mut Life) {
        match *self.phase.borrow_and_update() {
            Phase::Waiting => {}
            Phase::Joined => life.joined(),
            Phase::Parted => life.parted(self.session.elapsed()),
        }
    }

    /// Writes down what the console reports.
    async fn note(&self, event: SessionEvent, n_events: &mut u32) {
        let core = &self.manager.core;
        let session = &self.session;
        let restart_on_end = match event {
            SessionEvent::RestartOnEndSet { on } => Some(on),
            SessionEvent::SignOutRequested => Some(true),
            _ => None,
        };
        if let Some(on) = restart_on_end {
            session.restart_on_end.store(on, Ordering::Relaxed);
            let stored = core.storage.set_restart_on_end(&session.scope, &session.id(), on).await;
            log_failure(stored.err(), session, "the choice to restart could not be stored");
        }
        *n_events += 1;
        if self.manager.limits.events_max < *n_events {
            return;
        }
        let actor = Actor::Console { id: session.facts.console };
        let event = Event::of_session(session.facts.clone(), &event);
        let recorded = core.auditor.record(&session.scope, &actor, Client::default(), &event).await;
        log_failure(recorded.err(), session, "an event of a session could not be stored");
    }

    /// Ends everything that belongs to the session, and stores its end.
    async fn finish(&mut self, reason: EndReason, actor: Actor) {
        let session = Arc::clone(&self.session);
        let manager = Arc::clone(&self.manager);
        let at = manager.core.clock.now();
        let restarts = self.say_goodbye(reason).await;
        manager.relay.end(session.id(), CloseCode(close::SESSION_ENDED));
        let mut n_events = 0;
        while let Ok(message) = self.owner.inbox.try_recv() {
            if let Message::Event(event) = message {
                self.note(event, &mut n_events).await;
            }
        }
        let event = Event::SessionEnd {
            facts: session.facts.clone(),
            started_at: session.started_at,
            ended_at: at,
            end_reason: reason,
            restarts,
        };
        let event = manager.core.auditor.event(&actor, Client::default(), &event);
        let end = SessionEnd { at, reason };
        // The end is owed to the log: as long as the server runs, it is tried.
        while let Err(error) = manager.core.storage.end_session(&session.scope, &session.id(), end, event.clone()).await
        {
            log_failure(Some(error), &session, "the end of a session could not be stored yet");
            sleep(manager.limits.store_again_after).await;
        }
        manager.forget(&session, reason);
    }

    /// Tells the console, unless it told us, and gives it a moment to say good-bye to its viewer. Returns whether the
    /// device restarts, as far as is known.
    async fn say_goodbye(&mut self, reason: EndReason) -> bool {
        let session = self.session.id();
        let agent_done = self.owner.ending.borrow().agent_done;
        if agent_done.is_none()
            && self.manager.registry.send(self.session.facts.console, ToAgent::End { session, reason })
        {
            let confirmed = self.owner.ending.wait_for(|ending| ending.agent_done.is_some());
            // Past its time, the session ends without the console's word.
            let _ = timeout(self.manager.limits.farewell, confirmed).await;
        }
        // A console that cannot be reached ends the session by itself, and restarts when that was wanted.
        self.owner.ending.borrow().agent_done.unwrap_or_else(|| self.session.restart_on_end())
    }
}

async fn wanted(ending: &mut watch::Receiver<Ending>) -> (EndReason, Actor) {
    let ending = ending.wait_for(|ending| ending.wanted.is_some()).await;
    // The sender lives as long as the session, which the waiting task holds.
    ending.ok().and_then(|ending| ending.wanted.clone()).unwrap_or((EndReason::ServerStopped, Actor::Server))
}

fn log_failure(error: Option<crate::storage::StorageError>, session: &LiveSession, what: &str) {
    if let Some(error) = error {
        tracing::error!(session.id = %session.id(), %error, "{what}");
    }
}
