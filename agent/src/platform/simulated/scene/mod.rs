//! The simulated console's inside: what it is doing, and what each display shows of it.
//!
//! A scene reads no clock and draws nothing by itself. [`Scene::settle`] tells it the time; input changes it;
//! [`Scene::view`] lists what a display shows. The same calls make the same pixels.

mod actions;
mod call;
mod controls;
mod field;
mod front_of_room;
mod home;
mod ids;
mod input;
mod join;
mod keyboard;
mod saved;
mod schedule;
mod settings_page;
mod share;
mod sign_in;
mod system;
mod widgets;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::Duration;

use protocol::geometry::PixelSize;
use protocol::ids::DisplayId;

use super::super::{Key, RoomName};
use super::clock::LocalTime;
use super::cursor::CursorKind;
use super::draw::{Area, Icon, View};
use field::Field;
use ids::Id;
pub use ids::{FieldId, Page, Section, Slider, Switch};
use keyboard::Keyboard;
pub use saved::SavedSettings;
pub(super) use schedule::scattered_text;

/// Every display of the simulated console has this size.
pub(super) const DISPLAY_SIZE: PixelSize = PixelSize::new(1920, 1080);
/// Its width, as drawing counts.
const WIDTH: i32 = DISPLAY_SIZE.width as i32;
/// Frames of motion in a second.
const FRAMES_PER_SECOND: u64 = 30;
const CARET_BLINK: Duration = Duration::from_millis(530);
const TOAST_STAYS: Duration = Duration::from_millis(2600);
/// Lines of the event list in the settings.
const EVENTS_MAX: usize = 60;

/// Parts of a restart, in thousandths of its duration.
const GONE_AT: u32 = 220;
const BACK_AT: u32 = 450;

/// What a scene is made with.
pub(super) struct SceneOptions {
    pub(super) room_name: RoomName,
    pub(super) seed: u64,
    pub(super) motion: bool,
    pub(super) restart_takes: Duration,
    pub(super) state_file: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Power {
    On,
    Restarting { since: Duration },
}

/// A call that the room is in.
struct Call {
    since: Duration,
    title: String,
    muted: bool,
    camera_off: bool,
}

/// A short message at the bottom of the console.
struct Toast {
    icon: Icon,
    text: String,
    until: Duration,
}

/// What the pressed pointer is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Drag {
    Press(Id),
    Slider(Slider),
    Select(FieldId),
    Scroll { list: ids::List, grip_y: i32 },
}

/// A press that may become the first half of a double click.
#[derive(Debug, Clone, Copy)]
struct LastPress {
    at: Duration,
    x: i32,
    y: i32,
}

#[expect(clippy::struct_excessive_bools, reason = "each is a state of its own: none excludes another")]
pub(super) struct Scene {
    options: SceneOptions,
    saved: SavedSettings,
    key: Key,
    now: Duration,
    local: LocalTime,
    power: Power,
    page: Page,
    call: Option<Call>,
    share_code: bool,
    fields: [Field; FieldId::ALL.len()],
    focus: Option<Id>,
    /// The keyboard moved the focus: it is drawn around buttons as well.
    focus_by_keyboard: bool,
    caret_since: Duration,
    pointer: Option<(DisplayId, i32, i32)>,
    hover: Option<Id>,
    drag: Option<Drag>,
    last_press: Option<LastPress>,
    wheel_rest: i32,
    meetings_scroll: i32,
    events_scroll: i32,
    toast: Option<Toast>,
    security: bool,
    asleep: bool,
    keyboard: Keyboard,
    clipboard: String,
    windows_taps: VecDeque<Duration>,
    events: VecDeque<(LocalTime, String)>,
}

/// What a test or a training view may know of a scene.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "a flat list of what can be asked")]
pub struct SceneState {
    pub page: Page,
    pub in_call: bool,
    pub muted: bool,
    pub security_screen: bool,
    pub asleep: bool,
    pub restarting: bool,
    pub caps_lock: bool,
    pub focused_field: Option<FieldId>,
    pub notes: String,
    pub join_code: String,
    pub toast: Option<String>,
    pub share_code: bool,
    pub settings: SavedSettings,
}

impl Scene {
    pub(super) fn new(options: SceneOptions, local: LocalTime) -> Self {
        let saved = options.state_file.as_deref().map(SavedSettings::load).unwrap_or_default();
        let mut scene = Self {
            saved,
            options,
            key: Key::default(),
            now: Duration::ZERO,
            local,
            power: Power::On,
            page: Page::Home,
            call: None,
            share_code: false,
            fields: Default::default(),
            focus: None,
            focus_by_keyboard: false,
            caret_since: Duration::ZERO,
            pointer: None,
            hover: None,
            drag: None,
            last_press: None,
            wheel_rest: 0,
            meetings_scroll: 0,
            events_scroll: 0,
            toast: None,
            security: false,
            asleep: false,
            keyboard: Keyboard::default(),
            clipboard: String::new(),
            windows_taps: VecDeque::new(),
            events: VecDeque::new(),
        };
        scene.remember_past();
        scene.show_saved_fields();
        scene
    }

