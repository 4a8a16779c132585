//! Keyboard and pointer (Modify only). `Debug` shows the kind of an event and never what was typed.

use crate::ids::DisplayId;
use crate::keycode::KeyCode;
use crate::wire::{List, Text, record, tagged};

/// Most keys and buttons held at once; more are refused.
pub const HELD_MAX: usize = 32;
/// Longest text of one "Type text" message in bytes.
pub const TYPED_TEXT_MAX_BYTES: usize = 4096;

/// A button of the pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PointerButton {
    Primary,
    Middle,
    Secondary,
    Back,
    Forward,
}

tagged!(PointerButton { 0 => Primary, 1 => Middle, 2 => Secondary, 3 => Back, 4 => Forward });

/// Which of the lock keys are on, as far as the browser can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LockKeys {
    pub caps_lock: Option<bool>,
    pub num_lock: Option<bool>,
    pub scroll_lock: Option<bool>,
}

record!(LockKeys { caps_lock, num_lock, scroll_lock });

/// A place on a display: `0` is the middle of the first pixel, `65535` the middle of the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PointerPosition {
    pub display: DisplayId,
    /// The epoch of the display list that the viewer saw; an older one is dropped.
    pub epoch: u32,
    pub x: u16,
    pub y: u16,
}

record!(PointerPosition { display, epoch, x, y });

/// One event. Order matters: the ends never reorder or merge events of different kinds.
#[derive(Clone, PartialEq, Eq)]
pub enum InputEvent {
    Key {
        code: KeyCode,
        down: bool,
    },
    PointerMove {
        position: PointerPosition,
    },
    Button {
        button: PointerButton,
        down: bool,
        position: PointerPosition,
    },
    /// 120 units are one notch; positive is down and right.
    Wheel {
        horizontal: i16,
        vertical: i16,
        position: PointerPosition,
    },
    /// Characters to be typed whatever the layout.
    Text {
        text: Text<TYPED_TEXT_MAX_BYTES>,
    },
    /// The state of the lock keys before the next key.
    Locks {
        locks: LockKeys,
    },
    /// Everything held is released.
    ReleaseAll,
}

tagged!(InputEvent {
    0 => Key { code, down },
    1 => PointerMove { position },
    2 => Button { button, down, position },
    3 => Wheel { horizontal, vertical, position },
    4 => Text { text },
    5 => Locks { locks },
    6 => ReleaseAll,
});

impl InputEvent {
    /// The kind, fit for a log.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Key { .. } => "key",
            Self::PointerMove { .. } => "pointer_move",
            Self::Button { .. } => "button",
            Self::Wheel { .. } => "wheel",
            Self::Text { .. } => "text",
            Self::Locks { .. } => "locks",
            Self::ReleaseAll => "release_all",
        }
    }

    /// Somebody is at work: a moving pointer alone is not (a shaking desk moves a mouse).
    pub const fn is_activity(&self) -> bool {
        matches!(self, Self::Key { .. } | Self::Button { .. } | Self::Wheel { .. } | Self::Text { .. })
    }
}

impl std::fmt::Debug for InputEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.kind())
    }
}

/// What is held down.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct HeldSet {
    pub keys: List<KeyCode, HELD_MAX>,
    pub buttons: List<PointerButton, 5>,
}

record!(HeldSet { keys, buttons });

impl HeldSet {
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.buttons.is_empty()
    }
}

/// How many, never which.
impl std::fmt::Debug for HeldSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} keys and {} buttons held", self.keys.len(), self.buttons.len())
    }
}
