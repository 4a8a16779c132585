//! What is held down. Both ends keep one: the viewer's lets only changes go out, the agent's only changes go in.

use crate::input::{HELD_MAX, HeldSet, InputEvent, PointerButton, PointerPosition};
use crate::keycode::KeyCode;
use crate::wire::List;

/// Keys and buttons that are down, in the order in which they were pressed.
#[derive(Debug, Default)]
pub struct InputLedger {
    keys: Vec<KeyCode>,
    buttons: Vec<PointerButton>,
    /// Where the pointer was last: buttons are released there.
    position: Option<PointerPosition>,
}

impl InputLedger {
    /// Takes an event in; true when it changes something and is to go on.
    ///
    /// A press of what is down (a repetition), a release of what is up, and a press beyond [`HELD_MAX`] change
    /// nothing. [`InputEvent::ReleaseAll`] never goes on: use [`InputLedger::release_all`].
    pub fn apply(&mut self, event: &InputEvent) -> bool {
        match event {
            InputEvent::Key { code, down } => set(&mut self.keys, *code, *down, HELD_MAX),
            InputEvent::Button { button, down, position } => {
                self.position = Some(*position);
                set(&mut self.buttons, *button, *down, HELD_MAX)
            }
            InputEvent::PointerMove { position } | InputEvent::Wheel { position, .. } => {
                self.position = Some(*position);
                true
            }
            InputEvent::Text { .. } | InputEvent::Locks { .. } => true,
            InputEvent::ReleaseAll => false,
        }
    }

    /// Releases everything; answers with the releases, the last press first.
    pub fn release_all(&mut self) -> Vec<InputEvent> {
        self.release_absent(&HeldSet::default())
    }

    /// Releases what is not in `held`; answers with the releases, the last press first.
    pub fn release_absent(&mut self, held: &HeldSet) -> Vec<InputEvent> {
        let mut releases = Vec::new();
        if let Some(position) = self.position {
            for button in take_absent(&mut self.buttons, &held.buttons) {
                releases.push(InputEvent::Button { button, down: false, position });
            }
        }
        for code in take_absent(&mut self.keys, &held.keys) {
            releases.push(InputEvent::Key { code, down: false });
        }
        releases
    }

    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.buttons.is_empty()
    }

    pub fn held(&self) -> HeldSet {
        HeldSet { keys: List::fitted(self.keys.clone()), buttons: List::fitted(self.buttons.clone()) }
    }
}

fn set<T: Copy + PartialEq>(held: &mut Vec<T>, item: T, down: bool, max: usize) -> bool {
    match held.iter().position(|other| *other == item) {
        Some(index) if !down => {
            held.remove(index);
            true
        }
        None if down && held.len() < max => {
            held.push(item);
            true
        }
        _ => false,
    }
}

fn take_absent<T: Copy + PartialEq>(held: &mut Vec<T>, kept: &[T]) -> Vec<T> {
    let absent = held.iter().rev().copied().filter(|item| !kept.contains(item)).collect();
    held.retain(|item| kept.contains(item));
    absent
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::DisplayId;

    fn key(code: KeyCode, down: bool) -> InputEvent {
        InputEvent::Key { code, down }
    }

    const POSITION: PointerPosition = PointerPosition { display: DisplayId::Console, epoch: 1, x: 5, y: 6 };

    #[test]
    fn only_changes_go_on() {
        let mut ledger = InputLedger::default();
        let steps = [
            (key(KeyCode::KeyA, true), true),
            (key(KeyCode::KeyA, true), false),
            (key(KeyCode::KeyB, false), false),
            (key(KeyCode::KeyA, false), true),
            (key(KeyCode::KeyA, false), false),
        ];
        for (index, (event, goes_on)) in steps.into_iter().enumerate() {
            assert_eq!(ledger.apply(&event), goes_on, "step {index}");
        }
    }

    #[test]
    fn everything_is_released_in_reverse_order() {
        let mut ledger = InputLedger::default();
        let button = |down| InputEvent::Button { button: PointerButton::Primary, down, position: POSITION };
        for event in [key(KeyCode::ControlLeft, true), key(KeyCode::KeyC, true), button(true)] {
            assert!(ledger.apply(&event));
        }
        let releases = [button(false), key(KeyCode::KeyC, false), key(KeyCode::ControlLeft, false)];
        assert!(ledger.release_all() == releases);
        assert!(ledger.is_empty());
        assert!(ledger.release_all().is_empty());
    }

    #[test]
    fn what_the_viewer_no_longer_holds_is_released() {
        let mut ledger = InputLedger::default();
        for code in [KeyCode::ShiftLeft, KeyCode::KeyX] {
            ledger.apply(&key(code, true));
        }
        let held = HeldSet { keys: List::fitted(vec![KeyCode::ShiftLeft]), buttons: List::default() };
        assert!(ledger.release_absent(&held) == [key(KeyCode::KeyX, false)]);
        assert!(ledger.held() == held);
    }

    #[test]
    fn a_flood_of_keys_is_bounded() {
        let mut ledger = InputLedger::default();
        let n_down = KeyCode::ALL.iter().filter(|code| ledger.apply(&key(**code, true))).count();
        assert_eq!(n_down, HELD_MAX);
    }
}
