//! Presses keys and moves the pointer through XTEST.
//!
//! Keys are pressed by their key code; which characters they type is the X server's layout's business (a layout that
//! is configured for a single keyboard of the room does not hold for XTEST, which has a keyboard of its own). With an
//! X server for each display, keys go to the one that the pointer was moved on last.

use std::collections::HashMap;
use std::sync::Arc;

use protocol::geometry::PixelPoint;
use protocol::ids::DisplayId;
use protocol::input::{LockKeys, PointerButton};
use protocol::keycode::KeyCode;
use x11rb::protocol::dpms::{self, ConnectionExt as _, DPMSMode};
use x11rb::protocol::xproto::{
    BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, ConnectionExt as _, CreateWindowAux, KEY_PRESS_EVENT, KEY_RELEASE_EVENT,
    Keycode, MOTION_NOTIFY_EVENT, ScreenSaver, Window, WindowClass,
};
use x11rb::protocol::xtest::ConnectionExt as _;

use super::connection::{Explain, ServerName, XServer};
use super::displays::{Layout, Place};
use super::keyboard::Keyboard;
use super::release_guard::{Held, ReleaseGuard};
use crate::platform::{Injector, PlatformError};

const NOTCH: i32 = 120;
/// Most notches of one event: a fling of a free-running wheel.
const NOTCHES_MAX: i32 = 100;

/// What is needed to act on one X server.
struct Seat {
    server: Arc<XServer>,
    keyboard: Keyboard,
}

impl Seat {
    fn open(name: &ServerName, guard: &ReleaseGuard) -> Result<Self, PlatformError> {
        let server = Arc::new(XServer::connect(name)?);
        let keyboard = Keyboard::new(&server, guard)?;
        Ok(Self { server, keyboard })
    }

    /// A window that is never shown and ends with the connection: by it others see that nothing more comes.
    fn window(&self) -> Result<Window, PlatformError> {
        let (what, server) = ("making a window", &self.server);
        let window = server.new_id()?;
        let (class, values) = (WindowClass::INPUT_ONLY, CreateWindowAux::new().override_redirect(1));
        let made = server.connection.create_window(0, window, server.root(), -1, -1, 1, 1, 0, class, 0, &values);
        made.explain(what)?;
        // Whoever is told of it finds it.
        server.sync()?;
        Ok(window)
    }

    fn press(&self, held: Held, down: bool) -> Result<(), PlatformError> {
        let (kind, detail) = match (held, down) {
            (Held::Key(keycode), true) => (KEY_PRESS_EVENT, keycode),
            (Held::Key(keycode), false) => (KEY_RELEASE_EVENT, keycode),
            (Held::Button(button), true) => (BUTTON_PRESS_EVENT, button),
            (Held::Button(button), false) => (BUTTON_RELEASE_EVENT, button),
        };
        let request = self.server.connection.xtest_fake_input(kind, detail, 0, x11rb::NONE, 0, 0, 0);
        request.explain("pressing a key or button").map(drop)
    }

    fn click(&self, button: u8, times: i32) -> Result<(), PlatformError> {
        for _ in 0..times {
            self.press(Held::Button(button), true)?;
            self.press(Held::Button(button), false)?;
        }
        Ok(())
    }

    fn move_to(&self, place: &Place, point: PixelPoint) -> Result<(), PlatformError> {
        let inside = |at: u16, limit: u16| at.min(limit.saturating_sub(1)) as i16;
        let x = place.x + inside(point.x, place.size.width);
        let y = place.y + inside(point.y, place.size.height);
        // Detail 0: the position is absolute.
        let request = self.server.connection.xtest_fake_input(MOTION_NOTIFY_EVENT, 0, 0, self.server.root(), x, y, 0);
        request.explain("moving the pointer").map(drop)
    }

