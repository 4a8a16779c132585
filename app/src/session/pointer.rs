//! From the browser's pointer events to the console's. Pure: data of an event and a time go in, input events come out.
//!
//! INVARIANT: a move never overtakes, and is never overtaken by, a button, a wheel or a key: whoever sends one of those
//! first takes the move that waits.

use protocol::input::{InputEvent, PointerButton, PointerPosition};
use protocol::time::Micros;

/// Moves go at most this often, which is once in a frame of a quick display; the rest wait for the next frame.
const MOVE_INTERVAL: Micros = Micros::from_millis(7);
/// After so long without a wheel event its fractions are forgotten.
const WHEEL_IDLE: Micros = Micros::from_millis(500);
/// One notch in units of [`InputEvent::Wheel`].
const NOTCH: f64 = 120.0;
/// What browsers report for one notch.
const PIXELS_PER_NOTCH: f64 = 100.0;
const LINES_PER_NOTCH: f64 = 3.0;
const NOTCHES_PER_PAGE: f64 = 3.0;

/// A wheel event: `WheelEvent.deltaX`, `deltaY` and `deltaMode`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WheelTurn {
    pub across: f64,
    pub down: f64,
    pub mode: u32,
}

/// The pointer as the console sees it.
#[derive(Debug, Default)]
pub struct Pointer {
    held: Vec<PointerButton>,
    waiting: Option<PointerPosition>,
    moved_at: Option<Micros>,
    fractions: (f64, f64),
    turned_at: Micros,
}

impl Pointer {
    /// The pointer is at `position` now.
    pub fn moved(&mut self, position: PointerPosition, now: Micros) -> Option<InputEvent> {
        let is_early = self.moved_at.is_some_and(|moved_at| now.since(moved_at) < MOVE_INTERVAL);
        if is_early {
            self.waiting = Some(position);
            return None;
        }
        self.waiting = None;
        self.moved_at = Some(now);
        Some(InputEvent::PointerMove { position })
    }

    /// The move that waits: at the next frame, and before anything else is sent.
    pub fn take_waiting(&mut self, now: Micros) -> Option<InputEvent> {
        let position = self.waiting.take()?;
        self.moved_at = Some(now);
        Some(InputEvent::PointerMove { position })
    }

    pub fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    /// `PointerEvent.buttons` names the buttons that are down; what changed is pressed or released at `position`.
    pub fn buttons(&mut self, buttons: u16, position: PointerPosition) -> Vec<InputEvent> {
        self.waiting = None;
        let mut events = Vec::new();
        for (bit, button) in BUTTONS {
            let down = buttons & bit != 0;
            if down != self.held.contains(&button) {
                self.held.retain(|held| *held != button);
                if down {
                    self.held.push(button);
                }
                events.push(InputEvent::Button { button, down, position });
            }
        }
        events
    }

    /// As [`Pointer::buttons`], for an event that may bring no change: a move that waits then goes on waiting.
    pub fn buttons_changed(&mut self, buttons: u16, position: PointerPosition) -> Vec<InputEvent> {
        let changed = BUTTONS.iter().any(|(bit, button)| (buttons & bit != 0) != self.held.contains(button));
        if changed { self.buttons(buttons, position) } else { Vec::new() }
    }

    /// The wheel was turned; fractions of a unit are kept for the next turn.
    pub fn wheel(&mut self, turn: WheelTurn, position: PointerPosition, now: Micros) -> Option<InputEvent> {
        if WHEEL_IDLE < now.since(self.turned_at) {
            self.fractions = (0.0, 0.0);
        }
        self.turned_at = now;
        let horizontal = whole_units(&mut self.fractions.0, turn.across, turn.mode);
        let vertical = whole_units(&mut self.fractions.1, turn.down, turn.mode);
        (horizontal != 0 || vertical != 0).then_some(InputEvent::Wheel { horizontal, vertical, position })
    }

    /// Forgets what is held; the console is told to release everything.
    pub fn release_all(&mut self) {
        *self = Self::default();
    }
}

