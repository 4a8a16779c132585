//! What pointer, buttons and wheel do.

use protocol::ids::DisplayId;
use protocol::input::PointerButton;

use super::*;

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
