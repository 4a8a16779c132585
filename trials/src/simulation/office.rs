//! The server's end. Its decisions are the server's own (`decide`, the life of a session, the signed grant); how it waits
//! for answers and what it writes down is made here, on virtual time.

use std::collections::BTreeMap;

use protocol::access::Access;
use protocol::ids::{ConsoleId, RoomId, SessionId, TenantId};
use protocol::link::{CallState, FromAgent, SessionEvent, ToAgent};
use protocol::reason::EndReason;
use protocol::refusal::RefusalCode;
use protocol::secure::{Grant, GrantSigner, Limits, PublicKey, Receipt, Secret, SignedGrant};
use protocol::terms::Terms;
use protocol::time::Micros;
use protocol::wire::{Blob, List, Text};
use server::access::{Asked, Call, ConsoleFact, GateContext, decide};
use server::sessions::SessionLimits;
use server::sessions::life::Life;

use super::plant::Plant;

/// So long the server waits for an answer of a console.
const ANSWER_WITHIN: Micros = Micros::from_secs(5);

/// What is on record of a session. Outlives the server.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) console: usize,
    pub(super) person: usize,
    /// What the gate gave.
    pub(super) access: Access,
    pub(super) ends: Vec<(EndReason, Micros)>,
    /// What the console said about its end, each once.
    pub(super) receipts: Vec<Receipt>,
}

/// A session that lives.
struct Live {
    life: Life,
    began_at: Micros,
    restart_on_end: bool,
}

/// What a person asked for and waits for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request {
    pub(super) person: usize,
    pub(super) attempt: u32,
    pub(super) console: usize,
    pub(super) key: PublicKey,
    /// The session to go on with.
    pub(super) resumes: Option<SessionId>,
}

/// What a person gets.
#[derive(Debug, Clone)]
pub(super) struct Started {
    pub(super) session: SessionId,
    pub(super) socket: usize,
    pub(super) signed: SignedGrant,
    pub(super) access: Access,
}

/// What a console was asked.
enum Ask {
    Nonce(Request),
    Consent { request: Request, started: Started },
}

/// What the server does to others.
pub(super) enum Act {
    Tell {
        console: usize,
        message: ToAgent,
    },
    Answer {
        person: usize,
        attempt: u32,
        answer: Result<Started, RefusalCode>,
    },
    /// A pair of sockets of this session may come, with the socket's number as its ticket.
    Expect {
        socket: usize,
        session: SessionId,
        console: usize,
        person: usize,
    },
    /// Both sockets of the session's connections are closed.
    Close {
        session: SessionId,
    },
}

/// The link of a console.
#[derive(Debug, Clone, Copy)]
struct Link {
    call: CallState,
}

/// The server.
pub(super) struct Office {
    plant: Option<Plant>,
    pub(super) signer: GrantSigner,
    pub(super) terms: Terms,
    limits: Limits,
    /// What outlives the process: who may do what, and the records.
    pub(super) is_enabled: bool,
    pub(super) permissions: Vec<Option<Access>>,
    pub(super) records: BTreeMap<SessionId, Record>,
    n_sessions: u64,
    n_sockets: usize,
    /// What does not.
    pub(super) is_up: bool,
    links: Vec<Option<Link>>,
    live: BTreeMap<SessionId, Live>,
    asks: BTreeMap<u32, (Ask, Micros)>,
    n_requests: u32,
    /// Sessions that are offered and not written down yet: a fault.
    unwritten: Vec<(SessionId, Record, Micros)>,
    lease_at: Micros,
    pub(super) acts: Vec<Act>,
    /// Every grant that was signed, for whoever wants to use one twice.
    pub(super) offers: Vec<(usize, SignedGrant, [u8; 32])>,
}

pub(super) fn tenant() -> TenantId {
    TenantId::new("contoso").unwrap_or_else(|_| unreachable!("a slug"))
}

pub(super) fn room(console: usize) -> RoomId {
    RoomId::new(format!("room-{console}")).unwrap_or_else(|_| unreachable!("a slug"))
}

pub(super) fn console_id(console: usize) -> ConsoleId {
    ConsoleId([console as u8 + 1; 16])
}

pub(super) fn ticket_of(socket: usize) -> [u8; 32] {
    let mut ticket = [0; 32];
    ticket[..8].copy_from_slice(&(socket as u64).to_le_bytes());
    ticket
}

pub(super) fn socket_of(ticket: &[u8; 32]) -> usize {
    let mut number = [0; 8];
    number.copy_from_slice(&ticket[..8]);
    u64::from_le_bytes(number) as usize
}