    /// Brings the scene to a time: restarts go on, messages fade, held keys repeat.
    pub(super) fn settle(&mut self, now: Duration, local: LocalTime) {
        self.now = self.now.max(now);
        self.local = local;
        if self.toast.as_ref().is_some_and(|toast| toast.until <= self.now) {
            self.toast = None;
        }
        self.settle_restart();
        self.repeat_held_key();
    }

    /// The displays are connected: not in the middle of a restart.
    pub(super) fn is_lit(&self) -> bool {
        !matches!(self.restart_progress(), Some(GONE_AT..BACK_AT))
    }

    pub(super) fn set_key(&mut self, key: Key) {
        self.key = key;
    }

    pub(super) fn settings(&self) -> &SavedSettings {
        &self.saved
    }

    pub(super) fn is_restarting(&self) -> bool {
        self.power != Power::On
    }

    pub(super) fn in_call(&self) -> bool {
        self.call.is_some()
    }

    pub(super) fn restart(&mut self) {
        if self.power == Power::On {
            self.power = Power::Restarting { since: self.now };
            self.remember("Restart requested");
            self.end_call();
            // Whoever signed in is signed out; the room's own user comes back by itself. A killed app is started again.
            self.saved.account = None;
            self.saved.room_app = true;
            self.store();
        }
    }

    /// When the next step of a restart comes.
    pub(super) fn next_restart_step(&self) -> Option<Duration> {
        let Power::Restarting { since } = self.power else { return None };
        let steps = [GONE_AT, BACK_AT, 1000].map(|at| since + self.options.restart_takes * at / 1000);
        steps.into_iter().find(|at| self.now < *at)
    }

    /// When a display changes by itself.
    pub(super) fn next_change(&self, display: DisplayId) -> Duration {
        let to_minute = 60 - self.local.0.rem_euclid(60) as u64;
        let mut next = self.now + Duration::from_secs(to_minute);
        let mut no_later = |at: Option<Duration>| next = next.min(at.unwrap_or(next));
        no_later(self.next_restart_step());
        no_later(self.moves(display).then(|| self.next_frame()));
        no_later(self.call.as_ref().map(|call| next_tick(call.since, self.now, Duration::from_secs(1))));
        if display == DisplayId::Console {
            no_later(self.toast.as_ref().map(|toast| toast.until));
            no_later(self.keyboard.next_repeat());
            no_later(self.focused_field().map(|_| next_tick(self.caret_since, self.now, CARET_BLINK)));
        }
        next.max(self.now + Duration::from_millis(1))
    }

    pub(super) fn view(&self, display: DisplayId) -> View<Id> {
        let mut view = View::new(DISPLAY_SIZE.bounds().into());
        let screen = Area::from(DISPLAY_SIZE.bounds());
        if let Some(progress) = self.restart_progress() {
            system::restart(&mut view, self, display, progress);
        } else if self.asleep {
            system::standby(&mut view, self, screen);
        } else {
            match display {
                DisplayId::Console => self.console(&mut view),
                DisplayId::FrontOfRoom1 if self.saved.swap_displays => front_of_room::content(&mut view, self),
                DisplayId::FrontOfRoom2 if !self.saved.swap_displays => front_of_room::content(&mut view, self),
                DisplayId::FrontOfRoom1 | DisplayId::FrontOfRoom2 => front_of_room::people(&mut view, self),
            }
        }
        view
    }

    pub(super) fn cursor(&self, display: DisplayId) -> CursorKind {
        let here = self.pointer.is_some_and(|(pointed, ..)| pointed == display);
        if here { self.hover.map_or(CursorKind::Arrow, Id::cursor) } else { CursorKind::Arrow }
    }

    pub(super) fn state(&self) -> SceneState {
        SceneState {
            page: self.page,
            in_call: self.in_call(),
            muted: self.call.as_ref().is_some_and(|call| call.muted),
            security_screen: self.security,
            asleep: self.asleep,
            restarting: self.is_restarting(),
            caps_lock: self.keyboard.locks.caps,
            focused_field: self.focused_field(),
            notes: self.field(FieldId::Notes).text(),
            join_code: self.field(FieldId::JoinCode).text(),
            toast: self.toast.as_ref().map(|toast| toast.text.clone()),
            share_code: self.share_code,
            settings: self.saved.clone(),
        }
    }

