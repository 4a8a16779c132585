//! What the agent needs from the system it runs on. `open` selects the platform once; nobody else asks which it is.
//!
//! Every platform has the same files: `capture`, `injector`, `ring`, `power`, `call_state`, `signals`, and what it needs besides.

mod asked;
pub mod confine;
pub mod program;
mod ring_line;
pub mod simulated;
pub mod text;
#[cfg(unix)]
pub mod x11;

pub use confine::Rights;
pub use program::Program;
pub use ring_line::{RestartNews, RingAsk, RingButton, RingLine, RingNews, RingPerson};

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use protocol::cursor::CursorShape;
use protocol::geometry::{PixelPoint, PixelRect, PixelSize};
use protocol::ids::{DisplayId, DisplayInfo};
use protocol::input::{LockKeys, PointerButton};
use protocol::keycode::KeyCode;
use protocol::signals::{SignalKind, Signals, SystemUser};

/// Which platform to open, and what its parts are told.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// `None` takes the one that is there: X11 when `DISPLAY` or `x11_displays` is set.
    pub kind: Option<Kind>,
    /// Which X server shows which display (`:1`); empty: the `RandR` outputs of `DISPLAY`.
    pub x11_displays: Vec<(DisplayId, String)>,
    /// What restarts the device; empty: it cannot be restarted (a simulated console then acts a restart).
    pub restart_command: Program,
    /// Exit code 0 is in a call, 1 is not, anything else is unknown; empty: the platform's own detection.
    pub call_state_command: Program,
    /// The program that releases what is down when this one is killed: `redring-agent`. `None`: nobody does.
    pub release_guard: Option<PathBuf>,
    pub signals: SignalsSettings,
    /// How many displays a simulated console has: 1 to 3.
    pub simulated_displays: u8,
    /// Where a simulated console keeps its settings; `None`: they end with it.
    pub simulated_state_file: Option<PathBuf>,
    /// Meetings and people of a simulated console come from it; see [`simulated::seed_of`].
    pub simulated_seed: u64,
    /// Follows what the server calls the room.
    pub room_name: RoomName,
    /// What this process may do, for the status.
    pub rights: Rights,
}

impl Settings {
    /// Every configured program runs in a process of its own from now on, which `agent`, this program, is started for.
    ///
    /// # Errors
    /// When one cannot be started.
    pub fn run_programs_apart(&mut self, agent: &Path) -> std::io::Result<()> {
        let signals = &mut self.signals;
        let programs = signals.commands.values_mut().chain([
            &mut signals.user_command,
            &mut self.restart_command,
            &mut self.call_state_command,
        ]);
        programs.into_iter().try_for_each(|program| program.run_apart(agent))
    }
}

/// How signals are told that the platform cannot tell by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SignalsSettings {
    /// The name of the room app's process; empty: whether it runs is unknown.
    pub app_process: String,
    /// Programs that know better than the platform. Exit code 0 is well, 1 is missing, 2 is failing, anything else is
    /// unknown; the first line that they print is the detail.
    pub commands: BTreeMap<SignalKind, Program>,
    /// Knows better who is signed in: exit code 0 with the name in the first line, 1 is nobody, anything else is unknown.
    pub user_command: Program,
}

/// A platform's name on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Windows,
    X11,
    Simulated,
}

/// What the room is called; the server says so when the link is up.
#[derive(Debug, Clone, Default)]
pub struct RoomName(std::sync::Arc<std::sync::Mutex<String>>);

impl RoomName {
    pub fn get(&self) -> String {
        self.0.lock().map(|name| name.clone()).unwrap_or_default()
    }

    pub fn set(&self, name: &str) {
        if let Ok(mut current) = self.0.lock() {
            name.clone_into(&mut current);
        }
    }
}

