//! What the console does when it is used, seen from outside.

use std::hash::{DefaultHasher, Hasher as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use protocol::access::Access;
use protocol::geometry::{PixelPoint, PixelRect};
use protocol::ids::DisplayId;
use protocol::input::{LockKeys, PointerButton};
use protocol::keycode::KeyCode;

use super::super::{CallObservation, Capture, Injector, Platform, PlatformError, RingPerson};
use super::cursor::CursorKind;
use super::*;

/// A Sunday in November, five past two in the afternoon.
const AFTERNOON: i64 = 1_795_356_300;

const NOTES: (u16, u16) = (1300, 860);
const START_CALL: (u16, u16) = (1100, 300);
const END_CALL: (u16, u16) = (1740, 935);
const SETTINGS: (u16, u16) = (1600, 550);
const BACK: (u16, u16) = (106, 82);
const SOUND: (u16, u16) = (200, 306);
const KEYBOARD: (u16, u16) = (200, 498);
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

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}

#[test]
fn typing_shows_in_the_field_with_little_damage() {
    let mut room = Room::new();
    room.click(NOTES);
    let mut capture = room.capture(DisplayId::Console);
    assert_eq!(news(&mut *capture), [PixelRect::new(0, 0, 1920, 1080)]);
    let field = PixelRect::new(908, 728, 912, 252);
    // The first letter takes the hint's place, and brings the button that clears the field.
    room.keys(&[KeyCode::KeyH]);
    assert!(covered(&news(&mut *capture)) < 1920 * 1080 / 50);
    for code in [KeyCode::KeyI, KeyCode::Space, KeyCode::KeyA] {
        room.keys(&[code]);
        let rects = news(&mut *capture);
        assert!(!rects.is_empty(), "{code:?}");
        assert!(covered(&rects) < 1920 * 1080 / 500, "{code:?}: {rects:?}");
        assert!(rects.iter().all(|rect| rect.intersection(field) == Some(*rect)), "{code:?}: {rects:?}");
    }
    assert_eq!(room.notes(), "hi a");
    assert_eq!(room.console.state().focused_field, Some(FieldId::Notes));
}

#[test]
fn typing_on_the_home_screen_goes_to_the_notes() {
    let mut room = Room::new();
    room.keys(&[KeyCode::KeyO]);
    room.injector().text("k then\n").expect("types");
    assert_eq!(room.notes(), "ok then\n");
}

#[test]
fn what_a_capture_collects_is_what_the_display_shows() {
    let mut room = Room::new();
    let mut console = room.capture(DisplayId::Console);
    let mut late = room.capture(DisplayId::Console);
    let mut front = room.capture(DisplayId::FrontOfRoom1);
    let steps: [fn(&mut Room); 12] = [
        |room| room.click(NOTES),
        |room| {
            room.injector()
                .text("a line of words\nand äöü €, and a very long one that has to be wrapped")
                .expect("types");
        },
        |room| room.keys(&[KeyCode::ControlLeft, KeyCode::KeyA]),
        |room| room.click(START_CALL),
        |room| room.pass(Duration::from_millis(2345)),
        |room| room.keys(&[KeyCode::MetaLeft]),
        |room| room.click(END_CALL),
        |room| room.keys(&[KeyCode::ControlLeft, KeyCode::AltLeft, KeyCode::Delete]),
        |room| room.keys(&[KeyCode::Escape]),
        |room| room.click(SETTINGS),
        |room| room.click(SOUND),
        |room| room.click(BACK),
    ];
    for (i, step) in steps.into_iter().enumerate() {
        step(&mut room);
        for (capture, display) in [(&mut console, DisplayId::Console), (&mut front, DisplayId::FrontOfRoom1)] {
            let rects = news(&mut **capture);
            let overlap = (0..rects.len()).any(|a| (0..a).any(|b| rects[a].intersection(rects[b]).is_some()));
            assert!(!overlap, "step {i}");
            assert!(capture.pixels().bgra == room.picture(display), "step {i}: {display:?}");
        }
    }
    news(&mut *late);
    assert!(late.pixels().bgra == room.picture(DisplayId::Console), "a capture that looks late sees the same");
}

