use std::sync::Arc;
use std::time::Duration;

use protocol::access::Access;
use protocol::geometry::{PixelPoint, PixelRect};
use protocol::ids::DisplayId;
use protocol::input::PointerButton;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::ConnectionExt as _;

use super::super::connection::{ServerName, XServer};
use super::super::displays::{Layout, Place, Shows, look};
use super::super::label::RED;
use super::super::ring::{Canvas, X11Ring};
use super::xvfb::{HEIGHT, Program, WIDTH, Xvfb, eventually, pixel, set_monitors};
use crate::platform::{Key, Platform, Ring as _, RingAsk, RingButton, RingLine, RingNews, RingPerson};

const SCREEN: PixelRect = PixelRect::new(0, 0, WIDTH, HEIGHT);

fn person(name: &str, access: Access) -> RingPerson {
    RingPerson { name: name.to_owned(), access, since: "14:05".to_owned(), code: None }
}

fn people() -> RingLine {
    RingLine { people: vec![person("Ada Admin", Access::Modify)], ..RingLine::default() }
}

fn is_red(server: &XServer, x: u16, y: u16) -> bool {
    let [red, green, blue] = RED;
    pixel(server, x, y) == [blue, green, red]
}

/// The corners and the middles of the four edges of a part of the screen.
fn edges(left: u16, width: u16) -> Vec<(u16, u16)> {
    let columns = [left, left + width / 3, left + width - 1];
    let rows = [0, HEIGHT / 2, HEIGHT - 1];
    let all = columns.iter().flat_map(|x| rows.map(|y| (*x, y)));
    all.filter(|(x, y)| *x != columns[1] || *y != rows[1]).collect()
}

fn shows_ring(server: &XServer, left: u16, width: u16) -> bool {
    edges(left, width).iter().all(|(x, y)| is_red(server, *x, *y))
}

fn shows_nothing(server: &XServer) -> bool {
    !edges(0, WIDTH).iter().any(|(x, y)| is_red(server, *x, *y))
}

#[test]
fn the_ring_is_on_all_four_edges_when_show_returns_and_gone_when_hide_does() {
    let xvfb = Xvfb::start();
    let program = Program::open(&xvfb, SCREEN);
    let mut platform = xvfb.open();
    assert!(shows_nothing(&program.server));
    platform.ring.show(&people()).expect("it can be shown");
    assert!(shows_ring(&program.server, 0, WIDTH));
    // Letters in the tab below the top bar.
    let letters = (WIDTH / 2 - 100..WIDTH / 2 + 100).filter(|x| pixel(&program.server, *x, 11)[1] > 200).count();
    assert!(5 < letters, "{letters}");
    platform.ring.hide();
    assert!(shows_nothing(&program.server));
    platform.ring.show(&people()).expect("it can be shown again");
    assert!(shows_ring(&program.server, 0, WIDTH));
    drop(platform);
    assert!(shows_nothing(&program.server));
}

#[test]
fn the_line_follows_the_people() {
    let xvfb = Xvfb::start();
    let server = xvfb.connect();
    let mut platform = xvfb.open();
    let width = || (0..WIDTH).filter(|x| is_red(&server, *x, 4)).count();
    platform.ring.show(&people()).expect("it can be shown");
    let alone = width();
    let mut both = people();
    both.people.push(person("Tom Technician", Access::View));
    platform.ring.show(&both).expect("it can be shown");
    assert!(alone + 50 < width());
    platform.ring.show(&people()).expect("it can be shown");
    assert_eq!(width(), alone);
}

#[test]
fn clicks_go_through_the_ring_and_it_takes_no_focus() {
    let xvfb = Xvfb::start();
    let program = Program::open(&xvfb, SCREEN);
    let mut platform = xvfb.open();
    platform.ring.show(&people()).expect("it can be shown");
    let points = [(0, 0), (WIDTH - 1, HEIGHT / 2), (WIDTH / 2, HEIGHT - 1), (WIDTH / 2, 8)];
    for (x, y) in points {
        platform.injector.pointer(DisplayId::Console, PixelPoint { x, y }).expect("it moves");
        platform.injector.button(PointerButton::Primary, true).expect("it presses");
        platform.injector.button(PointerButton::Primary, false).expect("it releases");
        let pressed = |event: &Event| match event {
            Event::ButtonPress(event) => Some((event.event_x, event.event_y)),
            _ => None,
        };
        assert_eq!(program.expect(1, pressed), [(x as i16, y as i16)]);
    }
    let focus = program.server.connection.get_input_focus().expect("sent").reply().expect("a focus");
    assert_eq!(focus.focus, program.window);
}

