//! The relay: carries one session between its two sockets and understands nothing of it.
//!
//! A session gets two one-time tickets ([`Tickets`]), one for each side. Each side opens its socket with its own; when
//! both are there, one task splices them ([`splice`]) until one of them leaves. The relay holds no key: what
//! passes is ciphertext, forwarded untouched and in order. It stops reading one side while the other is slow, so a
//! pair never holds more than one message in each direction.
//!
//! INVARIANT: a ticket opens one socket, of one side, for one connection attempt of one session.

mod limits;
mod lobby;
mod pipe;
pub mod socket;
mod ticket;

pub use limits::{MESSAGE_MAX_BYTES, RelayLimits};
pub use lobby::{Admission, Phase, Relay, RelayError};
pub use pipe::Cut;
pub use ticket::{BadTicket, Pass, Side, Tickets, TicketsFull};
