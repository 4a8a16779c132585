//! A room console that is drawn in memory: for the demo, for training, for tests and for load.
//!
//! It has a touch panel and up to two front-of-room displays, answers to keyboard and pointer, keeps its settings,
//! makes pretended calls and restarts. It opens no window, no device and no socket. While nobody captures a display it
//! has no pixels, no timer and no thread.

mod call_state;
mod capture;
mod clock;
mod cursor;
mod device;
mod displays;
mod draw;
mod injector;
mod keymap;
mod power;
mod ring;
mod scene;
mod signals;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use protocol::geometry::{PixelPoint, PixelSize};
use protocol::ids::{DisplayId, RoomId};
use protocol::input::PointerButton;

use super::asked::Asked;
use super::{
    Key, KeySign, Platform, PlatformError, Program, RingButton, RingLine, RingPerson, RoomName, Settings,
    SignalsSettings,
};
use clock::LocalTime;
pub use clock::{Clock, ManualClock, SystemClock};
use device::Device;
pub use device::TraceEvent;
pub use keymap::KeyboardLayout;
use scene::{DISPLAY_SIZE, Scene, SceneOptions, scattered_text};
pub use scene::{FieldId, Page, SavedSettings, SceneState, Section, Slider, Switch};

/// What a simulated console calls its system.
const OPERATING_SYSTEM: &str = concat!("Simulated room console ", env!("CARGO_PKG_VERSION"));

/// What a simulated console is made with.
pub struct Options {
    /// 1 to 3; the console comes first.
    pub displays: u8,
    pub room_name: RoomName,
    pub clock: Arc<dyn Clock>,
    /// Where the settings are kept; `None` keeps them in memory.
    pub state_file: Option<PathBuf>,
    /// Moving pictures on the front-of-room displays.
    pub motion: bool,
    /// Meetings and people come from it; see [`seed_of`].
    pub seed: u64,
    pub restart_takes: Duration,
    /// Runs at a restart, besides the one that is acted; empty: nothing does.
    pub restart_command: Program,
    /// Tells whether the room is in a call instead of the console; empty: the console does.
    pub call_state_command: Program,
    /// Programs that tell signals instead of the console.
    pub signals: SignalsSettings,
    /// So many of the last injected events are kept, typed text included; 0 in a product.
    pub trace_events: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            displays: 3,
            room_name: RoomName::default(),
            clock: Arc::new(SystemClock::default()),
            state_file: None,
            motion: true,
            seed: 0,
            restart_takes: Duration::from_secs(4),
            restart_command: Program::default(),
            call_state_command: Program::default(),
            signals: SignalsSettings::default(),
            trace_events: 0,
        }
    }
}

impl From<&Settings> for Options {
    fn from(settings: &Settings) -> Self {
        let options = Self::default();
        let displays = settings.simulated_displays;
        Self {
            displays: if displays == 0 { options.displays } else { displays },
            room_name: settings.room_name.clone(),
            state_file: settings.simulated_state_file.clone(),
            seed: settings.simulated_seed,
            restart_command: settings.restart_command.clone(),
            call_state_command: settings.call_state_command.clone(),
            signals: settings.signals.clone(),
            ..options
        }
    }
}

/// A handle to a simulated console: what a person in the room sees and does.
#[derive(Clone)]
pub struct Simulated {
    device: Arc<Device>,
    restart_command: Program,
    call_state_command: Program,
    signals: SignalsSettings,
}

/// The page *About* has the key, and while it waits for approval nothing else is on the console.
struct SimulatedKeySign(Arc<Device>);

impl KeySign for SimulatedKeySign {
    fn set(&mut self, key: &Key) {
        self.0.with(|inner| inner.scene.set_key(key.clone()));
    }
}

/// A picture of a display: BGRA, top row first, without padding.
pub struct Snapshot {
    pub size: PixelSize,
    pub bgra: Vec<u8>,
}

/// Opens a simulated console by the agent's settings.
pub(super) fn open(settings: &Settings) -> Result<Platform, PlatformError> {
    Ok(Simulated::open(settings.into())?.platform())
}

/// The seed of a room: its meetings are the same at every start, and other than those of another room.
pub fn seed_of(room: &RoomId) -> u64 {
    scattered_text(room.as_str())
}

