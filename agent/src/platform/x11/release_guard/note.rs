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
const TEXT_BEGINS: u8 = 5;
const TEXT_ENDS: u8 = 6;
const LENT: u8 = 7;
const RETURNED: u8 = 8;

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
    /// Text puts modifiers in force from here on; before it, there were these.
    TextBegins(Locks),
    TextEnds,
    /// A spare key code types a character for a while.
    Lent(Keycode),
    Returned(Keycode),
}

/// The modifiers and the group that are locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::platform::x11) struct Locks {
    pub(in crate::platform::x11) modifiers: u8,
    pub(in crate::platform::x11) group: u8,
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
        let (kind, detail, group, window) = match self.what {
            What::Presser(window) => (PRESSER, 0, 0, window),
            What::Down(Held::Key(detail)) => (KEY_DOWN, detail, 0, 0),
            What::Up(Held::Key(detail)) => (KEY_UP, detail, 0, 0),
            What::Down(Held::Button(detail)) => (BUTTON_DOWN, detail, 0, 0),
            What::Up(Held::Button(detail)) => (BUTTON_UP, detail, 0, 0),
            What::TextBegins(Locks { modifiers, group }) => (TEXT_BEGINS, modifiers, group, 0),
            What::TextEnds => (TEXT_ENDS, 0, 0, 0),
            What::Lent(keycode) => (LENT, keycode, 0, 0),
            What::Returned(keycode) => (RETURNED, keycode, 0, 0),
        };
        let [a, b, c, d] = window.to_le_bytes();
        [kind, self.server, detail, group, a, b, c, d]
    }

    /// `None` for what no agent of this version writes.
    pub(super) fn from_bytes([kind, server, detail, group, a, b, c, d]: [u8; NOTE_BYTES]) -> Option<Self> {
        let what = match kind {
            PRESSER => What::Presser(Window::from_le_bytes([a, b, c, d])),
            KEY_DOWN => What::Down(Held::Key(detail)),
            KEY_UP => What::Up(Held::Key(detail)),
            BUTTON_DOWN => What::Down(Held::Button(detail)),
            BUTTON_UP => What::Up(Held::Button(detail)),
            TEXT_BEGINS => What::TextBegins(Locks { modifiers: detail, group }),
            TEXT_ENDS => What::TextEnds,
            LENT => What::Lent(detail),
            RETURNED => What::Returned(detail),
            _ => return None,
        };
        Some(Self { server, what })
    }
}

/// What has to be undone on one X server, and who did it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Ledger {
    pub(super) presser: Option<Window>,
    pub(super) down: BTreeSet<Held>,
    /// As they were before a text that is not typed to its end.
    pub(super) locks: Option<Locks>,
    pub(super) lent: BTreeSet<Keycode>,
}

impl Ledger {
    pub(super) fn take(&mut self, what: What) {
        match what {
            What::Presser(window) => self.presser = Some(window),
            What::Down(held) => _ = self.down.insert(held),
            What::Up(held) => _ = self.down.remove(&held),
            What::TextBegins(locks) => _ = self.locks.get_or_insert(locks),
            What::TextEnds => self.locks = None,
            What::Lent(keycode) => _ = self.lent.insert(keycode),
            What::Returned(keycode) => _ = self.lent.remove(&keycode),
        }
    }

    /// There is nothing to undo.
    pub(super) fn is_clear(&self) -> bool {
        self.down.is_empty() && self.locks.is_none() && self.lent.is_empty()
    }

    /// All that makes another ledger the same.
    pub(super) fn whats(&self) -> impl Iterator<Item = What> {
        let presser = self.presser.into_iter().map(What::Presser);
        let locks = self.locks.into_iter().map(What::TextBegins);
        let (down, lent) = (self.down.iter().copied().map(What::Down), self.lent.iter().copied().map(What::Lent));
        presser.chain(down).chain(locks).chain(lent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_arrives_as_it_was_sent() {
        let held = [Held::Key(38), Held::Key(255), Held::Button(1), Held::Button(9)];
        let whats = held.into_iter().flat_map(|held| [What::Down(held), What::Up(held)]);
        let locks = Locks { modifiers: 0x12, group: 1 };
        let others =
            [What::Presser(0x0120_0003), What::TextBegins(locks), What::TextEnds, What::Lent(8), What::Returned(8)];
        for what in whats.chain(others) {
            let note = Note { server: 2, what };
            assert_eq!(Note::from_bytes(note.to_bytes()), Some(note));
        }
        assert_eq!(Note::from_bytes([0xFF, 0, 0, 0, 0, 0, 0, 0]), None);
    }

    #[test]
    fn a_ledger_that_is_told_again_is_the_same() {
        let mut ledger = Ledger::default();
        let (a, b) = (Held::Key(38), Held::Button(1));
        let locks = Locks { modifiers: 2, group: 0 };
        let whats = [What::Presser(7), What::Down(a), What::Down(b), What::Up(a), What::Down(a), What::Up(b)];
        let text = [What::TextBegins(locks), What::Lent(9), What::Lent(10), What::Returned(9)];
        whats.into_iter().chain(text).for_each(|what| ledger.take(what));
        let mut other = Ledger::default();
        ledger.whats().for_each(|what| other.take(what));
        assert_eq!(other, ledger);
        assert_eq!((ledger.locks, ledger.is_clear()), (Some(locks), false));
        for what in [What::Up(a), What::TextEnds, What::Returned(10)] {
            ledger.take(what);
        }
        assert!(ledger.is_clear());
    }
}