impl Office {
    pub(super) fn new(
        n_consoles: usize,
        permissions: Vec<Option<Access>>,
        terms: Terms,
        limits: Limits,
        plant: Option<Plant>,
    ) -> Self {
        Self {
            plant,
            signer: GrantSigner::new(&Secret::new([9; 32])),
            terms,
            limits,
            is_enabled: true,
            permissions,
            records: BTreeMap::new(),
            n_sessions: 0,
            n_sockets: 0,
            is_up: true,
            links: vec![None; n_consoles],
            live: BTreeMap::new(),
            asks: BTreeMap::new(),
            n_requests: 0,
            unwritten: Vec::new(),
            lease_at: Micros::ZERO,
            acts: Vec::new(),
            offers: Vec::new(),
        }
    }

    pub(super) fn n_sockets(&self) -> usize {
        self.n_sockets
    }

    /// Somebody wants a session, or another connection of one.
    pub(super) fn take_request(&mut self, request: Request, now: Micros) {
        let decided = match request.resumes {
            None => decide(&self.context(request), Asked::Start).map(|_| ()),
            Some(session) => self.may_resume(request, session),
        };
        match decided {
            Ok(()) => self.ask(request.console, Ask::Nonce(request), now, |request| ToAgent::NonceRequest { request }),
            Err(code) => self.answer(request, Err(code)),
        }
    }

    fn may_resume(&self, request: Request, session: SessionId) -> Result<(), RefusalCode> {
        let record = self.records.get(&session).filter(|record| record.person == request.person);
        let (Some(record), true) = (record, self.live.contains_key(&session)) else {
            return Err(RefusalCode::NoPermission);
        };
        decide(&self.context(request), Asked::Resume(record.access)).map(|_| ())
    }

    fn context(&self, request: Request) -> GateContext {
        let link = self.links[request.console];
        GateContext {
            remote_access_enabled: self.is_enabled,
            access: self.permissions[request.person],
            console: ConsoleFact::Enrolled { highest_access: Access::Modify },
            monitored: link.is_some(),
            suppressed: false,
            call: match link.map(|link| link.call) {
                Some(CallState::Idle) => Call::Idle,
                Some(CallState::InCall { .. }) => Call::InCall { since: 0 },
                Some(CallState::Unknown) | None => Call::Unknown,
            },
            audit_writable: true,
        }
    }

    fn ask(&mut self, console: usize, ask: Ask, now: Micros, make: impl FnOnce(u32) -> ToAgent) {
        self.n_requests += 1;
        let within = self.terms.decline_within.unwrap_or(Micros::ZERO);
        self.asks.insert(self.n_requests, (ask, now + ANSWER_WITHIN + within));
        self.acts.push(Act::Tell { console, message: make(self.n_requests) });
    }

    fn answer(&mut self, request: Request, answer: Result<Started, RefusalCode>) {
        self.acts.push(Act::Answer { person: request.person, attempt: request.attempt, answer });
    }

    pub(super) fn link_up(&mut self, console: usize) {
        self.links[console] = Some(Link { call: CallState::Unknown });
        let sessions = self.leased(console);
        for session in &sessions {
            if let Some(live) = self.live.get_mut(session) {
                live.life.link_up();
            }
        }
        self.acts.push(Act::Tell { console, message: ToAgent::Leases { sessions: List::fitted(sessions) } });
    }

    pub(super) fn link_down(&mut self, console: usize, now: Micros) {
        self.links[console] = None;
        for session in self.leased(console) {
            if let Some(live) = self.live.get_mut(&session) {
                live.life.link_down(now);
            }
        }
        let lost = |ask: &Ask| match ask {
            Ask::Nonce(request) | Ask::Consent { request, .. } => request.console == console,
        };
        let asks: Vec<u32> = self.asks.iter().filter(|(_, (ask, _))| lost(ask)).map(|(number, _)| *number).collect();
        for number in asks {
            self.give_up(number, now);
        }
    }

    fn leased(&self, console: usize) -> Vec<SessionId> {
        let on_console = |id: &&SessionId| self.records.get(*id).is_some_and(|record| record.console == console);
        self.live.keys().filter(on_console).copied().collect()
    }