/// Bits of `PointerEvent.buttons`.
const BUTTONS: [(u16, PointerButton); 5] = [
    (1, PointerButton::Primary),
    (2, PointerButton::Secondary),
    (4, PointerButton::Middle),
    (8, PointerButton::Back),
    (16, PointerButton::Forward),
];

fn whole_units(fraction: &mut f64, delta: f64, mode: u32) -> i16 {
    let notches = match mode {
        1 => delta / LINES_PER_NOTCH,
        2 => delta * NOTCHES_PER_PAGE,
        _ => delta / PIXELS_PER_NOTCH,
    };
    let units = notches * NOTCH + *fraction;
    if !units.is_finite() {
        return 0;
    }
    // Sums of fractions end a little below the whole that they make.
    let whole = (units + units.signum() * 1e-6).trunc();
    *fraction = units - whole;
    whole.clamp(f64::from(i16::MIN), f64::from(i16::MAX)) as i16
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::ids::DisplayId;

    fn at(x: u16) -> PointerPosition {
        PointerPosition { display: DisplayId::Console, epoch: 1, x, y: 0 }
    }

    fn pixels(down: f64) -> WheelTurn {
        WheelTurn { across: 0.0, down, mode: 0 }
    }

    fn turned(event: Option<InputEvent>) -> (i16, i16) {
        match event {
            Some(InputEvent::Wheel { horizontal, vertical, .. }) => (horizontal, vertical),
            _ => (0, 0),
        }
    }

    #[test]
    fn moves_within_a_frame_become_one() {
        let mut pointer = Pointer::default();
        assert_eq!(pointer.moved(at(1), Micros(0)), Some(InputEvent::PointerMove { position: at(1) }));
        assert_eq!(pointer.moved(at(2), Micros(1000)), None);
        assert_eq!(pointer.moved(at(3), Micros(2000)), None);
        assert_eq!(pointer.take_waiting(Micros(6000)), Some(InputEvent::PointerMove { position: at(3) }));
        assert_eq!(pointer.take_waiting(Micros(6001)), None);
    }

    #[test]
    fn a_later_move_takes_the_place_of_the_one_that_waits() {
        let mut pointer = Pointer::default();
        pointer.moved(at(1), Micros(0));
        pointer.moved(at(2), Micros(1000));
        assert_eq!(pointer.moved(at(3), Micros(7000)), Some(InputEvent::PointerMove { position: at(3) }));
        assert!(!pointer.is_waiting());
    }

    #[test]
    fn a_button_carries_its_place_so_no_move_comes_after_it() {
        let mut pointer = Pointer::default();
        pointer.moved(at(1), Micros(0));
        pointer.moved(at(2), Micros(1000));
        let press = InputEvent::Button { button: PointerButton::Primary, down: true, position: at(3) };
        assert_eq!(pointer.buttons(1, at(3)), [press]);
        assert!(!pointer.is_waiting());
    }

    #[test]
    fn lost_releases_are_made_up_for() {
        let mut pointer = Pointer::default();
        pointer.buttons(1 | 2, at(1));
        let release = InputEvent::Button { button: PointerButton::Secondary, down: false, position: at(2) };
        assert_eq!(pointer.buttons(1, at(2)), [release]);
        assert_eq!(pointer.buttons(1, at(2)), []);
    }

    #[test]
    fn wheel_units_do_not_depend_on_the_mode() {
        for (mode, delta) in [(0, 100.0), (1, 3.0), (2, 1.0 / 3.0)] {
            let turn = WheelTurn { across: delta, down: -delta, mode };
            assert_eq!(turned(Pointer::default().wheel(turn, at(0), Micros(0))), (120, -120), "mode {mode}");
        }
    }

    #[test]
    fn small_turns_add_up_and_are_forgotten() {
        let mut pointer = Pointer::default();
        let total: i16 = (0..10).map(|step| turned(pointer.wheel(pixels(0.5), at(0), Micros(step * 1000))).1).sum();
        assert_eq!(total, 6);
        pointer.wheel(pixels(0.5), at(0), Micros(20_000));
        let after_a_pause = pointer.wheel(pixels(0.5), at(0), Micros(2_000_000));
        assert_eq!(turned(after_a_pause), (0, 0));
    }
}