#[test]
fn the_ring_comes_back_above_windows_that_cover_it() {
    let xvfb = Xvfb::start();
    let mut platform = xvfb.open();
    platform.ring.show(&people()).expect("it can be shown");
    for _ in 0..3 {
        let program = Program::open(&xvfb, SCREEN);
        eventually(|| shows_ring(&program.server, 0, WIDTH));
    }
}

#[test]
fn the_ring_is_gone_when_its_connection_ends_without_a_word() {
    let xvfb = Xvfb::start();
    let server = xvfb.connect();
    let mut canvas = Canvas::open(&Arc::from(xvfb.name.as_str())).expect("Xvfb answers");
    let places = look(&server, Shows::One(DisplayId::Console)).expect("Xvfb answers");
    canvas.cover(&places[0], &people()).expect("it can be shown");
    assert!(shows_ring(&server, 0, WIDTH));
    drop(canvas);
    eventually(|| shows_nothing(&server));
}

#[test]
fn every_display_has_the_ring_also_one_that_comes_later() {
    let xvfb = Xvfb::start();
    let server = xvfb.connect();
    set_monitors(&server, &[("left", 0, 500)]);
    let mut platform = super::displays::open_monitors(&xvfb);
    platform.ring.show(&people()).expect("it can be shown");
    assert!(shows_ring(&server, 0, 500) && !shows_ring(&server, 500, 780));
    set_monitors(&server, &[("left", 0, 500), ("right", 500, 780)]);
    eventually(|| platform.displays.list().0.len() == 2);
    // At the latest when the display is announced.
    assert!(shows_ring(&server, 0, 500) && shows_ring(&server, 500, 780));
    set_monitors(&server, &[("left", 0, 700)]);
    eventually(|| platform.displays.list().0.len() == 1 && platform.displays.list().0[0].size.width == 700);
    assert!(shows_ring(&server, 0, 700) && !is_red(&server, 500, 300) && !is_red(&server, WIDTH - 1, 300));
}

#[test]
fn two_x_servers_both_have_the_ring() {
    let (console, front) = (Xvfb::start(), Xvfb::start());
    let servers = [console.connect(), front.connect()];
    let mut platform = Xvfb::open_all(&[(DisplayId::Console, &console), (DisplayId::FrontOfRoom1, &front)]);
    platform.ring.show(&people()).expect("it can be shown");
    assert!(servers.iter().all(|server| shows_ring(server, 0, WIDTH)));
    drop(front);
    eventually(|| platform.displays.list().0.len() == 1);
    platform.ring.show(&people()).expect("it can be shown on what is left");
    assert!(shows_ring(&servers[0], 0, WIDTH));
}

#[test]
fn a_display_that_cannot_have_the_ring_is_not_announced_while_it_is_up() {
    let xvfb = Xvfb::start();
    let server = xvfb.connect();
    let console = look(&server, Shows::One(DisplayId::Console)).expect("Xvfb answers");
    let missing = ServerName::from("/nowhere:99");
    let shows = Shows::One(DisplayId::FrontOfRoom1);
    let front = [Place { display: DisplayId::FrontOfRoom1, server: Arc::clone(&missing), shows, ..console[0].clone() }];

    let layout = Arc::new(Layout::default());
    let mut ring = X11Ring::new(Arc::clone(&layout));
    assert!(layout.publish(&server.name, console.clone()));
    ring.show(&people()).expect("it can be shown");
    assert!(!layout.publish(&missing, front.to_vec()), "it is to be tried again");
    assert_eq!(layout.places(), console);
    ring.show(&people()).expect("the display is nobody's picture");
    assert!(shows_ring(&server, 0, WIDTH));

    ring.hide();
    assert!(layout.publish(&missing, front.to_vec()), "with nobody connected it needs no ring");
    assert_eq!(layout.places(), [&console[..], &front].concat());
    assert!(ring.show(&people()).is_err(), "a display that is announced has to have the ring");
    assert!(shows_nothing(&server));
}

#[test]
fn the_key_is_on_the_display_while_it_waits_for_approval_and_lets_clicks_through() {
    let xvfb = Xvfb::start();
    let program = Program::open(&xvfb, SCREEN);
    let mut platform = xvfb.open();
    // A row of pixels through the first four groups.
    let letters = || (400..880).filter(|x| pixel(&program.server, *x, HEIGHT / 2 - 27) == [255; 3]).count();
    let before = letters();
    let key = Key { fingerprint: "0123 4567 89ab cdef 0123 4567 89ab cdef".to_owned(), waits_for_approval: true };
    platform.key_sign.set(&key);
    let shown = letters();
    assert!(before + 20 < shown, "{before} {shown}");
    let point = PixelPoint { x: WIDTH / 2, y: HEIGHT / 2 };
    platform.injector.pointer(DisplayId::Console, point).expect("moves");
    let under = program.server.connection.query_pointer(program.server.root()).expect("asks").reply().expect("answers");
    assert_eq!(under.child, program.window, "the card takes no input");
    platform.key_sign.set(&Key { waits_for_approval: false, ..key });
    eventually(|| letters() == before);
}