    fn wake_displays(&self) -> Result<(), PlatformError> {
        let what = "waking the displays";
        if self.server.has(dpms::X11_EXTENSION_NAME)? {
            self.server.connection.dpms_force_level(DPMSMode::ON).explain(what)?;
        }
        self.server.connection.force_screen_saver(ScreenSaver::RESET).explain(what)?;
        self.server.flush()
    }
}

pub(super) struct X11Injector {
    layout: Arc<Layout>,
    seats: HashMap<ServerName, Seat>,
    /// Where the pointer was moved last.
    current: Option<ServerName>,
    /// A release goes where the press went.
    keys: HashMap<KeyCode, ServerName>,
    buttons: HashMap<u8, ServerName>,
    wheel: Wheel,
    guard: ReleaseGuard,
}

impl X11Injector {
    pub(super) fn new(layout: Arc<Layout>, guard: ReleaseGuard) -> Self {
        Self {
            layout,
            seats: HashMap::new(),
            current: None,
            keys: HashMap::new(),
            buttons: HashMap::new(),
            wheel: Wheel::default(),
            guard,
        }
    }

    /// Where keys go now.
    fn here(&self) -> Result<ServerName, PlatformError> {
        let places = self.layout.places();
        let current = self.current.as_ref().filter(|current| places.iter().any(|place| place.server == **current));
        let first = || places.first().map(|place| &place.server);
        current.or_else(first).cloned().ok_or(PlatformError::NoSuchDisplay(DisplayId::Console))
    }

    /// Does something on one X server; a connection that broke is made anew at the next call.
    fn at<T>(
        &mut self,
        name: &ServerName,
        act: impl FnOnce(&mut Seat) -> Result<T, PlatformError>,
    ) -> Result<T, PlatformError> {
        if !self.seats.contains_key(name) {
            let seat = Seat::open(name, &self.guard)?;
            self.guard.presser(name, seat.window()?);
            self.seats.insert(Arc::clone(name), seat);
        }
        let seat = self.seats.get_mut(name).ok_or(PlatformError::Disconnected)?;
        let done = seat.keyboard.take_events().and_then(|()| act(seat)).and_then(|done| {
            seat.server.flush()?;
            Ok(done)
        });
        if matches!(done, Err(PlatformError::Disconnected)) {
            self.seats.remove(name);
        }
        done
    }

    /// The guard hears of it before it is down and after it is up: if the agent is killed in between, it is released.
    fn press(&mut self, name: &ServerName, held: Held, down: bool) -> Result<(), PlatformError> {
        if down {
            self.guard.down(name, held);
        }
        self.at(name, |seat| seat.press(held, down))?;
        if !down {
            self.guard.up(name, held);
        }
        Ok(())
    }
}

impl Injector for X11Injector {
    fn key(&mut self, code: KeyCode, down: bool) -> Result<(), PlatformError> {
        let held = self.keys.remove(&code);
        let target = match held {
            Some(target) => target,
            None => self.here()?,
        };
        if down {
            self.keys.insert(code, Arc::clone(&target));
        }
        self.press(&target, Held::Key(code.x11_keycode()), down)
    }

    fn pointer(&mut self, display: DisplayId, point: PixelPoint) -> Result<(), PlatformError> {
        let place = self.layout.place(display).ok_or(PlatformError::NoSuchDisplay(display))?;
        self.at(&place.server, |seat| seat.move_to(&place, point))?;
        self.current = Some(place.server);
        Ok(())
    }

    fn button(&mut self, button: PointerButton, down: bool) -> Result<(), PlatformError> {
        let button = x11_button(button);
        let target = match self.buttons.remove(&button) {
            Some(target) => target,
            None => self.here()?,
        };
        if down {
            self.buttons.insert(button, Arc::clone(&target));
        }
        self.press(&target, Held::Button(button), down)
    }