#[test]
fn same_events_make_same_pixels() {
    let play = || {
        let mut room = Room::new();
        room.click(NOTES);
        room.injector().text("determined").expect("types");
        room.pass(Duration::from_millis(1234));
        room.click(START_CALL);
        room.pass(Duration::from_millis(5678));
        DisplayId::ALL.map(|display| hash(&room.picture(display)))
    };
    assert_eq!(play(), play());
}

#[test]
fn us_layout_types_by_place() {
    let mut room = Room::new();
    room.click(NOTES);
    room.keys(&[KeyCode::ShiftLeft, KeyCode::KeyZ]);
    room.keys(&[KeyCode::ShiftRight, KeyCode::Digit2]);
    for code in [KeyCode::BracketLeft, KeyCode::BracketRight, KeyCode::Backslash] {
        room.keys(&[code]);
        room.keys(&[KeyCode::ShiftLeft, code]);
    }
    room.keys(&[KeyCode::ShiftLeft, KeyCode::Backquote]);
    room.keys(&[KeyCode::Numpad7]);
    assert_eq!(room.notes(), r"Z@[{]}\|~7");
}

#[test]
fn german_layout_is_chosen_in_the_settings_and_has_a_third_level() {
    let mut room = Room::new();
    room.click(SETTINGS);
    room.click(KEYBOARD);
    room.click(GERMAN);
    assert_eq!(room.console.state().settings.keyboard, KeyboardLayout::German);
    room.click(BACK);
    room.click(NOTES);
    let third = [
        KeyCode::KeyQ,
        KeyCode::KeyE,
        KeyCode::Digit7,
        KeyCode::Digit0,
        KeyCode::Digit8,
        KeyCode::Digit9,
        KeyCode::Minus,
        KeyCode::IntlBackslash,
        KeyCode::BracketRight,
    ];
    for code in third {
        room.keys(&[KeyCode::AltRight, code]);
    }
    room.keys(&[KeyCode::ControlLeft, KeyCode::AltLeft, KeyCode::KeyQ]);
    room.keys(&[KeyCode::KeyZ]);
    room.keys(&[KeyCode::ShiftLeft, KeyCode::Quote]);
    room.keys(&[KeyCode::Equal]);
    room.keys(&[KeyCode::KeyE]);
    room.keys(&[KeyCode::Backquote]);
    room.keys(&[KeyCode::Space]);
    assert_eq!(room.notes(), r"@€{}[]\|~@yÄé^");
}

#[test]
fn editing_keys_edit() {
    let mut room = Room::new();
    room.click(NOTES);
    room.injector().text("one two").expect("types");
    room.keys(&[KeyCode::Home]);
    room.keys(&[KeyCode::Delete]);
    room.keys(&[KeyCode::End]);
    room.keys(&[KeyCode::Backspace]);
    room.keys(&[KeyCode::ArrowLeft]);
    room.keys(&[KeyCode::ShiftLeft, KeyCode::KeyW]);
    assert_eq!(room.notes(), "ne tWw");
    room.keys(&[KeyCode::ControlLeft, KeyCode::KeyA]);
    room.keys(&[KeyCode::ControlLeft, KeyCode::KeyC]);
    room.keys(&[KeyCode::Backspace]);
    assert_eq!(room.notes(), "");
    room.keys(&[KeyCode::ControlLeft, KeyCode::KeyV]);
    room.keys(&[KeyCode::Enter]);
    room.keys(&[KeyCode::ControlRight, KeyCode::KeyV]);
    assert_eq!(room.notes(), "ne tWw\nne tWw");
}

#[test]
fn a_held_key_repeats_until_it_is_released() {
    let mut room = Room::new();
    room.click(NOTES);
    room.injector().key(KeyCode::KeyX, true).expect("presses");
    room.pass(Duration::from_millis(400));
    assert_eq!(room.notes(), "x");
    room.pass(Duration::from_millis(170));
    assert_eq!(room.notes(), "xxxx");
    room.injector().key(KeyCode::KeyX, false).expect("releases");
    room.pass(Duration::from_secs(5));
    assert_eq!(room.notes(), "xxxx");
}