/// Opens the platform that `settings` ask for. Nothing is captured and nothing is shown before it is asked for.
///
/// # Errors
/// When the platform is not there, with what is missing.
pub fn open(settings: &Settings) -> Result<Platform, PlatformError> {
    match settings.kind.map_or_else(|| detect(settings), Ok)? {
        Kind::Simulated => simulated::open(settings),
        #[cfg(unix)]
        Kind::X11 => x11::open(settings),
        #[cfg(not(unix))]
        Kind::X11 => Err(not_here("X11")),
        Kind::Windows => Err(not_here("Windows")),
    }
}

fn detect(settings: &Settings) -> Result<Kind, PlatformError> {
    if cfg!(unix) && (!settings.x11_displays.is_empty() || std::env::var_os("DISPLAY").is_some()) {
        return Ok(Kind::X11);
    }
    Err(PlatformError::Unavailable {
        what: "a screen",
        why: "neither DISPLAY nor [x11] displays in agent.toml is set; use --platform simulated for a made-up console"
            .to_owned(),
    })
}

fn not_here(what: &'static str) -> PlatformError {
    PlatformError::Unavailable { what, why: "this agent was built for another system".to_owned() }
}

/// The parts of an opened platform. Each may be used from its own thread.
pub struct Platform {
    /// `x11`, `simulated`, `windows`.
    pub name: &'static str,
    /// What the system calls itself, for the room page.
    pub operating_system: String,
    pub displays: Box<dyn Displays>,
    pub injector: Box<dyn Injector>,
    pub ring: Box<dyn Ring>,
    pub key_sign: Box<dyn KeySign>,
    pub power: Box<dyn Power>,
    pub call_state: Box<dyn CallStateSource>,
    pub signals: Box<dyn SignalsSource>,
}

/// Why the platform could not do something.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlatformError {
    #[error("{what} is not available: {why}")]
    Unavailable { what: &'static str, why: String },
    #[error("display {0:?} is not connected")]
    NoSuchDisplay(DisplayId),
    #[error("the display server closed the connection")]
    Disconnected,
    #[error("{what} failed: {why}")]
    Failed { what: &'static str, why: String },
}

/// The displays that are connected.
pub trait Displays: Send + Sync {
    /// Present displays in the order of their ids, with a number that grows at every change of the list or of a size.
    fn list(&self) -> (Vec<DisplayInfo>, u32);

    /// Calls `changed` from any thread after every change of the list.
    fn on_change(&self, changed: Box<dyn Fn() + Send + Sync>);

    /// Starts to capture a display. Captures of one display are independent of each other.
    ///
    /// # Errors
    /// When the display is not there or cannot be captured.
    fn capture(&self, display: DisplayId) -> Result<Box<dyn Capture>, PlatformError>;
}

/// Reads the pixels of one display, from one thread. Between calls of [`Capture::wait`] the pixels stand still.
pub trait Capture: Send {
    /// Never changes: when the display's size does, [`Capture::wait`] fails with `NoSuchDisplay`
    /// and the owner captures anew.
    fn size(&self) -> PixelSize;

    /// Waits until something on the display changed, [`Waker::wake`] was called, or `timeout` is over, and copies
    /// the changed rectangles, and only them, into the buffer.
    ///
    /// # Errors
    /// When the display is gone or has another size.
    fn wait(&mut self, timeout: Duration) -> Result<Damage, PlatformError>;

    /// The buffer as of the last [`Capture::wait`]; complete from the first one on.
    fn pixels(&self) -> Pixels<'_>;

    /// Ends a [`Capture::wait`] from another thread.
    fn waker(&self) -> Waker;
}

/// What changed.
#[derive(Debug, Default)]
pub struct Damage {
    /// Rectangles of the buffer that have new pixels; they may overlap. At the first wait: the whole display.
    pub rects: Vec<PixelRect>,
    /// When the new pixels were read.
    pub captured_at: Option<Instant>,
    /// The cursor has a new shape; `Some(None)` is hidden.
    pub cursor: Option<Option<CursorShape>>,
}

/// A picture in memory: BGRA (the fourth byte is undefined), top row first, `height * stride_bytes` bytes.
#[derive(Debug, Clone, Copy)]
pub struct Pixels<'a> {
    pub bgra: &'a [u8],
    pub stride_bytes: usize,
    pub size: PixelSize,
}

