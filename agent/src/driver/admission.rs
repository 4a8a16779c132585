//! From a nonce to a socket: how a session comes to be, or a viewer back to one.

use protocol::control::PEOPLE_MAX;
use protocol::ids::SessionId;
use protocol::link::{Enrolment, FromAgent, SessionEvent};
use protocol::reason::EndReason;
use protocol::refusal::RefusalCode;
use protocol::secure::noise::SessionPrologue;
use protocol::secure::{Grant, SignedGrant};
use protocol::session::{Agent, SessionError};
use tokio::sync::mpsc;

use super::exchange::{ConnectionId, Exchange, ORDERS_MAX};
use super::offer::{self, Console};
use super::session::{Connection, Session};
use super::{Core, LinkState, NewSocket, Offer};
use crate::clock::local_time;
use crate::hands::Action;
use crate::record::Open;

impl Core {
    pub(super) fn answer_nonce_request(&mut self, request: u32) {
        if self.link_state != LinkState::Up(Enrolment::Approved) {
            return self.send(FromAgent::Refused { request, code: RefusalCode::UnsupportedConsole });
        }
        let Some(nonce) = (self.random)() else {
            return self.send(FromAgent::Refused { request, code: RefusalCode::AgentRefused });
        };
        self.nonces.add(nonce, self.now.at);
        self.send(FromAgent::Nonce { request, nonce, call: self.call });
    }

    /// Checks an offer. When people in the room may decline a session that begins, they are asked first.
    pub(super) fn take_offer(&mut self, offer: Offer) -> Result<(), RefusalCode> {
        let grant = self.check_offer(&offer.signed)?;
        match grant.terms.decline_within {
            Some(within) if !self.sessions.contains_key(&grant.session) => self.ask_room(offer, grant, within),
            _ => self.accept(&offer, &grant),
        }
    }

    /// Shows the ring, and only then says yes and opens a socket.
    pub(super) fn accept(&mut self, offer: &Offer, grant: &Grant) -> Result<(), RefusalCode> {
        let Offer { request, signed, ticket, relay_url } = offer;
        let (session, request) = (grant.session, *request);
        let machine = self.machine(grant, signed).map_err(|error| refuse(session, &error))?;
        let (orders, received) = mpsc::channel(ORDERS_MAX);
        self.n_connections = self.n_connections.wrapping_add(1);
        let id = ConnectionId { session, number: self.n_connections };
        let is_new = self.admit(grant, Connection::new(id, orders))?;
        self.send(FromAgent::Accepted { request, session });
        if is_new {
            self.event(session, SessionEvent::IndicatorShown);
        }
        self.sockets.open(NewSocket {
            relay_url: relay_url.clone(),
            ticket: *ticket,
            exchange: Exchange::new(id, machine),
            orders: received,
        });
        tracing::info!(session.id = %session, access = grant.access.name(), is_new, "a session is accepted");
        self.write_status();
        Ok(())
    }

    fn check_offer(&mut self, signed: &SignedGrant) -> Result<Grant, RefusalCode> {
        if self.link_state != LinkState::Up(Enrolment::Approved) {
            return Err(RefusalCode::UnsupportedConsole);
        }
        let Some(enrolled) = &self.identity.enrolled else { return Err(RefusalCode::UnsupportedConsole) };
        let console = Console {
            enrolled,
            tenant: &self.identity.tenant,
            room: &self.identity.room,
            key: self.identity.key.public_key(),
            highest_access: self.highest_access,
            is_idle: self.call.is_idle(),
            is_full: self.is_full(),
        };
        let sessions = &self.sessions;
        let is_live = |id| sessions.get(&id).is_some_and(|session| !session.is_ending());
        let checked = offer::check(signed, &console, &mut self.nonces, is_live, self.now.at);
        let grant = checked.map_err(|refusal| {
            tracing::warn!(%refusal, "an offer is refused");
            refusal.code()
        })?;
        if self.asking.contains_key(&grant.session) {
            return Err(refuse(grant.session, &"the room is being asked about it"));
        }
        if sessions.get(&grant.session).is_some_and(Session::is_ending) {
            return Err(refuse(grant.session, &"it is just ending"));
        }
        Ok(grant)
    }

    pub(super) fn is_full(&self) -> bool {
        PEOPLE_MAX <= self.sessions.len() + self.asking.len()
    }

    fn machine(&self, grant: &Grant, signed: &SignedGrant) -> Result<Agent, SessionError> {
        let prologue = SessionPrologue {
            tenant: &grant.tenant,
            console: grant.console,
            session: grant.session,
            grant_hash: signed.hash(),
        };
        Agent::new(&self.identity.key, grant.viewer_key, &prologue, grant.access, self.now.at)
    }

    /// Takes a session in, or its viewer back: on the disk, and with the ring up, before anybody hears of it. True when
    /// the session is new.
    fn admit(&mut self, grant: &Grant, connection: Connection) -> Result<bool, RefusalCode> {
        let (id, now) = (grant.session, self.now.at);
        let restart_on_end = self.sessions.get(&id).map_or(grant.restart_on_end, |session| session.restart_on_end);
        let open = Open::new(id, grant.user_name.as_str(), grant.access, restart_on_end);
        self.record.opened(open).map_err(|error| refuse(id, &error))?;
        if self.restart.is_some() {
            self.record.set_restarting(Some(self.now.unix_s));
        }
        let is_new = !self.sessions.contains_key(&id);
        self.news = None;
        match self.sessions.get_mut(&id) {
            Some(session) => {
                session.resume(grant, connection, now);
                if self.input_holder == Some(id) {
                    self.hands.act(Action::LetGo);
                }
            }
            None => _ = self.sessions.insert(id, Session::new(grant, connection, local_time(), now)),
        }
        if let Some(session) = self.sessions.get_mut(&id) {
            session.leased_until = now + self.timing.lease;
        }
        if let Err(error) = self.show_ring() {
            tracing::error!(session.id = %id, %error, "the ring cannot be shown");
            self.give_up(id, is_new);
            return Err(RefusalCode::IndicatorFailed);
        }
        Ok(is_new)
    }

    /// The ring cannot be shown: a new session never was, and an older one ends.
    fn give_up(&mut self, id: SessionId, is_new: bool) {
        if is_new {
            self.sessions.remove(&id);
            self.record.withdrawn(id);
            self.update_ring();
        } else {
            self.end_session(id, EndReason::IndicatorFailed);
        }
    }
}

pub(super) fn refuse(session: SessionId, why: &dyn std::fmt::Display) -> RefusalCode {
    tracing::warn!(session.id = %session, %why, "a session is refused");
    RefusalCode::AgentRefused
}
