//! Starting and resuming a session, step by step.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::api::StartedSession;
use protocol::ids::{RoomId, SessionId};
use protocol::link::{ToAgent, close};
use protocol::reason::EndReason;
use protocol::refusal::RefusalCode;
use protocol::secure::{Fingerprint, Grant, Limits, PublicKey, SignedGrant};
use protocol::terms::{ShortcutPolicy, Terms};
use protocol::time::Micros;
use protocol::wire::{Blob, Text};
use tokio::sync::oneshot::error::TryRecvError;
use tokio::sync::{oneshot, watch};

use super::live::{LiveSession, Task};
use super::{Capacity, Gate, Requester, SessionManager};
use crate::access::{Asked, decide};
use crate::audit::{Actor, Event, SessionFacts, checkpoint};
use crate::consoles::{Answer, AskError};
use crate::random;
use crate::relay::socket::CloseCode;
use crate::relay::{Phase, RelayError, Side};
use crate::storage::{Console, NewSession, RemoteAccessSettings, StorageError};

/// Why a session did not start or resume.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The room or session does not exist, or not for this person.
    #[error("there is no such room or session")]
    NotFound,
    /// A row of the gate is shut; it was written down.
    #[error("the gate is shut: {}", .0.code())]
    Refused(RefusalCode),
    #[error(transparent)]
    Full(#[from] Capacity),
    /// The session ended while it was being connected.
    #[error("the session ended")]
    Ended(EndReason),
    #[error("the relay takes no more sessions")]
    Overloaded,
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// What one connection of a session is made of, once the console has given its nonce.
struct Connection<'a> {
    session: &'a LiveSession,
    agent_key: PublicKey,
    viewer_key: PublicKey,
    nonce: [u8; 32],
    settings: &'a RemoteAccessSettings,
    /// Position in the audit log of what permits it.
    audit_position: u64,
}

/// Whoever asked for a session, as far as they are still there.
struct Asker(oneshot::Receiver<()>);

impl Asker {
    /// Returns when they are gone.
    async fn gone(&mut self) {
        // Nothing is ever sent.
        let _ = (&mut self.0).await;
    }

    fn is_gone(&mut self) -> bool {
        matches!(self.0.try_recv(), Err(TryRecvError::Closed))
    }
}

/// The grant is signed and the relay expects the session; the console has not agreed yet.
struct Prepared {
    grant: SignedGrant,
    agent_ticket: [u8; 32],
    /// The console may take so long to agree besides: it asks the people in the room.
    asks_for: Micros,
    view_shortcuts: ShortcutPolicy,
    phase: watch::Receiver<Phase>,
}

impl SessionManager {
    /// Starts a session; returns when the console shows its ring and expects the viewer.
    ///
    /// When whoever asks goes away, what was begun is taken back, and ended on record.
    ///
    /// # Errors
    /// When there is no such room, the gate is shut (which is written down), or something failed.
    pub async fn start(
        &self,
        requester: Requester,
        room: RoomId,
        viewer_key: PublicKey,
    ) -> Result<StartedSession, StartError> {
        let this = self.this.upgrade().ok_or(StartError::Ended(EndReason::ServerStopped))?;
        // Dropped with this future, at the latest.
        let (here, asker) = oneshot::channel();
        let starting = tokio::spawn(async move {
            let mut asker = Asker(asker);
            let started = this.start_to_end(&requester, &room, viewer_key, &mut asker).await;
            if let Ok(started) = &started
                && asker.is_gone()
                && let Some(session) = this.find(started.session)
            {
                session.end(EndReason::ViewerClosed, requester.actor());
            }
            started
        });
        let started = starting.await.map_err(|_| StartError::Ended(EndReason::ServerStopped))?;
        drop(here);
        started
    }

    /// Connects a live session of the same person anew, in the same record.
    ///
    /// # Errors
    /// As [`SessionManager::start`]; the session goes on meanwhile.
    pub async fn resume(
        &self,
        requester: Requester,
        session: SessionId,
        viewer_key: PublicKey,
    ) -> Result<StartedSession, StartError> {
        let this = self.this.upgrade().ok_or(StartError::Ended(EndReason::ServerStopped))?;
        let resuming = tokio::spawn(async move { this.resume_to_end(&requester, session, viewer_key).await });
        resuming.await.map_err(|_| StartError::Ended(EndReason::ServerStopped))?
    }

    /// Ends a live session of this person for `reason`; returns when its end is stored.
    ///
    /// # Errors
    /// When the person has no such session.
    pub async fn end(&self, requester: &Requester, session: SessionId, reason: EndReason) -> Result<(), StartError> {
        let session = self.owned(requester, session).ok_or(StartError::NotFound)?;
        session.end(reason, requester.actor());
        session.ended().await;
        Ok(())
    }