#[test]
fn lock_keys_follow_the_browser() {
    let mut room = Room::new();
    room.click(NOTES);
    room.keys(&[KeyCode::CapsLock]);
    room.keys(&[KeyCode::KeyA]);
    let locks = LockKeys { caps_lock: Some(false), num_lock: Some(false), scroll_lock: None };
    room.injector().locks(locks).expect("locks");
    room.keys(&[KeyCode::KeyB]);
    room.keys(&[KeyCode::Numpad4]);
    room.keys(&[KeyCode::KeyC]);
    assert_eq!(room.notes(), "Acb");
}

#[test]
fn a_slider_follows_the_pointer_and_is_kept() {
    let mut room = Room::new();
    room.click(SETTINGS);
    room.click(SOUND);
    let mut capture = room.capture(DisplayId::Console);
    news(&mut *capture);
    room.move_to((1400, 258));
    room.injector().button(PointerButton::Primary, true).expect("presses");
    let halfway = room.console.state().settings.volume;
    for x in (1400..1640).step_by(10) {
        room.move_to((x, 258));
        assert!(covered(&news(&mut *capture)) < 1920 * 1080 / 20);
    }
    // The pointer is held by the slider, wherever it goes.
    room.move_to((1900, 900));
    room.injector().button(PointerButton::Primary, false).expect("releases");
    room.move_to((1300, 258));
    assert!((30..50).contains(&halfway), "{halfway}");
    assert_eq!(room.console.state().settings.volume, 100);
}

#[test]
fn settings_survive_a_restart_and_notes_do_not() {
    let mut room = Room::new();
    room.click(NOTES);
    room.injector().text("gone soon").expect("types");
    room.click(SETTINGS);
    room.click(TWENTY_FOUR_HOURS);
    room.click((1500, 234));
    room.keys(&[KeyCode::ControlLeft, KeyCode::KeyA]);
    room.injector().text("Stage left\n").expect("types");
    room.platform.power.restart().expect("restarts");
    room.pass(Duration::from_secs(5));
    let state = room.console.state();
    assert!(!state.restarting);
    assert_eq!((state.page, state.notes.as_str()), (Page::Home, ""));
    assert!(!state.settings.twenty_four_hours);
    assert_eq!(state.settings.device_name, "Stage left");
}

#[test]
fn settings_are_kept_in_their_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("console.json");
    let mut room = Room::with(|options| options.state_file = Some(file.clone()));
    room.click(NOTES);
    room.injector().text("canary-of-the-notes").expect("types");
    room.click(SETTINGS);
    room.click(TWENTY_FOUR_HOURS);
    drop(room);
    let kept = std::fs::read_to_string(&file).expect("was written");
    assert!(!kept.contains("canary"), "what is typed into the notes is not kept");
    let again = Room::with(|options| options.state_file = Some(file.clone()));
    assert!(!again.console.state().settings.twenty_four_hours);
    std::fs::write(&file, "not json").expect("writes");
    let fresh = Room::with(|options| options.state_file = Some(file.clone()));
    assert_eq!(fresh.console.state().settings, SavedSettings::default());
}

#[test]
fn starting_a_call_changes_the_call_state() {
    let mut room = Room::new();
    assert_eq!(room.platform.call_state.look(), CallObservation::Idle);
    room.click(START_CALL);
    assert_eq!(room.platform.call_state.look(), CallObservation::InCall);
    assert_eq!(room.console.state().page, Page::Call);
    let mut capture = room.capture(DisplayId::Console);
    news(&mut *capture);
    room.pass(Duration::from_secs(1));
    let rects = news(&mut *capture);
    assert!(!rects.is_empty() && covered(&rects) < 20_000, "the duration ticks: {rects:?}");
    room.click(END_CALL);
    assert_eq!(room.platform.call_state.look(), CallObservation::Idle);
}

