//! What the console does when it is used, seen from outside.

mod keys;
mod pictures;
mod pointer;
mod room;
mod settings;

use std::sync::Arc;
use std::time::Duration;

use protocol::geometry::{PixelPoint, PixelRect};
use protocol::ids::DisplayId;
use protocol::input::PointerButton;
use protocol::keycode::KeyCode;

use super::super::{
    CallObservation, Capture, Injector, Platform, PlatformError, RingAsk, RingButton, RingLine, RingNews, RingPerson,
};
use super::cursor::CursorKind;
use super::*;

/// Nothing takes longer on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A Sunday in November, five past two in the afternoon.
const AFTERNOON: i64 = 1_795_356_300;

const NOTES: (u16, u16) = (1300, 860);
const START_CALL: (u16, u16) = (1100, 300);
const END_CALL: (u16, u16) = (1740, 935);
const SETTINGS: (u16, u16) = (1600, 550);
const BACK: (u16, u16) = (106, 82);
const SOUND: (u16, u16) = (200, 306);
const KEYBOARD: (u16, u16) = (200, 498);
const DEVICES: (u16, u16) = (200, 594);
const CAMERA: (u16, u16) = (1754, 258);
const GERMAN: (u16, u16) = (1700, 258);
const TWENTY_FOUR_HOURS: (u16, u16) = (1754, 522);

struct Room {
    console: Simulated,
    platform: Platform,
    clock: Arc<ManualClock>,
}

impl Room {
    fn new() -> Self {
        Self::with(|_| ())
    }

    fn with(change: impl FnOnce(&mut Options)) -> Self {
        let clock = Arc::new(ManualClock::new(AFTERNOON));
        let mut options = Options { clock: Arc::clone(&clock) as _, seed: 3, trace_events: 64, ..Options::default() };
        change(&mut options);
        let console = Simulated::open(options).expect("opens");
        Self { platform: console.platform(), console, clock }
    }

    fn injector(&mut self) -> &mut dyn Injector {
        &mut *self.platform.injector
    }

    fn move_to(&mut self, (x, y): (u16, u16)) {
        self.injector().pointer(DisplayId::Console, PixelPoint { x, y }).expect("moves");
    }

    fn click(&mut self, at: (u16, u16)) {
        // Two clicks on one place are not a double click.
        self.pass(Duration::from_millis(700));
        self.move_to(at);
        self.injector().button(PointerButton::Primary, true).expect("presses");
        self.injector().button(PointerButton::Primary, false).expect("releases");
    }

    fn keys(&mut self, chord: &[KeyCode]) {
        for code in chord {
            self.injector().key(*code, true).expect("presses");
        }
        for code in chord.iter().rev() {
            self.injector().key(*code, false).expect("releases");
        }
    }

    fn pass(&self, time: Duration) {
        self.clock.advance(time);
        self.console.look_at_clock();
    }

    fn capture(&self, display: DisplayId) -> Box<dyn Capture> {
        self.platform.displays.capture(display).expect("captures")
    }

    fn notes(&self) -> String {
        self.console.state().notes
    }

    fn picture(&self, display: DisplayId) -> Vec<u8> {
        self.console.snapshot(display).expect("is connected").bgra
    }
}

fn news(capture: &mut dyn Capture) -> Vec<PixelRect> {
    capture.wait(Duration::ZERO).expect("is connected").rects
}

fn covered(rects: &[PixelRect]) -> u32 {
    rects.iter().map(|rect| rect.area()).sum()
}