/// Presses the primary button at a pixel of the only display, as somebody in the room does.
fn press(platform: &mut Platform, x: u16, y: u16) {
    platform.injector.pointer(DisplayId::Console, PixelPoint { x, y }).expect("it moves");
    platform.injector.button(PointerButton::Primary, true).expect("it presses");
    platform.injector.button(PointerButton::Primary, false).expect("it releases");
}

/// The middle of a button that is shown.
fn middle(platform: &Platform, wanted: RingButton) -> (u16, u16) {
    let at = |x: &u16| platform.ring.button_at(DisplayId::Console, PixelPoint { x: *x, y: 10 }) == Some(wanted);
    let columns: Vec<_> = (0..WIDTH).filter(at).collect();
    (columns[columns.len() / 2], 10)
}

#[test]
fn a_press_on_a_button_is_told_and_reaches_nothing_else_and_takes_no_focus() {
    let xvfb = Xvfb::start();
    let program = Program::open(&xvfb, SCREEN);
    let mut platform = xvfb.open();
    let (sender, told) = std::sync::mpsc::sync_channel(8);
    platform.ring.on_press(Box::new(move |button| sender.send(button).expect("somebody listens")));
    platform.ring.show(&RingLine { may_end: true, ..people() }).expect("it can be shown");
    let (x, y) = middle(&platform, RingButton::End);
    press(&mut platform, x, y);
    assert_eq!(told.recv_timeout(Duration::from_secs(5)), Ok(RingButton::End));
    let focus = program.server.connection.get_input_focus().expect("sent").reply().expect("a focus");
    assert_eq!(focus.focus, program.window);

    // Beside it, the line lets everything through.
    let beside = WIDTH / 2 - 60;
    press(&mut platform, beside, 10);
    let pressed = |event: &Event| match event {
        Event::ButtonPress(event) => Some((event.event_x, event.event_y)),
        _ => None,
    };
    assert_eq!(program.expect(1, pressed), [(beside as i16, 10)], "the press on the button was not passed on");

    // A drag that ends on the button, and one that begins there, press nothing.
    let to = |platform: &mut Platform, x| {
        platform.injector.pointer(DisplayId::Console, PixelPoint { x, y: 10 }).expect("it moves");
    };
    for (from, until) in [(beside, x), (x, beside)] {
        to(&mut platform, from);
        platform.injector.button(PointerButton::Primary, true).expect("it presses");
        to(&mut platform, until);
        platform.injector.button(PointerButton::Primary, false).expect("it releases");
    }
    press(&mut platform, x, y);
    assert_eq!(told.recv_timeout(Duration::from_secs(5)), Ok(RingButton::End));
    platform.ring.hide();
    assert!(told.try_recv().is_err(), "one press was one press");
    assert_eq!(platform.ring.button_at(DisplayId::Console, PixelPoint { x, y }), None);
}

#[test]
fn without_anybody_connected_the_line_stands_alone() {
    let xvfb = Xvfb::start();
    let program = Program::open(&xvfb, SCREEN);
    let mut platform = xvfb.open();
    let ask = RingAsk { name: "Ada Admin".to_owned(), access: Access::Modify, n_others: 0, seconds: 20 };
    let asked = RingLine { asks: Some(ask), ..RingLine::default() };
    let has_tab = |server: &XServer| is_red(server, WIDTH / 2 - 50, 3);
    platform.ring.show(&asked).expect("it can be shown");
    assert!(has_tab(&program.server) && shows_nothing(&program.server), "a line and no frame");
    assert_ne!(middle(&platform, RingButton::Decline).0, 0);

    platform.ring.show(&people()).expect("it can be shown");
    assert!(has_tab(&program.server) && shows_ring(&program.server, 0, WIDTH), "now somebody is connected");

    let news = Some(RingNews::Declined { name: "Ada Admin".to_owned() });
    platform.ring.show(&RingLine { news, ..RingLine::default() }).expect("it can be shown");
    assert!(has_tab(&program.server) && shows_nothing(&program.server), "nobody is any more");
    platform.ring.hide();
    assert!(!has_tab(&program.server));
}