#[cfg(unix)]
#[test]
fn configured_commands_are_obeyed() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("restarted");
    let mut room = Room::with(|options| {
        options.call_state_command = vec!["true".to_owned()];
        options.restart_command = vec!["touch".to_owned(), file.to_string_lossy().into_owned()];
    });
    assert_eq!(room.platform.call_state.look(), CallObservation::InCall);
    assert!(!room.console.state().in_call);
    room.platform.power.restart().expect("restarts");
    assert!(room.console.state().restarting);
    let deadline = Instant::now() + Duration::from_secs(20);
    while !file.exists() {
        assert!(Instant::now() < deadline, "the command did not run");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_press_that_is_dragged_away_does_nothing() {
    let mut room = Room::new();
    room.move_to(START_CALL);
    room.injector().button(PointerButton::Primary, true).expect("presses");
    room.move_to((1300, 40));
    room.injector().button(PointerButton::Primary, false).expect("releases");
    assert!(!room.console.state().in_call);
}

#[test]
fn buttons_answer_to_the_pointer_and_the_cursor_tells() {
    let mut room = Room::new();
    let mut capture = room.capture(DisplayId::Console);
    let first = capture.wait(Duration::ZERO).expect("is connected");
    assert_eq!(first.cursor, Some(Some(CursorKind::Arrow.shape())));
    for (at, kind) in [(START_CALL, CursorKind::Hand), (NOTES, CursorKind::Caret), ((860, 40), CursorKind::Arrow)] {
        room.move_to(at);
        let damage = capture.wait(Duration::ZERO).expect("is connected");
        assert_eq!(damage.cursor, Some(Some(kind.shape())), "{kind:?}");
        assert!(!damage.rects.is_empty(), "{kind:?}");
    }
}

#[test]
fn tab_and_enter_are_enough() {
    let mut room = Room::new();
    for _ in 0..20 {
        room.keys(&[KeyCode::Tab]);
        if room.console.state().focused_field.is_some() {
            break;
        }
    }
    assert_eq!(room.console.state().focused_field, Some(FieldId::Notes), "the notes can be reached");
    room.keys(&[KeyCode::Escape]);
    // Sign in, join the meeting, start a call.
    for _ in 0..3 {
        room.keys(&[KeyCode::Tab]);
    }
    room.keys(&[KeyCode::Enter]);
    assert!(room.console.state().in_call);
}

#[test]
fn the_wheel_scrolls_the_list_below_the_pointer() {
    let mut room = Room::new();
    let mut capture = room.capture(DisplayId::Console);
    room.move_to((300, 800));
    news(&mut *capture);
    room.injector().wheel(0, 40).expect("turns");
    let rects = news(&mut *capture);
    assert!(!rects.is_empty());
    assert!(rects.iter().all(|rect| rect.right() < 840), "only the list: {rects:?}");
    room.injector().wheel(0, -120).expect("turns");
    news(&mut *capture);
    room.injector().wheel(0, -120).expect("turns");
    assert_eq!(news(&mut *capture), [], "the list is at its top");
}

#[test]
fn system_keys_do_something_visible() {
    let mut room = Room::new();
    let cases: [(&[KeyCode], &str); 4] = [
        (&[KeyCode::MetaLeft], "Windows key"),
        (&[KeyCode::AltLeft, KeyCode::F4], "Alt+F4: the room app stays open"),
        (&[KeyCode::AltLeft, KeyCode::Tab], "Alt+Tab: no other window is open"),
        (&[KeyCode::PrintScreen], "Print Screen: picture copied"),
    ];
    for (chord, toast) in cases {
        room.keys(chord);
        assert_eq!(room.console.state().toast.as_deref(), Some(toast));
    }
    room.pass(Duration::from_secs(3));
    assert_eq!(room.console.state().toast, None);
    room.keys(&[KeyCode::MetaLeft, KeyCode::KeyI]);
    assert_eq!(room.console.state().page, Page::Settings(Section::General));
    room.keys(&[KeyCode::ControlLeft, KeyCode::AltLeft, KeyCode::Delete]);
    assert!(room.console.state().security_screen);
    room.keys(&[KeyCode::Enter]);
    assert!(!room.console.state().security_screen, "Cancel has the focus");
    room.pass(Duration::from_secs(10));
    for _ in 0..5 {
        room.keys(&[KeyCode::MetaLeft]);
    }
    assert_eq!(room.console.state().page, Page::SignIn);
}

#[test]
fn a_restart_takes_the_displays_away_and_brings_them_back() {
    let mut room = Room::new();
    room.click(START_CALL);
    let changes = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&changes);
    room.platform.displays.on_change(Box::new(move || {
        counter.fetch_add(1, Ordering::SeqCst);
    }));
    let epoch = room.platform.displays.list().1;
    let mut capture = room.capture(DisplayId::Console);
    news(&mut *capture);
    room.platform.power.restart().expect("restarts");
    assert!(!room.console.state().in_call, "no call survives");
    assert!(!news(&mut *capture).is_empty(), "it is seen to go down");
    assert_eq!(room.platform.displays.list().0.len(), 3);
    room.pass(Duration::from_secs(1));
    assert_eq!(room.platform.displays.list(), (Vec::new(), epoch + 1));
    assert!(matches!(capture.wait(Duration::ZERO), Err(PlatformError::NoSuchDisplay(DisplayId::Console))));
    assert!(room.platform.displays.capture(DisplayId::Console).is_err());
    room.pass(Duration::from_secs(1));
    assert_eq!(room.platform.displays.list().0.len(), 3);
    assert!(capture.wait(Duration::ZERO).is_err(), "the old capture stays over");
    let mut starting = room.capture(DisplayId::Console);
    news(&mut *starting);
    room.pass(Duration::from_millis(500));
    assert!(covered(&news(&mut *starting)) < 20_000, "the progress moves");
    assert!(room.console.state().restarting);
    room.pass(Duration::from_secs(2));
    assert!(!room.console.state().restarting);
    assert!(1920 * 1080 / 4 < covered(&news(&mut *starting)), "the home screen is up");
    assert_eq!(changes.load(Ordering::SeqCst), 2);
}