    fn console(&self, view: &mut View<Id>) {
        widgets::backdrop(view);
        if self.key.waits_for_approval {
            return system::approval(view, self);
        }
        match self.page {
            Page::Home => home::draw(view, self),
            Page::Join => join::draw(view, self),
            Page::Share => share::draw(view, self),
            Page::Controls => controls::draw(view, self),
            Page::Settings(section) => settings_page::draw(view, self, section),
            Page::SignIn => sign_in::draw(view, self),
            Page::Call => call::draw(view, self),
        }
        widgets::toast(view, self);
        if self.security {
            system::security(view, self);
        }
    }

    fn room_name(&self) -> String {
        let name = self.options.room_name.get();
        if name.is_empty() { "Meeting room".to_owned() } else { name }
    }

    /// How far a restart has come, in thousandths.
    fn restart_progress(&self) -> Option<u32> {
        let Power::Restarting { since } = self.power else { return None };
        let takes = self.options.restart_takes.as_micros().max(1);
        Some((self.now.saturating_sub(since).as_micros() * 1000 / takes).min(1000) as u32)
    }

    fn settle_restart(&mut self) {
        let Some(progress) = self.restart_progress() else { return };
        if GONE_AT <= progress {
            self.forget_everything_unsaved();
        }
        if 1000 <= progress {
            self.power = Power::On;
            self.remember("Console started");
        }
    }

    fn forget_everything_unsaved(&mut self) {
        self.page = Page::Home;
        self.share_code = false;
        self.fields = Default::default();
        self.show_saved_fields();
        self.focus = None;
        self.hover = None;
        self.drag = None;
        self.toast = None;
        self.security = false;
        self.asleep = false;
        self.keyboard = Keyboard::default();
        self.clipboard.clear();
        self.meetings_scroll = 0;
        self.events_scroll = 0;
    }

    fn show_saved_fields(&mut self) {
        let (device_name, contact) = (self.saved.device_name.clone(), self.saved.contact.clone());
        self.field_mut(FieldId::DeviceName).set(&device_name);
        self.field_mut(FieldId::Contact).set(&contact);
    }

    fn store(&self) {
        if let Some(file) = &self.options.state_file {
            self.saved.store(file);
        }
    }

    fn remember(&mut self, event: &str) {
        self.events.push_front((self.local, event.to_owned()));
        self.events.truncate(EVENTS_MAX);
    }

    /// A list that begins with nothing could not show that it scrolls.
    fn remember_past(&mut self) {
        const PAST: [&str; 6] = [
            "Displays checked: all connected",
            "Call ended",
            "Call started",
            "Time synchronised",
            "Content sharing stopped",
            "Room lights set to meeting",
        ];
        let mut at = self.local.minute_of_era();
        for i in 0..28 {
            let dice = schedule::scattered(self.options.seed.wrapping_add(i));
            at -= 7 + (dice % 90) as i64;
            self.events.push_back((LocalTime::from_minute(at), PAST[(dice / 90 % 6) as usize].to_owned()));
        }
        self.remember("Console started");
    }

    fn field(&self, id: FieldId) -> &Field {
        &self.fields[id as usize]
    }

    fn field_mut(&mut self, id: FieldId) -> &mut Field {
        &mut self.fields[id as usize]
    }

    fn focused_field(&self) -> Option<FieldId> {
        match self.focus {
            Some(Id::Field(field)) if !self.security && !self.asleep && self.power == Power::On => Some(field),
            _ => None,
        }
    }

    fn caret_is_lit(&self) -> bool {
        (self.now.saturating_sub(self.caret_since).as_millis() / CARET_BLINK.as_millis()).is_multiple_of(2)
    }

    fn frame(&self) -> u32 {
        (self.now.as_micros() as u64 * FRAMES_PER_SECOND / 1_000_000) as u32
    }

    fn next_frame(&self) -> Duration {
        Duration::from_micros((u64::from(self.frame()) + 1) * 1_000_000 / FRAMES_PER_SECOND + 1)
    }

    fn has_motion(&self) -> bool {
        self.options.motion && self.saved.motion
    }

    fn moves(&self, display: DisplayId) -> bool {
        if self.is_restarting() {
            return true;
        }
        display != DisplayId::Console && self.has_motion() && !self.asleep
    }
}

/// The next multiple of `step` after `start`.
fn next_tick(start: Duration, now: Duration, step: Duration) -> Duration {
    let steps = now.saturating_sub(start).as_micros() / step.as_micros() + 1;
    start + step * steps as u32
}
