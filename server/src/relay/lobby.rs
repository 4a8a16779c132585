use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use protocol::ids::SessionId;
use protocol::link::{SocketOpening, close};
use protocol::time::Micros;
use tokio::sync::{oneshot, watch};
use tokio::time::sleep;
use tokio_tungstenite::WebSocketStream;

use super::pipe::{cut_code, splice};
use super::socket::{Carrier, CloseCode, end};
use super::{BadTicket, Pass, RelayLimits, Side, Tickets, TicketsFull};
use crate::metrics::Counter;

/// How far one connection attempt has come. It only moves on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Not both sides are there yet.
    Waiting,
    /// Both sides are connected.
    Joined,
    /// It is over: a side left, or the other one never came.
    Parted,
}

/// Why no ticket was issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RelayError {
    #[error(transparent)]
    Full(#[from] TicketsFull),
    #[error("the relay does not expect this session")]
    NotExpected,
}

/// A redeemed ticket: the right to bring one socket.
#[derive(Debug)]
pub struct Admission {
    pass: Pass,
}

/// Brings the two sockets of each session together. `S` is what carries them.
pub struct Relay<S> {
    limits: RelayLimits,
    /// Payload bytes of all sessions since the server started, both ways.
    carried: Arc<Counter>,
    lobby: Mutex<Lobby<S>>,
}

struct Lobby<S> {
    tickets: Tickets,
    n_attempts: u64,
    /// The newest attempt of each session that has one.
    attempts: HashMap<SessionId, Attempt<S>>,
}

struct Attempt<S> {
    number: u64,
    phase: watch::Sender<Phase>,
    cut: watch::Sender<Option<CloseCode>>,
    /// Where the side that came first waits for the other one's socket.
    waiting: Option<oneshot::Sender<WebSocketStream<S>>>,
}

/// What a side finds when it comes.
enum Meeting<S> {
    /// Nobody yet: wait here.
    First {
        peer: oneshot::Receiver<WebSocketStream<S>>,
        cut: watch::Receiver<Option<CloseCode>>,
        phase: watch::Sender<Phase>,
    },
    /// The other side, which takes both sockets from here.
    Second { first: oneshot::Sender<WebSocketStream<S>>, phase: watch::Receiver<Phase> },
    /// The attempt was cut or replaced in the meantime.
    Over,
}

impl<S: Carrier> Relay<S> {
    pub fn new(limits: RelayLimits, carried: Arc<Counter>) -> Self {
        let tickets = Tickets::new(limits.ticket_lifetime, limits.tickets_max);
        Self { limits, carried, lobby: Mutex::new(Lobby { tickets, n_attempts: 0, attempts: HashMap::new() }) }
    }

    pub fn limits(&self) -> &RelayLimits {
        &self.limits
    }

    /// Expects both sides of a session, to come with tickets of [`Relay::issue`]. An earlier attempt of the same session
    /// is over with this.
    pub fn expect(&self, session: SessionId) -> watch::Receiver<Phase> {
        let mut lobby = self.lobby();
        lobby.end(session, CloseCode(close::PEER_GONE));
        lobby.n_attempts += 1;
        let (phase, phase_receiver) = watch::channel(Phase::Waiting);
        let attempt = Attempt { number: lobby.n_attempts, phase, cut: watch::Sender::new(None), waiting: None };
        lobby.attempts.insert(session, attempt);
        phase_receiver
    }

    /// Makes `ticket` (32 random bytes) open the socket of one side of the present attempt, once.
    ///
    /// # Errors
    /// When the session is not expected, or too many tickets wait to be used.
    pub fn issue(&self, session: SessionId, side: Side, ticket: &[u8; 32], now: Micros) -> Result<(), RelayError> {
        let mut lobby = self.lobby();
        let attempt = lobby.attempts.get(&session).ok_or(RelayError::NotExpected)?.number;
        Ok(lobby.tickets.issue(ticket, Pass { session, attempt, side }, now)?)
    }

