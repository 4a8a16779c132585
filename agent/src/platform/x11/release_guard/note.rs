//! What goes over the pipe, and the list of what is down.

use std::collections::BTreeSet;

use x11rb::protocol::xproto::{Keycode, Window};

/// Small enough that the system writes it whole or not at all.
pub(super) const NOTE_BYTES: usize = 8;

const PRESSER: u8 = 0;
const KEY_DOWN: u8 = 1;
const KEY_UP: u8 = 2;
const BUTTON_DOWN: u8 = 3;
const BUTTON_UP: u8 = 4;

/// Something that can be down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::platform::x11) enum Held {
    Key(Keycode),
    Button(u8),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::platform::x11) enum What {
    /// The connection that presses has this window, and ends with it.
    Presser(Window),
    Down(Held),
    Up(Held),
}

/// One message: which X server it is about, and what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::platform::x11) struct Note {
    /// Its place in the guard's command line.
    pub(in crate::platform::x11) server: u8,
    pub(in crate::platform::x11) what: What,
}

impl Note {
    pub(in crate::platform::x11) fn to_bytes(self) -> [u8; NOTE_BYTES] {
        let (kind, detail, window) = match self.what {
            What::Presser(window) => (PRESSER, 0, window),
            What::Down(Held::Key(detail)) => (KEY_DOWN, detail, 0),
            What::Up(Held::Key(detail)) => (KEY_UP, detail, 0),
            What::Down(Held::Button(detail)) => (BUTTON_DOWN, detail, 0),
            What::Up(Held::Button(detail)) => (BUTTON_UP, detail, 0),
        };
        let [a, b, c, d] = window.to_le_bytes();
        [kind, self.server, detail, 0, a, b, c, d]
    }

    /// `None` for what no agent of this version writes.
    pub(super) fn from_bytes(bytes: [u8; NOTE_BYTES]) -> Option<Self> {
        let [kind, server, detail, 0, a, b, c, d] = bytes else { return None };
        let what = match kind {
            PRESSER => What::Presser(Window::from_le_bytes([a, b, c, d])),
            KEY_DOWN => What::Down(Held::Key(detail)),
            KEY_UP => What::Up(Held::Key(detail)),
            BUTTON_DOWN => What::Down(Held::Button(detail)),
            BUTTON_UP => What::Up(Held::Button(detail)),
            _ => return None,
        };
        Some(Self { server, what })
    }
}

/// What is down on one X server, and who pressed it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Ledger {
    pub(super) presser: Option<Window>,
    pub(super) down: BTreeSet<Held>,
}

impl Ledger {
    pub(super) fn take(&mut self, what: What) {
        match what {
            What::Presser(window) => self.presser = Some(window),
            What::Down(held) => _ = self.down.insert(held),
            What::Up(held) => _ = self.down.remove(&held),
        }
    }

    /// All that makes another ledger the same.
    pub(super) fn whats(&self) -> impl Iterator<Item = What> {
        self.presser.into_iter().map(What::Presser).chain(self.down.iter().copied().map(What::Down))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_arrives_as_it_was_sent() {
        let held = [Held::Key(38), Held::Key(255), Held::Button(1), Held::Button(9)];
        let whats = held.into_iter().flat_map(|held| [What::Down(held), What::Up(held)]);
        for what in whats.chain([What::Presser(0x0120_0003)]) {
            let note = Note { server: 2, what };
            assert_eq!(Note::from_bytes(note.to_bytes()), Some(note));
        }
        assert_eq!(Note::from_bytes([9, 0, 0, 0, 0, 0, 0, 0]), None);
    }

    #[test]
    fn a_ledger_that_is_told_again_is_the_same() {
        let mut ledger = Ledger::default();
        let (a, b) = (Held::Key(38), Held::Button(1));
        for what in [What::Presser(7), What::Down(a), What::Down(b), What::Up(a), What::Down(a), What::Up(b)] {
            ledger.take(what);
        }
        let mut other = Ledger::default();
        ledger.whats().for_each(|what| other.take(what));
        assert_eq!(other, ledger);
        assert_eq!(ledger.down.into_iter().collect::<Vec<_>>(), [a]);
    }
}
