use std::collections::HashMap;

use protocol::ids::SessionId;
use protocol::time::Micros;
use sha2::{Digest as _, Sha256};

/// An end of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    Viewer,
    Agent,
}

/// What one ticket opens: a side's socket for one connection attempt of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pass {
    pub session: SessionId,
    /// Grows with each attempt of the relay; the two sides of an attempt share it.
    pub attempt: u64,
    pub side: Side,
}

/// The ticket opens nothing. Unknown, spent, too old and meant for something else are one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the ticket opens nothing")]
pub struct BadTicket;

/// Too many tickets wait to be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many tickets wait to be used")]
pub struct TicketsFull;

/// The tickets that are good at the moment. Only their hashes are kept, so looking one up tells nothing by its time
/// and a look into memory opens no socket.
#[derive(Debug)]
pub struct Tickets {
    lifetime: Micros,
    max: usize,
    good: HashMap<[u8; 32], Good>,
}

#[derive(Debug)]
struct Good {
    pass: Pass,
    until: Micros,
}

impl Tickets {
    /// At most `max` at a time, each good for `lifetime`.
    pub fn new(lifetime: Micros, max: usize) -> Self {
        Self { lifetime, max, good: HashMap::new() }
    }

    /// Makes `ticket` (32 random bytes) good for `pass` from `now` on.
    ///
    /// # Errors
    /// When too many wait.
    pub fn issue(&mut self, ticket: &[u8; 32], pass: Pass, now: Micros) -> Result<(), TicketsFull> {
        if self.max <= self.good.len() {
            self.good.retain(|_, good| now < good.until);
        }
        if self.max <= self.good.len() {
            return Err(TicketsFull);
        }
        self.good.insert(hash(ticket), Good { pass, until: now + self.lifetime });
        Ok(())
    }

    /// Spends `ticket`: whatever the answer, it never opens anything again.
    ///
    /// # Errors
    /// When it is not good for this side of this session at `now`.
    pub fn redeem(
        &mut self,
        ticket: &[u8; 32],
        session: SessionId,
        side: Side,
        now: Micros,
    ) -> Result<Pass, BadTicket> {
        let good = self.good.remove(&hash(ticket)).ok_or(BadTicket)?;
        let matches = good.pass.session == session && good.pass.side == side && now < good.until;
        if matches { Ok(good.pass) } else { Err(BadTicket) }
    }

    /// Takes back every unused ticket of a session.
    pub fn revoke(&mut self, session: SessionId) {
        self.good.retain(|_, good| good.pass.session != session);
    }

    pub fn len(&self) -> usize {
        self.good.len()
    }

    pub fn is_empty(&self) -> bool {
        self.good.is_empty()
    }
}

fn hash(ticket: &[u8; 32]) -> [u8; 32] {
    Sha256::digest(ticket).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSION: SessionId = SessionId([1; 16]);
    const TICKET: [u8; 32] = [7; 32];
    const LIFETIME: Micros = Micros::from_secs(30);

    fn pass(side: Side) -> Pass {
        Pass { session: SESSION, attempt: 3, side }
    }

    fn tickets() -> Tickets {
        let mut tickets = Tickets::new(LIFETIME, 4);
        tickets.issue(&TICKET, pass(Side::Viewer), Micros::ZERO).expect("there is room");
        tickets
    }

    #[test]
    fn a_ticket_opens_once() {
        let mut tickets = tickets();
        assert_eq!(tickets.redeem(&TICKET, SESSION, Side::Viewer, Micros(1)), Ok(pass(Side::Viewer)));
        assert_eq!(tickets.redeem(&TICKET, SESSION, Side::Viewer, Micros(1)), Err(BadTicket));
    }

    #[test]
    fn a_ticket_for_something_else_is_refused_and_spent() {
        for (session, side) in [(SessionId([2; 16]), Side::Viewer), (SESSION, Side::Agent)] {
            let mut tickets = tickets();
            assert_eq!(tickets.redeem(&TICKET, session, side, Micros(1)), Err(BadTicket));
            assert_eq!(tickets.redeem(&TICKET, SESSION, Side::Viewer, Micros(1)), Err(BadTicket));
        }
        assert_eq!(tickets().redeem(&[8; 32], SESSION, Side::Viewer, Micros(1)), Err(BadTicket), "never issued");
    }

    #[test]
    fn a_ticket_is_good_for_its_lifetime_only() {
        let last = Micros(LIFETIME.0 - 1);
        assert!(tickets().redeem(&TICKET, SESSION, Side::Viewer, last).is_ok());
        assert_eq!(tickets().redeem(&TICKET, SESSION, Side::Viewer, LIFETIME), Err(BadTicket));
    }

    #[test]
    fn the_table_is_bounded_and_forgets_the_old_ones() {
        let mut tickets = tickets();
        for n in 0..3 {
            tickets.issue(&[n; 32], pass(Side::Agent), Micros(1)).expect("there is room");
        }
        assert_eq!(tickets.issue(&[9; 32], pass(Side::Agent), Micros(2)), Err(TicketsFull));
        assert_eq!(tickets.issue(&[9; 32], pass(Side::Agent), LIFETIME), Ok(()), "the first one is too old by now");
    }

    #[test]
    fn revoking_takes_the_tickets_of_one_session() {
        let mut tickets = tickets();
        let other = Pass { session: SessionId([2; 16]), ..pass(Side::Viewer) };
        tickets.issue(&[8; 32], other, Micros::ZERO).expect("there is room");
        tickets.revoke(SESSION);
        assert_eq!(tickets.redeem(&TICKET, SESSION, Side::Viewer, Micros(1)), Err(BadTicket));
        assert_eq!(tickets.redeem(&[8; 32], other.session, Side::Viewer, Micros(1)), Ok(other));
    }
}