    /// Ends a session's attempt: its tickets open nothing and its sockets are closed with `code`.
    pub fn end(&self, session: SessionId, code: CloseCode) {
        self.lobby().end(session, code);
    }

    /// Spends the ticket of a first message.
    ///
    /// # Errors
    /// When it does not open this side of this session now.
    pub fn admit(&self, opening: &SocketOpening, side: Side, now: Micros) -> Result<Admission, BadTicket> {
        let pass = self.lobby().tickets.redeem(&opening.ticket, opening.session, side, now)?;
        Ok(Admission { pass })
    }

    /// Brings a side's socket: waits for the other side, carries the session and closes both. Returns when that is done;
    /// the task of the side that came first does it all.
    pub async fn join(&self, Admission { pass }: Admission, socket: WebSocketStream<S>) {
        match self.meet(pass) {
            Meeting::First { peer, cut, phase } => self.carry(pass, socket, peer, cut, phase).await,
            Meeting::Second { first, mut phase } => match first.send(socket) {
                // Fails when the first side's task was dropped, and its sockets with it.
                Ok(()) => drop(phase.wait_for(|phase| *phase == Phase::Parted).await),
                // The first side gave up at this very moment.
                Err(socket) => end(socket, CloseCode(close::NO_PEER), self.limits.close_within).await,
            },
            Meeting::Over => end(socket, CloseCode(close::SESSION_ENDED), self.limits.close_within).await,
        }
    }

    fn meet(&self, pass: Pass) -> Meeting<S> {
        let mut lobby = self.lobby();
        let Some(attempt) = lobby.attempts.get_mut(&pass.session).filter(|attempt| attempt.number == pass.attempt)
        else {
            return Meeting::Over;
        };
        if let Some(first) = attempt.waiting.take() {
            return Meeting::Second { first, phase: attempt.phase.subscribe() };
        }
        if *attempt.phase.borrow() != Phase::Waiting {
            return Meeting::Over;
        }
        let (sender, peer) = oneshot::channel();
        attempt.waiting = Some(sender);
        Meeting::First { peer, cut: attempt.cut.subscribe(), phase: attempt.phase.clone() }
    }

    async fn carry(
        &self,
        pass: Pass,
        socket: WebSocketStream<S>,
        peer: oneshot::Receiver<WebSocketStream<S>>,
        mut cut: watch::Receiver<Option<CloseCode>>,
        phase: watch::Sender<Phase>,
    ) {
        // Nothing is read from `socket` until the other side is there, so nothing has to be kept for it.
        let met = tokio::select! {
            peer = peer => peer.map_err(|_| CloseCode(close::NO_PEER)),
            code = cut_code(&mut cut) => Err(code),
            () = sleep(self.limits.peer_within) => Err(CloseCode(close::NO_PEER)),
        };
        match met {
            Ok(peer) => {
                phase.send_replace(Phase::Joined);
                let (viewer, agent) = if pass.side == Side::Viewer { (socket, peer) } else { (peer, socket) };
                splice(viewer, agent, &self.limits, cut, &self.carried).await;
            }
            Err(code) => {
                end(socket, code, self.limits.close_within).await;
            }
        }
        phase.send_replace(Phase::Parted);
        self.lobby().forget(pass);
    }

    fn lobby(&self) -> MutexGuard<'_, Lobby<S>> {
        // Every change under this lock is complete or harmless, so a panic elsewhere does not spoil it.
        self.lobby.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> Lobby<S> {
    fn end(&mut self, session: SessionId, code: CloseCode) {
        self.tickets.revoke(session);
        if let Some(attempt) = self.attempts.remove(&session) {
            attempt.cut.send_replace(Some(code));
        }
    }

    /// Drops an attempt that is over, unless a newer one took its place.
    fn forget(&mut self, pass: Pass) {
        if self.attempts.get(&pass.session).is_some_and(|attempt| attempt.number == pass.attempt) {
            self.attempts.remove(&pass.session);
        }
    }
}
