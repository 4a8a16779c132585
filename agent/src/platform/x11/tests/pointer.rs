use protocol::geometry::{PixelPoint, PixelRect};
use protocol::ids::DisplayId;
use protocol::input::PointerButton;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::ConnectionExt as _;

use super::super::connection::XServer;
use super::xvfb::{HEIGHT, Program, WIDTH, Xvfb, eventually, set_monitors};

/// The input is on its way when the injector returns.
#[track_caller]
fn expect_pointer(server: &XServer, expected: (u16, u16)) {
    eventually(|| {
        let reply = server.connection.query_pointer(server.root()).expect("sent").reply().expect("a pointer");
        (reply.root_x as u16, reply.root_y as u16) == expected
    });
}

fn pressed(event: &Event) -> Option<(u8, i16, i16)> {
    match event {
        Event::ButtonPress(event) => Some((event.detail, event.root_x, event.root_y)),
        _ => None,
    }
}

fn released(event: &Event) -> Option<u8> {
    match event {
        Event::ButtonRelease(event) => Some(event.detail),
        _ => None,
    }
}

#[test]
fn the_pointer_lands_on_the_exact_pixel() {
    let xvfb = Xvfb::start();
    let server = xvfb.connect();
    let mut platform = xvfb.open();
    for (x, y) in [(0, 0), (WIDTH - 1, HEIGHT - 1), (1, 0), (640, 359), (17, 701)] {
        platform.injector.pointer(DisplayId::Console, PixelPoint { x, y }).expect("it moves");
        expect_pointer(&server, (x, y));
    }
    platform.injector.pointer(DisplayId::Console, PixelPoint { x: u16::MAX, y: 3 }).expect("it moves");
    // A point outside is the nearest inside.
    expect_pointer(&server, (WIDTH - 1, 3));
    assert!(platform.injector.pointer(DisplayId::FrontOfRoom1, PixelPoint::default()).is_err());
}

#[test]
fn positions_are_those_of_the_display_not_of_the_screen() {
    let xvfb = Xvfb::start();
    let server = xvfb.connect();
    set_monitors(&server, &[("left", 0, 500), ("right", 500, 780)]);
    let mut platform = super::displays::open_monitors(&xvfb);
    platform.injector.pointer(DisplayId::FrontOfRoom1, PixelPoint { x: 7, y: 9 }).expect("it moves");
    expect_pointer(&server, (507, 9));
    platform.injector.pointer(DisplayId::Console, PixelPoint { x: 700, y: 9 }).expect("it moves");
    expect_pointer(&server, (499, 9));
}

#[test]
fn every_button_is_pressed_where_the_pointer_is_and_released() {
    let xvfb = Xvfb::start();
    let program = Program::open(&xvfb, PixelRect::new(100, 100, 200, 200));
    let mut platform = xvfb.open();
    platform.injector.pointer(DisplayId::Console, PixelPoint { x: 150, y: 160 }).expect("it moves");
    let buttons = [
        (PointerButton::Primary, 1),
        (PointerButton::Middle, 2),
        (PointerButton::Secondary, 3),
        (PointerButton::Back, 8),
        (PointerButton::Forward, 9),
    ];
    for (button, number) in buttons {
        platform.injector.button(button, true).expect("it presses");
        assert_eq!(program.expect(1, pressed), [(number, 150, 160)]);
        platform.injector.button(button, false).expect("it releases");
        assert_eq!(program.expect(1, released), [number]);
    }
}

#[test]
fn the_wheel_turns_in_notches_and_keeps_fractions() {
    let xvfb = Xvfb::start();
    let program = Program::open(&xvfb, PixelRect::new(0, 0, 200, 200));
    let mut platform = xvfb.open();
    platform.injector.pointer(DisplayId::Console, PixelPoint { x: 50, y: 50 }).expect("it moves");
    for (horizontal, vertical) in [(0, 120), (0, -240), (60, 0), (60, 0), (-120, 0), (0, 119)] {
        platform.injector.wheel(horizontal, vertical).expect("it turns");
    }
    let buttons: Vec<u8> = program.expect(5, pressed).into_iter().map(|(button, ..)| button).collect();
    assert_eq!(buttons, [5, 4, 4, 7, 6]);
}

#[test]
fn what_is_held_is_released_when_the_injector_ends() {
    let xvfb = Xvfb::start();
    let program = Program::open(&xvfb, PixelRect::new(0, 0, 200, 200));
    let mut platform = xvfb.open();
    platform.injector.pointer(DisplayId::Console, PixelPoint { x: 50, y: 50 }).expect("it moves");
    platform.injector.button(PointerButton::Primary, true).expect("it presses");
    platform.injector.key(protocol::keycode::KeyCode::ShiftLeft, true).expect("it presses");
    program.expect(1, pressed);
    drop(platform);
    assert_eq!(program.expect(1, released), [1]);
    let mask =
        program.server.connection.query_pointer(program.server.root()).expect("sent").reply().expect("a pointer");
    assert_eq!(u16::from(mask.mask), 0, "neither Shift nor a button is held");
}