    async fn start_to_end(
        &self,
        requester: &Requester,
        room: &RoomId,
        viewer_key: PublicKey,
        asker: &mut Asker,
    ) -> Result<StartedSession, StartError> {
        let gate = self.gate(requester, room).await?.ok_or(StartError::NotFound)?;
        let (console, grantable) = match (&gate.console, decide(&gate.context, Asked::Start)) {
            (Some(console), Ok(grantable)) => (console, grantable),
            (None, Ok(_)) => return self.refuse(requester, room, RefusalCode::UnsupportedConsole, None).await,
            (_, Err(code)) => return self.refuse(requester, room, code, None).await,
        };
        self.check_capacity(console.id, requester.user.id)?;
        let nonce = match self.nonce(console, true).await {
            Ok(nonce) => nonce,
            Err(code) => return self.refuse(requester, room, code, None).await,
        };
        if asker.is_gone() {
            // Nothing was begun yet.
            return Err(StartError::Ended(EndReason::ViewerClosed));
        }
        let facts = SessionFacts {
            session: SessionId(random::bytes()),
            room: room.clone(),
            console: console.id,
            access: grantable.access(),
            user: requester.user.id,
            user_name: requester.user.name.clone(),
        };
        self.store_and_connect(requester, &gate, console, facts, viewer_key, nonce, asker).await
    }

    /// From the durable `session.start` on: whatever happens now, the session gets its end.
    #[expect(clippy::too_many_arguments, reason = "each is a fact of the one start that it goes on with")]
    async fn store_and_connect(
        &self,
        requester: &Requester,
        gate: &Gate,
        console: &Console,
        facts: SessionFacts,
        viewer_key: PublicKey,
        nonce: [u8; 32],
        asker: &mut Asker,
    ) -> Result<StartedSession, StartError> {
        let (id, room) = (facts.session, facts.room.clone());
        let started_at = self.core.clock.now();
        let Ok(audit_position) = self.store_start(requester, console, &facts, started_at).await else {
            return self.refuse(requester, &room, RefusalCode::AuditUnavailable, Some(id)).await;
        };
        self.core.metrics.sessions_started.increment();
        let (session, owner) =
            LiveSession::new(requester.scope.clone(), facts, requester.login, started_at, self.limits.inbox_max);
        self.insert(&session);
        let maximum = micros(gate.settings.maximum_duration);
        let settings = &gate.settings;
        let connection =
            Connection { session: &session, agent_key: console.key, viewer_key, nonce, settings, audit_position };
        let prepared = self.prepare(&connection);
        let phase =
            prepared.as_ref().map_or_else(|_| watch::channel(Phase::Waiting).1, |prepared| prepared.phase.clone());
        let asks_for = prepared.as_ref().map_or(Micros::ZERO, |prepared| prepared.asks_for);
        let manager = self.this.upgrade().ok_or(StartError::Ended(EndReason::ServerStopped))?;
        tokio::spawn(Task { manager, session: Arc::clone(&session), owner, phase, maximum, asks_for }.run());
        let prepared = match prepared {
            Ok(prepared) => prepared,
            Err(error) => {
                session.end(EndReason::NeverConnected, Actor::Server);
                return Err(error);
            }
        };
        let _connecting = session.connecting.lock().await;
        if let Err(error) = checkpoint::sign(&self.core.storage, self.core.keys.log(), &session.scope).await {
            tracing::error!(session.id = %id, %error, "the start of a session could not be put under a checkpoint");
            session.end(EndReason::NeverConnected, Actor::Server);
            return self.refuse(requester, &room, RefusalCode::AuditUnavailable, Some(id)).await;
        }
        self.check_again(requester, &session).await?;
        let answer = tokio::select! {
            biased;
            answer = self.offer(&session, &prepared) => answer,
            // Nobody waits for the room's answer any more, so the room is not asked any longer.
            () = asker.gone() => {
                session.end(EndReason::ViewerClosed, requester.actor());
                return Err(StartError::Ended(EndReason::ViewerClosed));
            }
        };
        match answer {
            Ok(()) => self.started(&session, console.key, prepared).await,
            Err(code) => {
                // A session that is not to be any more is no refusal of the console, which asks its room no longer.
                self.check_again(requester, &session).await?;
                session.end(end_of_refused(code), Actor::Server);
                self.refuse(requester, &room, code, Some(id)).await
            }
        }
    }

