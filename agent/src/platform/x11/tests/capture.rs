use std::sync::mpsc::sync_channel;
use std::time::Duration;

use protocol::geometry::{PixelPoint, PixelRect, PixelSize};
use protocol::ids::DisplayId;
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{ChangeWindowAttributesAux, ConnectionExt as _};

use super::super::changes::Picture;
use super::super::pixels::Reader;
use super::xvfb::{HEIGHT, Program, WIDTH, Xvfb, invert, resize, set_monitors};
use crate::platform::{Capture, Damage, PlatformError, Settings};

const LONG: Duration = Duration::from_secs(10);
const SCREEN: PixelRect = PixelRect::new(0, 0, WIDTH, HEIGHT);

/// A capture that has seen the first picture.
fn start(xvfb: &Xvfb) -> Box<dyn Capture> {
    let mut capture = xvfb.open().displays.capture(DisplayId::Console).expect("the display is there");
    let first = capture.wait(LONG).expect("the display is there");
    assert_eq!(first.rects, [SCREEN]);
    assert!(first.captured_at.is_some());
    settle(&mut *capture, xvfb);
    capture
}

/// Takes what is still on its way: changes the last pixel of the screen and waits for that, for changes come in order.
fn settle(capture: &mut dyn Capture, xvfb: &Xvfb) {
    let size = capture.size();
    let last = |capture: &dyn Capture| bgr(capture, size.width - 1, size.height - 1);
    let before = last(&*capture);
    invert(&xvfb.connect(), WIDTH - 1, HEIGHT - 1);
    while last(&*capture) == before {
        assert!(!is_empty(&capture.wait(LONG).expect("the display is there")), "the pixel did not change");
    }
}

fn is_empty(damage: &Damage) -> bool {
    damage.rects.is_empty() && damage.cursor.is_none()
}

fn bgr(capture: &dyn Capture, x: u16, y: u16) -> [u8; 3] {
    let pixels = capture.pixels();
    let at = usize::from(y) * pixels.stride_bytes + usize::from(x) * 4;
    [pixels.bgra[at], pixels.bgra[at + 1], pixels.bgra[at + 2]]
}

#[test]
fn damage_is_exactly_what_was_drawn_with_its_pixels() {
    let xvfb = Xvfb::start();
    let program = Program::open(&xvfb, PixelRect::new(100, 50, 400, 300));
    let mut capture = start(&xvfb);
    assert_eq!(capture.size(), PixelSize::new(WIDTH, HEIGHT));
    program.fill(10, 20, 123, 45, 0x0011_2233);
    let damage = capture.wait(LONG).expect("the display is there");
    assert_eq!(damage.rects, [PixelRect::new(110, 70, 123, 45)]);
    for (x, y) in [(110, 70), (232, 70), (110, 114), (232, 114), (150, 90)] {
        assert_eq!(bgr(&*capture, x, y), [0x33, 0x22, 0x11], "{x} {y}");
    }
    for (x, y) in [(109, 70), (233, 70), (110, 69), (110, 115)] {
        assert_eq!(bgr(&*capture, x, y), [0, 0, 0], "{x} {y}");
    }
}

#[test]
fn distant_changes_are_different_rectangles() {
    let xvfb = Xvfb::start();
    let program = Program::open(&xvfb, SCREEN);
    let mut capture = start(&xvfb);
    program.server.connection.grab_server().expect("sent");
    program.fill(0, 0, 10, 10, 0x00ff_ffff);
    program.fill(1000, 600, 10, 10, 0x00ff_ffff);
    program.server.connection.ungrab_server().expect("sent");
    program.server.flush().expect("the server is there");
    let mut rects = Vec::new();
    while rects.len() < 2 {
        rects.extend(capture.wait(LONG).expect("the display is there").rects);
    }
    assert_eq!(rects, [PixelRect::new(0, 0, 10, 10), PixelRect::new(1000, 600, 10, 10)]);
}

#[test]
fn drawing_the_same_again_is_no_damage() {
    let xvfb = Xvfb::start();
    let program = Program::open(&xvfb, SCREEN);
    program.fill(0, 0, 500, 500, 0x0000_00ff);
    let mut capture = start(&xvfb);
    program.fill(0, 0, 500, 500, 0x0000_00ff);
    program.fill(600, 600, 1, 1, 0x00ff_0000);
    assert_eq!(capture.wait(LONG).expect("the display is there").rects, [PixelRect::new(600, 600, 1, 1)]);
    // A whole window that is repainted for the sake of one pixel.
    program.server.connection.grab_server().expect("sent");
    program.fill(0, 0, 500, 500, 0x0000_00ff);
    program.fill(77, 33, 1, 1, 0x00ff_0000);
    program.server.connection.ungrab_server().expect("sent");
    program.server.flush().expect("the server is there");
    assert_eq!(capture.wait(LONG).expect("the display is there").rects, [PixelRect::new(77, 33, 1, 1)]);
}