/// Ends somebody's waiting; cheap to clone and to call.
#[derive(Clone)]
pub struct Waker(std::sync::Arc<dyn Fn() + Send + Sync>);

impl Waker {
    pub fn new(wake: impl Fn() + Send + Sync + 'static) -> Self {
        Self(std::sync::Arc::new(wake))
    }

    pub fn wake(&self) {
        (self.0)();
    }
}

/// Presses keys and moves the pointer. The ledger of what is held is [`protocol::session`]'s; an injector only obeys.
pub trait Injector: Send {
    fn key(&mut self, code: KeyCode, down: bool) -> Result<(), PlatformError>;

    /// Moves the pointer to a pixel of a display.
    fn pointer(&mut self, display: DisplayId, point: PixelPoint) -> Result<(), PlatformError>;

    fn button(&mut self, button: PointerButton, down: bool) -> Result<(), PlatformError>;

    /// 120 units are one notch; positive is right and down. Fractions are kept for the next call.
    fn wheel(&mut self, horizontal: i16, vertical: i16) -> Result<(), PlatformError>;

    /// Types characters whatever the layout.
    fn text(&mut self, text: &str) -> Result<(), PlatformError>;

    /// Brings the lock keys to the given state, as far as it is given.
    fn locks(&mut self, locks: LockKeys) -> Result<(), PlatformError>;

    /// Asks the system to show a picture again after its displays went to sleep.
    fn wake_displays(&mut self) -> Result<(), PlatformError>;
}

/// The red ring on every display and its line (RING-1).
pub trait Ring: Send {
    /// Shows the line, and the red frame while somebody is connected. Returns when it is visible on every display;
    /// displays that come later are not announced before they have it.
    ///
    /// # Errors
    /// When it cannot be shown on some display: then no session may run.
    fn show(&mut self, line: &RingLine) -> Result<(), PlatformError>;

    fn hide(&mut self);

    /// Calls `pressed` from any thread when somebody in the room presses a button of the line.
    fn on_press(&mut self, pressed: Box<dyn Fn(RingButton) + Send + Sync>);

    /// The button that is shown at a pixel of a display. It is for people in the room alone: an injected press there is
    /// none.
    fn button_at(&self, display: DisplayId, point: PixelPoint) -> Option<RingButton>;
}

/// The console's own key, as people see it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Key {
    /// Eight groups of four.
    pub fingerprint: String,
    /// An administrator has to compare it first.
    pub waits_for_approval: bool,
}

/// Shows the console's key to people who stand before it, so that they can compare it with the portal.
pub trait KeySign: Send {
    /// While the key waits for approval it is on the console's display, if that can be done.
    fn set(&mut self, key: &Key);
}

/// Restarts the device.
pub trait Power: Send {
    fn can_restart(&self) -> bool;

    /// Starts the restart and returns at once.
    ///
    /// # Errors
    /// When no way is configured or it failed.
    fn restart(&mut self) -> Result<(), PlatformError>;
}

/// Tells whether the room is in a call.
pub trait CallStateSource: Send {
    /// May block for up to a second.
    fn look(&mut self) -> CallObservation;
}

/// Tells how the room's devices are, and who is signed in at the console. Reads lists; opens no device.
pub trait SignalsSource: Send {
    /// May block for some seconds.
    fn look(&mut self) -> Signals;

    /// Only who is signed in; may block for up to a second.
    fn user(&mut self) -> SystemUser;
}

/// What a look at the room found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallObservation {
    Idle,
    InCall,
    Unknown,
}

impl CallObservation {
    /// What a configured program says.
    fn told_by(program: &Program) -> Self {
        match program.ask().and_then(|answer| answer.code) {
            Some(0) => Self::InCall,
            Some(1) => Self::Idle,
            _ => Self::Unknown,
        }
    }
}
