//! The simulated keyboard: what is held, what is locked, and which key repeats.

use std::collections::BTreeSet;
use std::time::Duration;

use protocol::keycode::KeyCode;

use super::super::keymap::{KeyboardLayout, Levels};

const REPEAT_AFTER: Duration = Duration::from_millis(500);
const REPEAT_EVERY: Duration = Duration::from_millis(33);
/// Repetitions caught up at once after nobody looked for a while.
const REPEATS_MAX: usize = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Locks {
    pub(super) caps: bool,
    pub(super) num: bool,
    pub(super) scroll: bool,
}

#[derive(Debug)]
pub(super) struct Keyboard {
    held: BTreeSet<KeyCode>,
    pub(super) locks: Locks,
    /// An accent that waits for its letter.
    pub(super) accent: Option<char>,
    /// The key that was pressed last, and when it repeats next.
    repeat: Option<(KeyCode, Duration)>,
    /// The Windows key is down and no other key was pressed since.
    pub(super) windows_alone: bool,
}

impl Default for Keyboard {
    fn default() -> Self {
        Self {
            held: BTreeSet::new(),
            locks: Locks { caps: false, num: true, scroll: false },
            accent: None,
            repeat: None,
            windows_alone: false,
        }
    }
}

impl Keyboard {
    /// Notes a press; `false` when the key was down already.
    pub(super) fn press(&mut self, code: KeyCode, now: Duration) -> bool {
        if !self.held.insert(code) {
            return false;
        }
        let repeats = !code.is_modifier() && !code.is_lock();
        self.repeat = repeats.then_some((code, now + REPEAT_AFTER));
        self.windows_alone = matches!(code, KeyCode::MetaLeft | KeyCode::MetaRight);
        match code {
            KeyCode::CapsLock => self.locks.caps = !self.locks.caps,
            KeyCode::NumLock => self.locks.num = !self.locks.num,
            KeyCode::ScrollLock => self.locks.scroll = !self.locks.scroll,
            _ => {}
        }
        true
    }

    /// Notes a release; `true` when it was a Windows key pressed for itself.
    pub(super) fn release(&mut self, code: KeyCode) -> bool {
        self.held.remove(&code);
        if self.repeat.is_some_and(|(repeating, _)| repeating == code) {
            self.repeat = None;
        }
        let alone = self.windows_alone && matches!(code, KeyCode::MetaLeft | KeyCode::MetaRight);
        self.windows_alone &= !alone;
        alone
    }

    pub(super) fn next_repeat(&self) -> Option<Duration> {
        self.repeat.map(|(_, at)| at)
    }

    /// The repetitions that are due.
    pub(super) fn repetitions(&mut self, now: Duration) -> Vec<KeyCode> {
        let Some((code, mut at)) = self.repeat else { return Vec::new() };
        let mut due = Vec::new();
        while at <= now && due.len() < REPEATS_MAX {
            due.push(code);
            at += REPEAT_EVERY;
        }
        self.repeat = Some((code, at.max(now.saturating_sub(REPEAT_EVERY))));
        due
    }

    pub(super) fn shift(&self) -> bool {
        self.holds(KeyCode::ShiftLeft, KeyCode::ShiftRight)
    }

    pub(super) fn control(&self) -> bool {
        self.holds(KeyCode::ControlLeft, KeyCode::ControlRight)
    }

    /// Alt that is not `AltGr`.
    pub(super) fn alt(&self, layout: KeyboardLayout) -> bool {
        self.held.contains(&KeyCode::AltLeft) || (!layout.has_third_level() && self.held.contains(&KeyCode::AltRight))
    }

    pub(super) fn windows(&self) -> bool {
        self.holds(KeyCode::MetaLeft, KeyCode::MetaRight)
    }

    /// `AltGr`, which is Ctrl+Alt by another name.
    pub(super) fn third_level(&self, layout: KeyboardLayout) -> bool {
        layout.has_third_level()
            && (self.held.contains(&KeyCode::AltRight) || (self.control() && self.held.contains(&KeyCode::AltLeft)))
    }

    pub(super) fn levels(&self, layout: KeyboardLayout) -> Levels {
        Levels {
            shift: self.shift(),
            third: self.third_level(layout),
            caps_lock: self.locks.caps,
            num_lock: self.locks.num,
        }
    }

    fn holds(&self, left: KeyCode, right: KeyCode) -> bool {
        self.held.contains(&left) || self.held.contains(&right)
    }
}