    fn wheel(&mut self, horizontal: i16, vertical: i16) -> Result<(), PlatformError> {
        let clicks = self.wheel.turn(horizontal, vertical);
        let target = self.here()?;
        for (button, times) in clicks.into_iter().filter(|(_, times)| 0 < *times) {
            self.guard.down(&target, Held::Button(button));
            self.at(&target, |seat| seat.click(button, times))?;
            self.guard.up(&target, Held::Button(button));
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), PlatformError> {
        let target = self.here()?;
        let modifiers = self.keys.iter().filter(|(code, at)| code.is_modifier() && **at == target);
        let held: Vec<Keycode> = modifiers.map(|(code, _)| code.x11_keycode()).collect();
        let guard = self.guard.clone();
        self.at(&target, |seat| seat.keyboard.text(text, &held, &guard))
    }

    fn locks(&mut self, locks: LockKeys) -> Result<(), PlatformError> {
        let target = self.here()?;
        self.at(&target, |seat| seat.keyboard.locks(locks))
    }

    fn wake_displays(&mut self) -> Result<(), PlatformError> {
        let mut servers: Vec<ServerName> = self.layout.places().into_iter().map(|place| place.server).collect();
        servers.sort();
        servers.dedup();
        servers.iter().try_for_each(|name| self.at(name, |seat| seat.wake_displays()))
    }
}

/// What XTEST holds stays held after the connection is gone: nothing else would release it.
impl Drop for X11Injector {
    fn drop(&mut self) {
        let keys: Vec<KeyCode> = self.keys.keys().copied().collect();
        for code in keys {
            let _ = self.key(code, false);
        }
        for (button, target) in std::mem::take(&mut self.buttons) {
            let _ = self.press(&target, Held::Button(button), false);
        }
        for seat in self.seats.values() {
            let _ = seat.server.sync();
        }
    }
}

const fn x11_button(button: PointerButton) -> u8 {
    match button {
        PointerButton::Primary => 1,
        PointerButton::Middle => 2,
        PointerButton::Secondary => 3,
        PointerButton::Back => 8,
        PointerButton::Forward => 9,
    }
}

/// Collects fractions of notches. X knows whole notches only, as presses of buttons 4 to 7.
#[derive(Debug, Default)]
struct Wheel {
    horizontal: i32,
    vertical: i32,
}

impl Wheel {
    /// Buttons to press with how many times.
    fn turn(&mut self, horizontal: i16, vertical: i16) -> [(u8, i32); 2] {
        [click(notches(&mut self.vertical, vertical), 4, 5), click(notches(&mut self.horizontal, horizontal), 6, 7)]
    }
}

fn notches(kept: &mut i32, units: i16) -> i32 {
    let units = i32::from(units);
    // A fraction of the other direction would have to be undone first, which feels like a wheel that slips.
    if kept.signum() * units.signum() < 0 {
        *kept = 0;
    }
    *kept += units;
    let notches = *kept / NOTCH;
    *kept %= NOTCH;
    notches.clamp(-NOTCHES_MAX, NOTCHES_MAX)
}

const fn click(notches: i32, back: u8, forth: u8) -> (u8, i32) {
    if notches < 0 { (back, -notches) } else { (forth, notches) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_add_up_to_notches() {
        let mut wheel = Wheel::default();
        let turns = [
            ((0, 120), [(5, 1), (7, 0)]),
            ((0, -240), [(4, 2), (7, 0)]),
            ((0, 50), [(5, 0), (7, 0)]),
            ((0, 50), [(5, 0), (7, 0)]),
            ((0, 50), [(5, 1), (7, 0)]),
            ((-120, 0), [(5, 0), (6, 1)]),
            // 30 are left over, and forgotten when the direction changes.
            ((0, -119), [(5, 0), (7, 0)]),
            ((0, -1), [(4, 1), (7, 0)]),
            ((i16::MAX, 0), [(5, 0), (7, 100)]),
        ];
        for ((horizontal, vertical), expected) in turns {
            assert_eq!(wheel.turn(horizontal, vertical), expected, "{horizontal} {vertical}");
        }
    }
}
