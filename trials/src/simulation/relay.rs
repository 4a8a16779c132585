//! The relay: it splices two sockets, and one that closes closes the other.

use protocol::ids::SessionId;
use protocol::time::Micros;

use super::{Happening, World};

/// Two sockets that the relay splices.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Splice {
    pub(super) session: SessionId,
    pub(super) console: usize,
    pub(super) person: usize,
    pub(super) generation: u32,
    pub(super) agent_came: bool,
    pub(super) viewer_came: bool,
    /// Bytes of the side that came first.
    pub(super) waiting: Vec<(bool, Vec<u8>)>,
    pub(super) is_closed: bool,
    /// When the last message of each direction arrives: none overtakes another.
    pub(super) to_agent_at: Micros,
    pub(super) to_viewer_at: Micros,
    /// The next message to the agent is changed on its way.
    pub(super) corrupts: bool,
}

impl World {
    pub(super) fn send(&mut self, socket: usize, to_agent: bool, bytes: Vec<u8>) {
        let Some(splice) = self.splices.get(&socket) else { return };
        let blocked = self.consoles_blocked[splice.console].max(self.people_blocked[splice.person]);
        let behind = if to_agent { splice.to_agent_at } else { splice.to_viewer_at };
        let at = self.arrival(blocked, behind);
        if let Some(splice) = self.splices.get_mut(&socket) {
            if to_agent {
                splice.to_agent_at = at;
            } else {
                splice.to_viewer_at = at;
            }
        }
        self.at(at, Happening::Bytes { socket, to_agent, bytes });
    }

    pub(super) fn came(&mut self, socket: usize, of_agent: bool) {
        let Some(splice) = self.splices.get_mut(&socket).filter(|splice| !splice.is_closed) else {
            return self.gone(socket, of_agent);
        };
        if of_agent {
            splice.agent_came = true;
        } else {
            splice.viewer_came = true;
        }
        if splice.agent_came && splice.viewer_came {
            let waiting = std::mem::take(&mut splice.waiting);
            let session = splice.session;
            self.office.joined(session);
            for (to_agent, bytes) in waiting {
                self.carry(socket, to_agent, bytes);
            }
        }
    }

    pub(super) fn carry(&mut self, socket: usize, to_agent: bool, mut bytes: Vec<u8>) {
        let Some(splice) = self.splices.get_mut(&socket).filter(|splice| !splice.is_closed) else { return };
        if !(splice.agent_came && splice.viewer_came) {
            return splice.waiting.push((to_agent, bytes));
        }
        let (console, person, generation) = (splice.console, splice.person, splice.generation);
        if to_agent {
            if std::mem::take(&mut splice.corrupts) {
                let place = self.rng.usize(..bytes.len());
                bytes[place] ^= 1 << self.rng.u8(..8);
            }
            self.heard_at[console] = self.now;
            self.with_process(console, generation, |process, now, said| process.receive(socket, &bytes, now, said));
        } else {
            self.with_person(person, |person, now, _, does| person.receive(socket, bytes, now, does));
        }
    }

    /// One end closed: what it sent before still arrives, and then the other end hears of it.
    pub(super) fn close(&mut self, socket: usize, by_viewer: bool) {
        let Some(splice) = self.splices.get(&socket).filter(|splice| !splice.is_closed) else { return };
        let behind = if by_viewer { splice.to_agent_at } else { splice.to_viewer_at };
        let blocked = self.consoles_blocked[splice.console].max(self.people_blocked[splice.person]);
        let at = self.arrival(blocked, behind);
        self.at(at, Happening::Gone { socket, at_agent: by_viewer });
    }

    /// The relay's connection to one end is over.
    pub(super) fn gone(&mut self, socket: usize, at_agent: bool) {
        let Some(splice) = self.splices.get_mut(&socket) else { return };
        let (session, console, person) = (splice.session, splice.console, splice.person);
        let (generation, was_closed) = (splice.generation, std::mem::replace(&mut splice.is_closed, true));
        if !was_closed {
            self.office.parted(session, self.now);
        }
        if at_agent {
            self.with_process(console, generation, |process, now, said| process.socket_broken(socket, now, said));
        } else {
            self.with_person(person, |person, now, _, _| person.socket_broken(socket, now));
        }
    }
}
