//! What typing does.

use protocol::geometry::PixelRect;
use protocol::ids::DisplayId;
use protocol::input::LockKeys;
use protocol::keycode::KeyCode;

use super::*;

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