    /// What the gate saw may be past. From here on the session is in the map: whoever changes something finds it there,
    /// and what was changed before is seen here.
    async fn check_again(&self, requester: &Requester, session: &LiveSession) -> Result<(), StartError> {
        match self.still_allowed(session).await {
            Ok(None) => {}
            Ok(Some(reason)) => session.end(reason, Actor::Server),
            Err(error) => tracing::warn!(session.id = %session.id(), %error, "a session could not be checked"),
        }
        let code = match session.end_reason() {
            None => return Ok(()),
            Some(EndReason::Disabled) => RefusalCode::NotEnabled,
            Some(EndReason::Revoked) => RefusalCode::NoPermission,
            Some(EndReason::ConsoleRemoved) => RefusalCode::UnsupportedConsole,
            Some(reason) => return Err(StartError::Ended(reason)),
        };
        self.refuse(requester, &session.facts.room, code, Some(session.id())).await
    }

    async fn resume_to_end(
        &self,
        requester: &Requester,
        id: SessionId,
        viewer_key: PublicKey,
    ) -> Result<StartedSession, StartError> {
        let session = self.owned(requester, id).ok_or(StartError::NotFound)?;
        let _connecting = session.connecting.lock().await;
        let room = &session.facts.room;
        let gate = self.gate(requester, room).await?.ok_or(StartError::NotFound)?;
        let nonce = match (decide(&gate.context, Asked::Resume(session.facts.access)), &gate.console) {
            (Ok(_), Some(console)) if console.id == session.facts.console => {
                self.nonce(console, false).await.map(|nonce| (console, nonce))
            }
            (Ok(_), _) => Err(RefusalCode::UnsupportedConsole),
            (Err(code), _) => Err(code),
        };
        let (console, nonce) = match nonce {
            Ok(found) => found,
            // A viewer that waits for its console to come back asks again and again: that is no event.
            Err(RefusalCode::NotMonitored) => return Err(StartError::Refused(RefusalCode::NotMonitored)),
            Err(code) => return self.refuse(requester, room, code, Some(id)).await,
        };
        let event = Event::SessionReconnect { facts: session.facts.clone() };
        let recorded = self.core.auditor.record(&session.scope, &requester.actor(), requester.client, &event).await;
        let Ok(audit_position) = recorded else {
            return self.refuse(requester, room, RefusalCode::AuditUnavailable, Some(id)).await;
        };
        let settings = &gate.settings;
        let connection =
            Connection { session: &session, agent_key: console.key, viewer_key, nonce, settings, audit_position };
        let prepared = self.prepare(&connection)?;
        match self.offer(&session, &prepared).await {
            Ok(()) => self.started(&session, console.key, prepared).await,
            Err(code) => {
                self.relay.end(id, CloseCode(close::PEER_GONE));
                self.refuse(requester, room, code, Some(id)).await
            }
        }
    }

    /// Asks the console for a nonce; a room that must be `idle` and is not refuses.
    async fn nonce(&self, console: &Console, idle: bool) -> Result<[u8; 32], RefusalCode> {
        match self.registry.request_nonce(console.id).await {
            Ok(Answer::Nonce { call, .. }) if idle && !call.is_idle() => Err(RefusalCode::InCall),
            Ok(Answer::Nonce { nonce, .. }) => Ok(nonce),
            Ok(Answer::Refused { code }) => Err(code),
            Ok(Answer::Accepted { .. }) => Err(RefusalCode::AgentRefused),
            Err(error) => Err(unanswered(error)),
        }
    }

    async fn store_start(
        &self,
        requester: &Requester,
        console: &Console,
        facts: &SessionFacts,
        started_at: i64,
    ) -> Result<u64, StorageError> {
        let event = Event::SessionStart {
            facts: facts.clone(),
            started_at,
            fingerprint: Fingerprint::of(&console.key).to_string(),
            restart_on_end: true,
            audio: false,
        };
        let event = self.core.auditor.event(&requester.actor(), requester.client, &event);
        let session = NewSession {
            id: facts.session,
            room: facts.room.clone(),
            console: facts.console,
            user: facts.user,
            user_name: facts.user_name.clone(),
            login: requester.login,
            access: facts.access,
            started_at,
        };
        self.core.storage.start_session(&requester.scope, &session, event).await
    }

    /// Signs the grant and tells the relay to expect both sides.
    fn prepare(&self, connection: &Connection<'_>) -> Result<Prepared, StartError> {
        let session = connection.session;
        let terms = terms(connection.settings);
        let grant = Grant {
            version: protocol::VERSION,
            tenant: session.scope.tenant().clone(),
            room: session.facts.room.clone(),
            console: session.facts.console,
            session: session.id(),
            agent_key: connection.agent_key,
            viewer_key: connection.viewer_key,
            nonce: connection.nonce,
            access: session.facts.access,
            limits: Limits {
                idle: micros(connection.settings.idle_limit),
                maximum: micros(connection.settings.maximum_duration),
            },
            terms,
            restart_on_end: session.restart_on_end(),
            elapsed: session.elapsed(),
            user_name: Text::fitted(&session.facts.user_name),
            audit_position: connection.audit_position,
        };
        let grant = self.core.keys.grant().sign(&grant);
        let phase = self.relay.expect(session.id());
        let asks_for = terms.decline_within.unwrap_or(Micros::ZERO);
        let agent_ticket = self.ticket(session, Side::Agent, asks_for)?;
        Ok(Prepared { grant, agent_ticket, asks_for, view_shortcuts: terms.view_shortcuts, phase })
    }