#[test]
fn the_picture_stays_true_while_much_is_drawn() {
    let xvfb = Xvfb::start();
    let program = Program::open(&xvfb, SCREEN);
    let mut capture = start(&xvfb);
    let drawing = std::thread::spawn(move || {
        // A fixed sequence without pattern.
        let mut state = 0x2545_f491_u32;
        let mut next = |below: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) % below
        };
        for _ in 0..2000 {
            let (x, y) = (next(1280) as i16, next(720) as i16);
            program.fill(x, y, next(300) as u16 + 1, next(200) as u16 + 1, next(0x0100_0000));
        }
        program.server.sync().expect("the server answers");
        program
    });
    while !drawing.is_finished() {
        capture.wait(Duration::from_millis(10)).expect("the display is there");
    }
    let program = drawing.join().expect("it does not panic");
    settle(&mut *capture, &xvfb);
    let mut screen = Picture::new(capture.size());
    Reader::OverTheWire.read(&program.server, (0, 0), &[SCREEN], &mut screen).expect("the screen can be read");
    assert!(capture.pixels().bgra == screen.bgra, "the captured picture is the screen");
}

#[test]
fn shared_memory_and_the_wire_give_the_same() {
    let xvfb = Xvfb::start();
    let program = Program::open(&xvfb, PixelRect::new(0, 0, 640, 480));
    for step in 0..32 {
        program.fill(step * 20, step * 15, 17, 13, 0x0008_0401 * step as u32);
    }
    let server = &program.server;
    server.sync().expect("the server answers");
    let size = PixelSize::new(WIDTH, HEIGHT);
    let mut shared = Reader::open(server, size).expect("true colour");
    assert!(matches!(shared, Reader::Shared { .. }), "Xvfb shares memory");
    let rects = [SCREEN, PixelRect::new(3, 5, 501, 399), PixelRect::new(1279, 719, 1, 1)];
    let (mut a, mut b) = (Picture::new(size), Picture::new(size));
    let changed_a = shared.read(server, (0, 0), &rects, &mut a).expect("it can be read");
    let changed_b = Reader::OverTheWire.read(server, (0, 0), &rects, &mut b).expect("it can be read");
    assert!(a.bgra == b.bgra);
    assert!(!changed_a.is_empty() && changed_a == changed_b, "{changed_a:?} {changed_b:?}");
}

#[test]
fn a_server_that_shares_no_memory_is_captured_over_the_wire() {
    let xvfb = Xvfb::start_with(24, &["-extension", "MIT-SHM"]);
    let program = Program::open(&xvfb, SCREEN);
    let mut capture = start(&xvfb);
    program.fill(33, 44, 55, 66, 0x0012_3456);
    assert_eq!(capture.wait(LONG).expect("the display is there").rects, [PixelRect::new(33, 44, 55, 66)]);
    assert_eq!(bgr(&*capture, 33, 44), [0x56, 0x34, 0x12]);
}

#[test]
fn a_display_of_few_colours_is_a_clear_error() {
    let xvfb = Xvfb::start_with(16, &[]);
    let error = xvfb.open().displays.capture(DisplayId::Console).err().expect("16 bits are too few");
    assert!(matches!(error, PlatformError::Unavailable { .. }), "{error}");
    assert!(error.to_string().contains("16 bits"), "{error}");
}

#[test]
fn a_missing_extension_is_named() {
    let xvfb = Xvfb::start_with(24, &["-extension", "DAMAGE"]);
    let x11_displays = vec![(DisplayId::Console, xvfb.name.clone())];
    let error = super::super::open(&Settings { x11_displays, ..Settings::default() }).err().expect("nothing to follow");
    assert!(error.to_string().contains("DAMAGE"), "{error}");
}