impl Simulated {
    /// Opens a simulated console; its home screen is up at once.
    ///
    /// # Errors
    /// When it should have no display or more than three.
    pub fn open(options: Options) -> Result<Self, PlatformError> {
        if !(1..=DisplayId::ALL.len()).contains(&usize::from(options.displays)) {
            let why = format!("it has 1 to 3 displays, not {}", options.displays);
            return Err(PlatformError::Unavailable { what: "a simulated console", why });
        }
        let scene = SceneOptions {
            room_name: options.room_name,
            seed: options.seed,
            motion: options.motion,
            restart_takes: options.restart_takes,
            state_file: options.state_file,
        };
        let scene = Scene::new(scene, LocalTime(options.clock.local_seconds()));
        let device = Device::new(scene, options.clock, options.displays.into(), options.trace_events);
        let Options { restart_command, call_state_command, signals, .. } = options;
        Ok(Self { device, restart_command, call_state_command, signals })
    }

    /// The parts that the agent works with.
    pub fn platform(&self) -> Platform {
        let device = Arc::clone(&self.device);
        Platform {
            name: "simulated",
            operating_system: OPERATING_SYSTEM.to_owned(),
            displays: Box::new(displays::SimulatedDisplays(Arc::clone(&self.device))),
            injector: Box::new(injector::SimulatedInjector(Arc::clone(&self.device))),
            ring: Box::new(ring::SimulatedRing(Arc::clone(&self.device))),
            key_sign: Box::new(SimulatedKeySign(Arc::clone(&self.device))),
            power: Box::new(power::SimulatedPower { device, program: self.restart_command.clone() }),
            call_state: Box::new(call_state::SimulatedCallState {
                device: Arc::clone(&self.device),
                program: self.call_state_command.clone(),
            }),
            signals: Box::new(Asked {
                platform: signals::SimulatedSignals(Arc::clone(&self.device)),
                settings: self.signals.clone(),
            }),
        }
    }

    pub fn state(&self) -> SceneState {
        self.device.with(|inner| inner.scene.state())
    }

    /// The people whom the ring names; `None` while there is no red frame.
    pub fn ring_state(&self) -> Option<Vec<RingPerson>> {
        self.ring_line().filter(RingLine::is_framed).map(|line| line.people)
    }

    /// What stands in the ring's line, with or without a frame.
    pub fn ring_line(&self) -> Option<RingLine> {
        self.device.with(|inner| inner.ring.clone())
    }

    /// Touches a display as somebody in the room does. What the ring shows there comes before what lies below it.
    pub fn touch_in_room(&self, display: DisplayId, point: PixelPoint) {
        let line = self.ring_line();
        let button = line.and_then(|line| ring::button_at(&line, DISPLAY_SIZE, point));
        if let Some(button) = button {
            let pressed = self.device.with(|inner| inner.on_ring_press.clone());
            return pressed.into_iter().for_each(|pressed| pressed(button));
        }
        self.device.with(|inner| {
            inner.scene.pointer(display, point);
            inner.scene.button(PointerButton::Primary, true);
            inner.scene.button(PointerButton::Primary, false);
        });
    }

    /// Where a button of the ring's line is to be touched; `None` while it is not there.
    pub fn ring_button(&self, button: RingButton) -> Option<PixelPoint> {
        ring::middle_of(&self.ring_line()?, DISPLAY_SIZE, button)
    }

    /// From now on the ring cannot be shown, or can again.
    pub fn set_ring_fails(&self, fails: bool) {
        self.device.with(|inner| inner.ring_fails = fails);
    }

    /// Pulls a display's cable, or puts it back.
    pub fn set_plugged_in(&self, display: DisplayId, plugged_in: bool) {
        self.device.with(|inner| inner.plug(display, plugged_in));
    }

    /// The last injected events, the oldest first.
    pub fn trace(&self) -> Vec<TraceEvent> {
        self.device.with(|inner| inner.trace.iter().cloned().collect())
    }

    /// For a clock that is moved by hand: lets everybody who waits look at it.
    pub fn look_at_clock(&self) {
        self.device.with(|_| ());
    }

    /// What a capture of the display gets; `None` when it is not connected.
    pub fn snapshot(&self, display: DisplayId) -> Option<Snapshot> {
        self.device.with(|inner| {
            inner.list().0.iter().find(|info| info.id == display)?;
            let mut screen = draw::Screen::new(DISPLAY_SIZE);
            screen.show(inner.scene.view(display).items);
            Some(Snapshot { size: DISPLAY_SIZE, bgra: screen.pixels().to_vec() })
        })
    }

    /// What people in the room see: the display with the ring over it.
    pub fn room_view(&self, display: DisplayId) -> Option<Snapshot> {
        let mut snapshot = self.snapshot(display)?;
        if let Some(line) = self.ring_line() {
            ring::draw(&mut snapshot.bgra, snapshot.size, &line);
        }
        Some(snapshot)
    }
}