#[test]
fn a_restart_goes_on_when_nobody_looks() {
    let options = Options { restart_takes: Duration::from_millis(120), ..Options::default() };
    let console = Simulated::open(options).expect("opens");
    let mut platform = console.platform();
    let (tell, told) = std::sync::mpsc::sync_channel(8);
    platform.displays.on_change(Box::new(move || {
        let _ = tell.try_send(());
    }));
    platform.power.restart().expect("restarts");
    for _ in 0..2 {
        told.recv_timeout(Duration::from_secs(20)).expect("the displays go and come back");
    }
    assert_eq!(platform.displays.list().0.len(), 3);
}

#[test]
fn motion_is_bounded_and_stops_with_its_switch() {
    let mut room = Room::new();
    for display in [DisplayId::FrontOfRoom1, DisplayId::FrontOfRoom2] {
        let mut capture = room.capture(display);
        news(&mut *capture);
        room.pass(Duration::from_millis(40));
        let rects = news(&mut *capture);
        let part = covered(&rects) * 100 / (1920 * 1080);
        assert!((1..30).contains(&part), "{display:?}: {part} %");
    }
    let still = Room::with(|options| options.motion = false);
    let mut capture = still.capture(DisplayId::FrontOfRoom1);
    news(&mut *capture);
    still.pass(Duration::from_millis(400));
    assert_eq!(news(&mut *capture), []);
    room.click(START_CALL);
    let mut capture = room.capture(DisplayId::FrontOfRoom1);
    news(&mut *capture);
    room.pass(Duration::from_millis(140));
    let part = covered(&news(&mut *capture)) * 100 / (1920 * 1080);
    assert!(part < 2, "voices: {part} %");
}