#[test]
fn a_waker_ends_one_wait() {
    let xvfb = Xvfb::start();
    let program = Program::open(&xvfb, SCREEN);
    let mut capture = start(&xvfb);
    let waker = capture.waker();
    let (tell, told) = sync_channel(2);
    let waiting = std::thread::spawn(move || {
        for _ in 0..2 {
            let damage = capture.wait(LONG * 100).expect("the display is there");
            tell.send(damage.rects).expect("somebody listens");
        }
    });
    waker.wake();
    assert_eq!(told.recv_timeout(LONG).expect("the wait ends"), []);
    program.fill(3, 4, 5, 6, 0x00ff_ffff);
    assert_eq!(told.recv_timeout(LONG).expect("the wait ends"), [PixelRect::new(3, 4, 5, 6)]);
    waiting.join().expect("it does not panic");
}

#[test]
fn the_cursor_is_given_at_first_and_when_its_shape_changes() {
    let xvfb = Xvfb::start();
    let program = Program::open(&xvfb, PixelRect::new(100, 100, 200, 200));
    let connection = &program.server.connection;
    let (font, arrow) = (program.server.new_id().expect("an id"), program.server.new_id().expect("an id"));
    connection.open_font(font, b"cursor").expect("sent");
    connection.create_glyph_cursor(arrow, font, font, 58, 59, 65535, 0, 0, 0, 0, 0).expect("sent");
    let cursor = ChangeWindowAttributesAux::new().cursor(arrow);
    connection.change_window_attributes(program.window, &cursor).expect("sent");
    connection.flush().expect("the server is there");
    let mut platform = xvfb.open();
    platform.injector.pointer(DisplayId::Console, PixelPoint { x: 600, y: 600 }).expect("it moves");
    let mut capture = platform.displays.capture(DisplayId::Console).expect("the display is there");
    let first = capture.wait(LONG).expect("the display is there").cursor.expect("given at first");
    settle(&mut *capture, &xvfb);
    platform.injector.pointer(DisplayId::Console, PixelPoint { x: 150, y: 150 }).expect("it moves");
    let shape = loop {
        let damage = capture.wait(LONG).expect("the display is there");
        assert!(!is_empty(&damage), "the cursor did not change");
        // The first move may still be on its way.
        if let Some(Some(shape)) = damage.cursor.filter(|shape| *shape != first) {
            break shape;
        }
    };
    assert!(shape.is_consistent());
    let opaque_reds = shape.rgba.chunks_exact(4).filter(|pixel| **pixel == [255, 0, 0, 255]).count();
    assert!(10 < opaque_reds, "{opaque_reds}");
}

#[test]
fn another_size_ends_the_capture() {
    let xvfb = Xvfb::start();
    let platform = xvfb.open();
    let mut capture = start(&xvfb);
    resize(&xvfb.connect(), 800, 600);
    let ended = loop {
        match capture.wait(LONG) {
            Ok(damage) => assert!(!is_empty(&damage), "the change is noticed without a time-out"),
            Err(error) => break error,
        }
    };
    assert!(matches!(ended, PlatformError::NoSuchDisplay(DisplayId::Console)), "{ended}");
    super::xvfb::eventually(|| platform.displays.list().0[0].size == PixelSize::new(800, 600));
    let mut anew = platform.displays.capture(DisplayId::Console).expect("the display is there");
    assert_eq!(anew.wait(LONG).expect("the display is there").rects, [PixelRect::new(0, 0, 800, 600)]);
}

#[test]
fn one_monitor_of_several_is_captured_alone() {
    let xvfb = Xvfb::start();
    let program = Program::open(&xvfb, SCREEN);
    set_monitors(&program.server, &[("left", 0, 500), ("right", 500, 780)]);
    let platform = super::displays::open_monitors(&xvfb);
    let mut capture = platform.displays.capture(DisplayId::FrontOfRoom1).expect("the display is there");
    assert_eq!(capture.wait(LONG).expect("the display is there").rects, [PixelRect::new(0, 0, 780, HEIGHT)]);
    settle(&mut *capture, &xvfb);
    program.fill(0, 0, 400, 400, 0x00ff_ffff);
    program.fill(490, 100, 20, 20, 0x0000_ff00);
    let damage = capture.wait(LONG).expect("the display is there");
    assert_eq!(damage.rects, [PixelRect::new(0, 100, 10, 20)]);
    assert_eq!(bgr(&*capture, 9, 119), [0, 255, 0]);
}

#[test]
fn an_x_server_that_ends_ends_the_capture() {
    let xvfb = Xvfb::start();
    let mut capture = start(&xvfb);
    drop(xvfb);
    let ended = capture.wait(LONG).expect_err("the server is gone");
    assert!(matches!(ended, PlatformError::Disconnected), "{ended}");
}
