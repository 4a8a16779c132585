use protocol::geometry::{PixelPoint, PixelRect};
use protocol::ids::DisplayId;
use protocol::input::LockKeys;
use protocol::keycode::KeyCode;
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{ConnectionExt as _, KeyPressEvent};
use xkeysym::Keysym;

use super::super::connection::XServer;
use super::xvfb::{Program, Xvfb, eventually};
use crate::platform::{Injector, Platform};

/// Every character that is hard on some layout.
const HARD: &str = "aA1!@€{}[]\\|~äß^`´ñ♥😀   ";

fn press(event: &Event) -> Option<KeyPressEvent> {
    match event {
        Event::KeyPress(event) => Some(*event),
        _ => None,
    }
}

/// What a program makes of a key press, from the core protocol's map rather than from XKB's.
fn keysym(server: &XServer, event: KeyPressEvent) -> Keysym {
    let (min, state) = (server.connection.setup().min_keycode, u16::from(event.state));
    let count = server.connection.setup().max_keycode - min + 1;
    let map = server.connection.get_keyboard_mapping(min, count).expect("sent").reply().expect("a map");
    let width = usize::from(map.keysyms_per_keycode);
    let row = &map.keysyms[usize::from(event.detail - min) * width..][..width];
    // Columns 0 and 1 are the plain levels, 4 and 5 those of AltGr, which is the fifth modifier.
    let column = if state & 0x80 == 0 { 0 } else { 4 };
    let shift = state & 1 != 0 || (state & 2 != 0 && column == 0);
    Keysym::new(row[column + usize::from(shift)])
}

fn typed(program: &Program, n: usize) -> String {
    let presses = program.expect(n, press);
    presses.into_iter().filter_map(|event| keysym(&program.server, event).key_char()).collect()
}

fn tap(injector: &mut dyn Injector, code: KeyCode) {
    injector.key(code, true).expect("it presses");
    injector.key(code, false).expect("it releases");
}

fn start(layout: &str) -> (Xvfb, Program, Platform) {
    let xvfb = Xvfb::start();
    xvfb.set_layout(layout);
    let program = Program::open(&xvfb, PixelRect::new(0, 0, 300, 300));
    let platform = xvfb.open();
    (xvfb, program, platform)
}

#[test]
fn keys_type_what_the_layout_says() {
    let (xvfb, program, mut platform) = start("us");
    let injector = &mut *platform.injector;
    tap(injector, KeyCode::KeyZ);
    tap(injector, KeyCode::Digit2);
    injector.key(KeyCode::ShiftLeft, true).expect("it presses");
    tap(injector, KeyCode::Digit2);
    injector.key(KeyCode::ShiftLeft, false).expect("it releases");
    assert_eq!(typed(&program, 4), "z2@");

    xvfb.set_layout("de");
    tap(injector, KeyCode::KeyZ);
    injector.key(KeyCode::AltRight, true).expect("it presses");
    for code in [KeyCode::KeyQ, KeyCode::KeyE, KeyCode::Digit7, KeyCode::Digit0, KeyCode::Minus, KeyCode::IntlBackslash]
    {
        tap(injector, code);
    }
    injector.key(KeyCode::AltRight, false).expect("it releases");
    tap(injector, KeyCode::Quote);
    assert_eq!(typed(&program, 9), "y@€{}\\|ä");
}

#[test]
fn arrows_and_modifiers_are_themselves() {
    let (_xvfb, program, mut platform) = start("us");
    let injector = &mut *platform.injector;
    injector.key(KeyCode::ControlLeft, true).expect("it presses");
    for code in [KeyCode::KeyC, KeyCode::ArrowUp, KeyCode::Delete, KeyCode::NumpadEnter] {
        tap(injector, code);
    }
    injector.key(KeyCode::ControlLeft, false).expect("it releases");
    let presses = program.expect(5, press);
    let keysyms: Vec<Keysym> = presses.iter().map(|event| keysym(&program.server, *event)).collect();
    assert_eq!(keysyms, [Keysym::Control_L, Keysym::c, Keysym::Up, Keysym::Delete, Keysym::KP_Enter]);
    assert!(presses[1..].iter().all(|event| u16::from(event.state) & 4 != 0), "Control is held");
}

#[test]
fn text_is_typed_whatever_the_layout() {
    for layout in ["us", "de", "fr", "us,ru"] {
        let (_xvfb, program, mut platform) = start(layout);
        platform.injector.text(HARD).expect("it types");
        assert_eq!(typed(&program, HARD.chars().count()), HARD, "{layout}");
    }
}