#[test]
fn captures_wait_and_can_be_woken() {
    let console = Simulated::open(Options { motion: false, ..Options::default() }).expect("opens");
    let mut platform = console.platform();
    let mut capture = platform.displays.capture(DisplayId::Console).expect("captures");
    news(&mut *capture);
    let waker = capture.waker();
    waker.wake();
    let started = Instant::now();
    let woken = capture.wait(Duration::from_secs(30)).expect("is connected");
    assert!(woken.rects.is_empty() && woken.captured_at.is_none());
    let waiting = std::thread::spawn(move || capture.wait(Duration::from_secs(30)).map(|damage| damage.rects));
    std::thread::sleep(Duration::from_millis(30));
    platform.injector.key(KeyCode::MetaLeft, true).expect("presses");
    platform.injector.key(KeyCode::MetaLeft, false).expect("releases");
    let rects = waiting.join().expect("does not panic").expect("is connected");
    assert!(!rects.is_empty());
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn standby_is_left_by_touch_and_by_command() {
    let mut room = Room::new();
    for wake in [
        |room: &mut Room| room.click((900, 500)),
        |room: &mut Room| {
            room.injector().wake_displays().expect("wakes");
        },
    ] {
        room.click((1100, 550));
        room.click((200, 930));
        assert!(room.console.state().asleep);
        wake(&mut room);
        assert!(!room.console.state().asleep);
        room.click(BACK);
    }
}

#[test]
fn the_ring_is_over_the_displays_and_not_in_their_captures() {
    let mut room = Room::new();
    let before = room.picture(DisplayId::Console);
    let person = RingPerson { name: "Tess".to_owned(), access: Access::View, since: "14:05".to_owned() };
    room.platform.ring.show(std::slice::from_ref(&person)).expect("shows");
    assert_eq!(room.console.ring_state(), Some(vec![person]));
    assert!(room.picture(DisplayId::Console) == before);
    let seen = room.console.room_view(DisplayId::Console).expect("is connected");
    assert_eq!(seen.bgra[..3], [0x38, 0x2B, 0xE5]);
    room.platform.ring.hide();
    assert_eq!(room.console.ring_state(), None);
    room.console.set_ring_fails(true);
    assert!(room.platform.ring.show(&[]).is_err());
}

#[test]
fn displays_can_be_unplugged() {
    let room = Room::with(|options| options.displays = 2);
    let (list, epoch) = room.platform.displays.list();
    assert_eq!(list.iter().map(|info| info.id).collect::<Vec<_>>(), [DisplayId::Console, DisplayId::FrontOfRoom1]);
    let mut capture = room.capture(DisplayId::FrontOfRoom1);
    room.console.set_plugged_in(DisplayId::FrontOfRoom1, false);
    assert!(capture.wait(Duration::ZERO).is_err());
    room.console.set_plugged_in(DisplayId::FrontOfRoom1, true);
    assert_eq!(room.platform.displays.list().1, epoch + 2);
    assert!(Simulated::open(Options { displays: 4, ..Options::default() }).is_err());
}

#[test]
fn the_trace_is_bounded() {
    let mut room = Room::with(|options| options.trace_events = 3);
    for code in [KeyCode::KeyA, KeyCode::KeyB] {
        room.keys(&[code]);
    }
    let expected = [
        TraceEvent::Key { code: KeyCode::KeyA, down: false },
        TraceEvent::Key { code: KeyCode::KeyB, down: true },
        TraceEvent::Key { code: KeyCode::KeyB, down: false },
    ];
    assert_eq!(room.console.trace(), expected);
}

#[test]
fn signing_in_takes_any_account() {
    let mut room = Room::new();
    room.click((1730, 82));
    room.click((960, 526));
    room.injector().text("ada@example.com\tsecret\n").expect("types");
    let state = room.console.state();
    assert_eq!((state.page, state.settings.account.as_deref()), (Page::Home, Some("ada@example.com")));
    room.click((1730, 82));
    assert_eq!(room.console.state().settings.account, None);
}

#[test]
fn a_hundred_consoles_that_nobody_watches_hold_no_pixels() {
    let consoles: Vec<Simulated> = (0..100).map(|_| Simulated::open(Options::default()).expect("opens")).collect();
    for console in &consoles {
        drop(console.platform().displays.capture(DisplayId::Console).expect("captures"));
        let pixels = console.device.with(|inner| DisplayId::ALL.map(|display| inner.screen(display).is_some()));
        assert_eq!(pixels, [false; 3]);
    }
}