    /// A ticket whose time begins to run `later`.
    fn ticket(&self, session: &LiveSession, side: Side, later: Micros) -> Result<[u8; 32], StartError> {
        let ticket = random::bytes();
        match self.relay.issue(session.id(), side, &ticket, self.core.clock.monotonic() + later) {
            Ok(()) => Ok(ticket),
            Err(RelayError::Full(_)) => Err(StartError::Overloaded),
            Err(_) => Err(StartError::Ended(session.end_reason().unwrap_or(EndReason::NeverConnected))),
        }
    }

    /// Makes the console the offer and waits for its consent: then its ring is up.
    async fn offer(&self, session: &LiveSession, prepared: &Prepared) -> Result<(), RefusalCode> {
        let grant = Blob::new(prepared.grant.as_bytes().to_vec()).map_err(|_| RefusalCode::AgentRefused)?;
        let relay_url = Text::fitted(&self.core.config.public_url.socket("/ws/agent"));
        let ticket = prepared.agent_ticket;
        let answer = self
            .registry
            .offer(session.facts.console, prepared.asks_for, |request| ToAgent::Offer {
                request,
                grant,
                ticket,
                relay_url,
            })
            .await;
        match answer {
            Ok(Answer::Accepted { session: accepted }) if accepted == session.id() => Ok(()),
            Ok(Answer::Refused { code }) => Err(code),
            Ok(_) => Err(RefusalCode::AgentRefused),
            Err(error) => Err(unanswered(error)),
        }
    }

    /// The console agreed: the viewer gets its ticket.
    async fn started(
        &self,
        session: &LiveSession,
        agent_key: PublicKey,
        prepared: Prepared,
    ) -> Result<StartedSession, StartError> {
        session.attempt(prepared.phase).await;
        let viewer_ticket = self.ticket(session, Side::Viewer, Micros::ZERO)?;
        if let Some(reason) = session.end_reason() {
            return Err(StartError::Ended(reason));
        }
        Ok(StartedSession {
            session: session.id(),
            tenant: session.scope.tenant().clone(),
            console: session.facts.console,
            access: session.facts.access,
            view_shortcuts: prepared.view_shortcuts,
            agent_key,
            relay_url: self.core.config.public_url.socket("/ws/viewer"),
            ticket: URL_SAFE_NO_PAD.encode(viewer_ticket),
            grant: URL_SAFE_NO_PAD.encode(prepared.grant.as_bytes()),
            started_at: session.started_at,
        })
    }

    /// A session that lives and belongs to this person.
    fn owned(&self, requester: &Requester, session: SessionId) -> Option<Arc<LiveSession>> {
        self.find(session).filter(|session| {
            session.scope == requester.scope && session.facts.user == requester.user.id && !session.is_ending()
        })
    }

    async fn refuse<T>(
        &self,
        requester: &Requester,
        room: &RoomId,
        code: RefusalCode,
        session: Option<SessionId>,
    ) -> Result<T, StartError> {
        self.record_refusal(requester, room, code, session).await;
        Err(StartError::Refused(code))
    }
}

/// The row of the gate that a console without an answer shuts.
fn unanswered(error: AskError) -> RefusalCode {
    match error {
        AskError::Busy => RefusalCode::AgentRefused,
        AskError::NotHere | AskError::TimedOut | AskError::LinkLost => RefusalCode::NotMonitored,
    }
}

/// How a session that the console refused has ended.
fn end_of_refused(code: RefusalCode) -> EndReason {
    match code {
        RefusalCode::IndicatorFailed => EndReason::IndicatorFailed,
        RefusalCode::InCall => EndReason::CallStarted,
        RefusalCode::DeclinedInRoom => EndReason::EndedInRoom,
        _ => EndReason::NeverConnected,
    }
}

/// The policies that a session keeps to from this connection on.
fn terms(settings: &RemoteAccessSettings) -> Terms {
    Terms {
        when_call_starts: settings.call_policy,
        view_shortcuts: settings.view_shortcuts,
        decline_within: settings.decline_within.map(micros),
        room_may_end: settings.room_may_end,
    }
}

fn micros(duration: std::time::Duration) -> Micros {
    Micros(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX))
}