#[test]
fn text_leaves_modifiers_locks_and_the_map_as_they_were() {
    let (_xvfb, program, mut platform) = start("de");
    let server = &program.server;
    let injector = &mut *platform.injector;
    let map = || {
        let map = server.connection.get_keyboard_mapping(8, 248).expect("sent").reply().expect("a map");
        map.keysyms
    };
    let state = || {
        let pointer = server.connection.query_pointer(server.root()).expect("sent").reply().expect("a pointer");
        u16::from(pointer.mask)
    };
    let before = map();
    injector.locks(LockKeys { caps_lock: Some(true), num_lock: Some(true), scroll_lock: None }).expect("locks");
    injector.key(KeyCode::ShiftLeft, true).expect("it presses");
    // Shift, Caps Lock and Num Lock; the input is on its way when the injector returns.
    eventually(|| state() == 1 | 2 | 16);
    injector.text("aß♥").expect("it types");
    let text: String = program
        .expect(5, press)
        .into_iter()
        .map(|event| keysym(server, event).key_char().unwrap_or_default())
        .filter(|c| *c != '\0')
        .collect();
    assert_eq!(text, "aß♥");
    eventually(|| state() == 1 | 2 | 16);
    eventually(|| map() == before);
    injector.key(KeyCode::ShiftLeft, false).expect("it releases");
}

#[test]
fn borrowed_key_codes_are_given_back_when_the_injector_ends() {
    let (_xvfb, program, mut platform) = start("us");
    let map = || program.server.connection.get_keyboard_mapping(8, 248).expect("sent").reply().expect("a map").keysyms;
    let before = map();
    platform.injector.text("♥").expect("it types");
    assert_eq!(typed(&program, 1), "♥");
    assert!(map() != before, "a key code is borrowed");
    drop(platform);
    assert!(map() == before, "it is given back");
}

#[test]
fn more_foreign_characters_than_spare_key_codes_are_typed_in_order() {
    let (_xvfb, program, mut platform) = start("us");
    let text: String = ('一'..='丰').collect();
    let typing = std::thread::spawn({
        let text = text.clone();
        move || platform.injector.text(&text).map(|()| platform)
    });
    // Read while it types, as a program does that keeps up.
    let mut read = String::new();
    eventually(|| {
        let presses = program.take_events().into_iter().filter_map(|event| press(&event)).collect::<Vec<_>>();
        read.extend(presses.into_iter().filter_map(|event| keysym(&program.server, event).key_char()));
        text.chars().count() <= read.chars().count()
    });
    assert!(typing.join().expect("it does not panic").is_ok());
    assert_eq!(read, text);
}

#[test]
fn lock_keys_are_brought_to_the_wanted_state() {
    let (_xvfb, program, mut platform) = start("us");
    let injector = &mut *platform.injector;
    let caps = |on| LockKeys { caps_lock: Some(on), num_lock: None, scroll_lock: Some(on) };
    for (on, letter) in [(true, "A"), (true, "A"), (false, "a"), (false, "a")] {
        injector.locks(caps(on)).expect("locks");
        tap(injector, KeyCode::KeyA);
        assert_eq!(typed(&program, 1), letter, "{on}");
    }
    // A Num Lock that is on turns the keypad into digits.
    injector.locks(LockKeys { num_lock: Some(true), ..LockKeys::default() }).expect("locks");
    tap(injector, KeyCode::Numpad8);
    let state = u16::from(program.expect(1, press)[0].state);
    assert_eq!(state & 16, 16);
}

#[test]
fn keys_go_to_the_x_server_of_the_display_where_the_pointer_was_last() {
    let (console, front) = (Xvfb::start(), Xvfb::start());
    let on_console = Program::open(&console, PixelRect::new(0, 0, 100, 100));
    let on_front = Program::open(&front, PixelRect::new(0, 0, 100, 100));
    let mut platform = Xvfb::open_all(&[(DisplayId::Console, &console), (DisplayId::FrontOfRoom1, &front)]);
    let injector = &mut *platform.injector;
    tap(injector, KeyCode::KeyA);
    assert_eq!(typed(&on_console, 1), "a");
    injector.key(KeyCode::KeyB, true).expect("it presses");
    injector.pointer(DisplayId::FrontOfRoom1, PixelPoint { x: 5, y: 5 }).expect("it moves");
    tap(injector, KeyCode::KeyC);
    injector.key(KeyCode::KeyB, false).expect("it releases");
    assert_eq!(typed(&on_front, 1), "c");
    let is_b_release = |event: &Event| matches!(event, Event::KeyRelease(event) if event.detail == 56).then_some(());
    on_console.expect(1, is_b_release);
}

#[test]
fn displays_are_woken_without_an_error() {
    let (_xvfb, _program, mut platform) = start("us");
    platform.injector.wake_displays().expect("it wakes");
}
