//! What this browser has pressed on the console, so that every press gets its release.

use protocol::keycode::KeyCode;

/// Modifiers and locks as an event reports them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "one for each state that browsers report")]
pub struct ModifierState {
    pub shift: bool,
    pub control: bool,
    pub alt: bool,
    pub alt_graph: bool,
    pub meta: bool,
    pub caps_lock: bool,
    pub num_lock: bool,
    pub scroll_lock: bool,
}

/// A left and a right key that do the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Modifier {
    Shift,
    Control,
    Alt,
    Meta,
}

impl Modifier {
    pub const ALL: [Self; 4] = [Self::Shift, Self::Control, Self::Alt, Self::Meta];

    pub const fn keys(self) -> [KeyCode; 2] {
        match self {
            Self::Shift => [KeyCode::ShiftLeft, KeyCode::ShiftRight],
            Self::Control => [KeyCode::ControlLeft, KeyCode::ControlRight],
            Self::Alt => [KeyCode::AltLeft, KeyCode::AltRight],
            Self::Meta => [KeyCode::MetaLeft, KeyCode::MetaRight],
        }
    }

    pub fn of(key: KeyCode) -> Option<Self> {
        Self::ALL.into_iter().find(|modifier| modifier.keys().contains(&key))
    }
}

/// A key that goes down or up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    pub key: KeyCode,
    pub down: bool,
}

/// The keys that are down on the console because of this browser.
#[derive(Debug, Clone, Default)]
pub struct StuckKeys {
    held: Vec<KeyCode>,
}

impl StuckKeys {
    pub fn holds(&self, key: KeyCode) -> bool {
        self.held.contains(&key)
    }

    pub fn holds_any(&self, modifier: Modifier) -> bool {
        modifier.keys().into_iter().any(|key| self.holds(key))
    }

    pub fn press(&mut self, key: KeyCode) -> Change {
        if !self.holds(key) {
            self.held.push(key);
        }
        Change { key, down: true }
    }

    /// The release of a key; `None` when it is not down.
    pub fn release(&mut self, key: KeyCode) -> Option<Change> {
        let index = self.held.iter().position(|held| *held == key)?;
        self.held.remove(index);
        Some(Change { key, down: false })
    }

    /// Releases whatever `which` names.
    pub fn release_those(&mut self, which: impl Fn(KeyCode) -> bool) -> Vec<Change> {
        let keys: Vec<_> = self.held.iter().copied().filter(|key| which(*key)).collect();
        keys.into_iter().filter_map(|key| self.release(key)).collect()
    }

    pub fn clear(&mut self) {
        self.held.clear();
    }

    /// Brings the modifiers in line with what an event reports. `own` is the modifier that the event itself is about:
    /// browsers differ on whether its flag is already set.
    pub fn settle(&mut self, state: ModifierState, own: Option<Modifier>) -> Vec<Change> {
        let mut changes = Vec::new();
        for modifier in Modifier::ALL {
            if own == Some(modifier) {
                continue;
            }
            match self.wanted(state, modifier) {
                Some(false) => changes.extend(self.release_those(|key| modifier.keys().contains(&key))),
                Some(true) if !self.holds_any(modifier) => changes.push(self.press(modifier.keys()[0])),
                _ => {}
            }
        }
        changes
    }

    /// Whether a modifier is to be down; `None` when the event does not tell.
    fn wanted(&self, state: ModifierState, modifier: Modifier) -> Option<bool> {
        // Windows reports AltGr as Control and Alt together, others as AltGraph alone: either way the right Alt key is
        // what is down.
        let is_alt_graph = state.alt_graph || self.holds(KeyCode::AltRight);
        match modifier {
            Modifier::Shift => Some(state.shift),
            Modifier::Control if is_alt_graph && state.control => None,
            Modifier::Control => Some(state.control),
            Modifier::Alt if is_alt_graph && (state.alt || state.alt_graph) => None,
            Modifier::Alt => Some(state.alt),
            // A lone press and release of it opens a menu on the console, so it is never pressed on suspicion.
            Modifier::Meta => (!state.meta).then_some(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: ModifierState = ModifierState {
        shift: false,
        control: false,
        alt: false,
        alt_graph: false,
        meta: false,
        caps_lock: false,
        num_lock: false,
        scroll_lock: false,
    };

    fn holding(keys: &[KeyCode]) -> StuckKeys {
        StuckKeys { held: keys.to_vec() }
    }

    fn up(key: KeyCode) -> Change {
        Change { key, down: false }
    }

    #[test]
    fn a_modifier_released_elsewhere_is_released_here() {
        let mut keys = holding(&[KeyCode::ControlRight, KeyCode::KeyA]);
        assert_eq!(keys.settle(NONE, None), [up(KeyCode::ControlRight)]);
        assert!(keys.holds(KeyCode::KeyA), "only modifiers are settled");
    }

    #[test]
    fn a_modifier_pressed_elsewhere_is_pressed_here() {
        let mut keys = holding(&[]);
        let state = ModifierState { shift: true, ..NONE };
        assert_eq!(keys.settle(state, None), [Change { key: KeyCode::ShiftLeft, down: true }]);
        assert_eq!(keys.settle(state, None), []);
    }

    #[test]
    fn the_events_own_modifier_is_left_alone() {
        let mut keys = holding(&[KeyCode::ShiftLeft]);
        assert_eq!(keys.settle(NONE, Some(Modifier::Shift)), []);
    }

    #[test]
    fn alt_graph_is_neither_control_nor_alt() {
        for state in [
            ModifierState { alt_graph: true, ..NONE },
            ModifierState { alt_graph: true, control: true, alt: true, ..NONE },
        ] {
            assert_eq!(holding(&[KeyCode::AltRight]).settle(state, None), []);
            assert_eq!(holding(&[]).settle(ModifierState { shift: false, ..state }, None), []);
        }
        assert_eq!(holding(&[KeyCode::AltRight]).settle(NONE, None), [up(KeyCode::AltRight)]);
    }

    #[test]
    fn meta_is_released_but_never_pressed_on_suspicion() {
        let meta = ModifierState { meta: true, ..NONE };
        assert_eq!(holding(&[]).settle(meta, None), []);
        assert_eq!(holding(&[KeyCode::MetaLeft]).settle(NONE, None), [up(KeyCode::MetaLeft)]);
    }
}