    pub(super) fn take_message(&mut self, console: usize, message: FromAgent, now: Micros) {
        if let Some(receipt) = super::console::receipt_of(console, &message) {
            return self.take_receipt(console, receipt, now);
        }
        match message {
            FromAgent::Hello { call, .. } | FromAgent::CallChanged { call, .. } => {
                if let Some(link) = &mut self.links[console] {
                    link.call = call;
                }
            }
            // A receipt that is not the console's ends its link; there is none here.
            FromAgent::Pulse { .. } | FromAgent::Signals { .. } | FromAgent::Ended { .. } => {}
            FromAgent::Nonce { request, nonce, call } => self.take_nonce(request, nonce, call, now),
            FromAgent::Refused { request, code } => match self.asks.remove(&request) {
                Some((Ask::Nonce(request), _)) => self.answer(request, Err(code)),
                Some((Ask::Consent { request, started }, _)) => {
                    if request.resumes.is_none() {
                        self.end(started.session, EndReason::NeverConnected, now);
                    }
                    self.answer(request, Err(code));
                }
                None => {}
            },
            FromAgent::Accepted { request, session } => self.take_consent(request, session, now),
            FromAgent::Event { session, event } => self.take_event(session, &event, now),
        }
    }

    fn take_receipt(&mut self, console: usize, receipt: Receipt, now: Micros) {
        let number = receipt.number;
        self.end(receipt.session, receipt.reason, now);
        if let Some(record) = self.records.get_mut(&receipt.session).filter(|record| record.console == console)
            && !record.receipts.contains(&receipt)
        {
            record.receipts.push(receipt);
        }
        self.acts.push(Act::Tell { console, message: ToAgent::ReceiptTaken { number } });
    }

    fn take_nonce(&mut self, number: u32, nonce: [u8; 32], call: CallState, now: Micros) {
        let Some((Ask::Nonce(request), _)) = self.asks.remove(&number) else { return };
        let starts = request.resumes.is_none();
        let context = self.context(request);
        let asked = match request.resumes.and_then(|session| self.records.get(&session)) {
            Some(record) => Asked::Resume(record.access),
            None => Asked::Start,
        };
        let lives = request.resumes.is_none_or(|session| self.live.contains_key(&session));
        let decided = match decide(&context, asked) {
            Ok(_) if starts && !call.is_idle() => Err(RefusalCode::InCall),
            Ok(_) if !lives => Err(RefusalCode::NoPermission),
            decided => decided,
        };
        let allowed = match (decided, self.plant) {
            (Ok(_), Some(Plant::GrantsTooMuch)) => Access::Modify,
            (Ok(grantable), _) => request
                .resumes
                .and_then(|session| self.records.get(&session))
                .map_or(grantable.access(), |record| record.access),
            (Err(code), _) => return self.answer(request, Err(code)),
        };
        let session = request.resumes.unwrap_or_else(|| self.begin(request, now));
        let (began_at, restart_on_end) =
            self.live.get(&session).map_or((now, true), |live| (live.began_at, live.restart_on_end));
        let grant = Grant {
            version: protocol::VERSION,
            tenant: tenant(),
            room: room(request.console),
            console: console_id(request.console),
            session,
            agent_key: super::console::key_of(request.console).public_key(),
            viewer_key: request.key,
            nonce,
            access: allowed,
            limits: self.limits,
            terms: self.terms,
            restart_on_end,
            elapsed: now.since(began_at),
            user_name: Text::fitted("Tina Technician"),
            audit_position: self.n_sessions,
        };
        let signed = self.signer.sign(&grant);
        let socket = self.n_sockets;
        self.n_sockets += 1;
        let ticket = ticket_of(socket);
        self.offers.push((request.console, signed.clone(), ticket));
        self.acts.push(Act::Expect { socket, session, console: request.console, person: request.person });
        let started = Started { session, socket, signed: signed.clone(), access: allowed };
        self.ask(request.console, Ask::Consent { request, started }, now, |request| offer(request, &signed, ticket));
    }

    /// Writes down that a session starts.
    fn begin(&mut self, request: Request, now: Micros) -> SessionId {
        self.n_sessions += 1;
        let mut id = [7; 16];
        id[..8].copy_from_slice(&self.n_sessions.to_le_bytes());
        let session = SessionId(id);
        let access = self.permissions[request.person].unwrap_or(Access::View);
        let record =
            Record { console: request.console, person: request.person, access, ends: Vec::new(), receipts: Vec::new() };
        if self.plant == Some(Plant::OfferedUnwritten) {
            self.unwritten.push((session, record, now + Micros::from_secs(2)));
        } else {
            self.records.insert(session, record);
        }
        let asks_for = self.terms.decline_within.unwrap_or(Micros::ZERO);
        let life = Life::new(&SessionLimits::default(), self.limits.maximum, asks_for, now);
        self.live.insert(session, Live { life, began_at: now, restart_on_end: true });
        session
    }

    fn take_consent(&mut self, number: u32, session: SessionId, now: Micros) {
        let Some((Ask::Consent { request, started }, _)) = self.asks.remove(&number) else { return };
        match self.live.get_mut(&session).filter(|_| session == started.session) {
            Some(live) => {
                live.life.expected(now);
                self.answer(request, Ok(started));
            }
            None => self.answer(request, Err(RefusalCode::NoPermission)),
        }
    }

    fn take_event(&mut self, session: SessionId, event: &SessionEvent, now: Micros) {
        let Some(live) = self.live.get_mut(&session) else { return };
        match event {
            SessionEvent::RestartOnEndSet { on } => live.restart_on_end = *on,
            SessionEvent::RestartRequested => live.life.restarting(now),
            _ => {}
        }
    }

    pub(super) fn joined(&mut self, session: SessionId) {
        if let Some(live) = self.live.get_mut(&session) {
            live.life.joined();
        }
    }

    pub(super) fn parted(&mut self, session: SessionId, now: Micros) {
        if let Some(live) = self.live.get_mut(&session) {
            live.life.parted(now);
        }
    }

    /// Writes down that a session is over, the first time that somebody says so.
    fn end(&mut self, session: SessionId, reason: EndReason, now: Micros) {
        self.live.remove(&session);
        if let Some(record) = self.records.get_mut(&session).filter(|record| record.ends.is_empty()) {
            record.ends.push((reason, now));
        }
    }

    /// The server ends a session by itself.
    fn finish(&mut self, session: SessionId, reason: EndReason, now: Micros) {
        let Some(console) = self.records.get(&session).map(|record| record.console) else { return };
        self.end(session, reason, now);
        self.acts.push(Act::Tell { console, message: ToAgent::End { session, reason } });
        self.acts.push(Act::Close { session });
    }

    fn give_up(&mut self, number: u32, now: Micros) {
        match self.asks.remove(&number) {
            Some((Ask::Nonce(request), _)) => self.answer(request, Err(RefusalCode::NotMonitored)),
            Some((Ask::Consent { request, started }, _)) => {
                if request.resumes.is_none() {
                    self.finish(started.session, EndReason::NeverConnected, now);
                }
                self.answer(request, Err(RefusalCode::NotMonitored));
            }
            None => {}
        }
    }

    /// Somebody may do something else from now on.
    pub(super) fn access_changed(&mut self, now: Micros) {
        if self.plant == Some(Plant::RevocationIgnored) {
            return;
        }
        let lost = |session: &SessionId| {
            let record = self.records.get(session)?;
            if !self.is_enabled {
                return Some((*session, EndReason::Disabled));
            }
            (self.permissions[record.person] < Some(record.access)).then_some((*session, EndReason::Revoked))
        };
        let lost: Vec<_> = self.live.keys().filter_map(lost).collect();
        for (session, reason) in lost {
            self.finish(session, reason, now);
        }
    }

    /// What is due by now.
    pub(super) fn tick(&mut self, now: Micros) {
        let overdue = self.asks.iter().filter(|(_, (_, until))| *until <= now);
        let overdue: Vec<u32> = overdue.map(|(number, _)| *number).collect();
        for number in overdue {
            self.give_up(number, now);
        }
        let due = self.live.iter().map(|(id, live)| (*id, live.life.end())).filter(|(_, (at, _))| *at <= now);
        let due: Vec<_> = due.collect();
        for (session, (_, reason)) in due {
            self.finish(session, reason, now);
        }
        for (session, record, at) in std::mem::take(&mut self.unwritten) {
            if at <= now {
                self.records.insert(session, record);
            } else {
                self.unwritten.push((session, record, at));
            }
        }
        if self.lease_at <= now {
            self.lease_at = now + Micros::from_secs(5);
            for console in 0..self.links.len() {
                let sessions = self.leased(console);
                if self.links[console].is_some() && !sessions.is_empty() {
                    let message = ToAgent::Leases { sessions: List::fitted(sessions) };
                    self.acts.push(Act::Tell { console, message });
                }
            }
        }
    }

    pub(super) fn crash(&mut self) {
        self.is_up = false;
        self.links.fill(None);
        self.live.clear();
        self.asks.clear();
        self.unwritten.clear();
    }

    /// The next process settles what the last one left open: nobody holds those sessions any more.
    pub(super) fn come_back(&mut self, now: Micros) {
        self.is_up = true;
        for record in self.records.values_mut().filter(|record| record.ends.is_empty()) {
            record.ends.push((EndReason::ServerStopped, now));
        }
    }
}

pub(super) fn offer(request: u32, signed: &SignedGrant, ticket: [u8; 32]) -> ToAgent {
    let grant = Blob::new(signed.as_bytes().to_vec()).unwrap_or_else(|_| unreachable!("a grant fits"));
    ToAgent::Offer { request, grant, ticket, relay_url: Text::fitted("wss://relay.example") }
}
