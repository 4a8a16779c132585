use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use protocol::geometry::PixelSize;
use protocol::ids::{DisplayId, DisplayInfo};
use protocol::signals::{SignalKind, SignalState};

use super::super::displays::{Layout, Shows, X11Displays};
use super::super::release_guard::ReleaseGuard;
use super::super::{call_state, injector, power, ring, sign, signals};
use super::xvfb::{HEIGHT, WIDTH, Xvfb, eventually, set_monitors};
use crate::platform::asked::Asked;
use crate::platform::{Displays as _, Platform, PlatformError, Program, Settings, SignalsSettings};

/// The platform whose displays are the monitors of one X server. `DISPLAY` would be the same for all tests.
pub(super) fn open_monitors(xvfb: &Xvfb) -> Platform {
    let layout = Arc::new(Layout::default());
    let ring = ring::X11Ring::new(Arc::clone(&layout));
    let servers = [(Arc::from(xvfb.name.as_str()), Shows::Monitors)];
    let displays = X11Displays::open(&servers, &layout).expect("Xvfb answers");
    Platform {
        name: "x11",
        operating_system: String::new(),
        displays: Box::new(displays),
        key_sign: Box::new(sign::X11KeySign::new(Arc::clone(&layout))),
        signals: Box::new(Asked {
            platform: signals::X11Signals::new(Arc::clone(&layout), ""),
            settings: SignalsSettings::default(),
        }),
        injector: Box::new(injector::X11Injector::new(layout, ReleaseGuard::default())),
        ring: Box::new(ring),
        power: Box::new(power::X11Power { program: Program::default() }),
        call_state: Box::new(call_state::X11CallState::new(Program::default())),
    }
}

fn info(id: DisplayId, width: u16) -> DisplayInfo {
    DisplayInfo { id, size: PixelSize::new(width, HEIGHT) }
}

#[test]
fn monitors_are_displays_from_left_to_right() {
    let xvfb = Xvfb::start();
    let server = xvfb.connect();
    set_monitors(&server, &[("right", 900, 380), ("middle", 300, 600), ("left", 0, 300)]);
    let platform = open_monitors(&xvfb);
    let expected =
        [info(DisplayId::Console, 300), info(DisplayId::FrontOfRoom1, 600), info(DisplayId::FrontOfRoom2, 380)];
    assert_eq!(platform.displays.list().0, expected);
}

#[test]
fn a_monitor_that_comes_or_goes_is_announced() {
    let xvfb = Xvfb::start();
    let server = xvfb.connect();
    let platform = open_monitors(&xvfb);
    let (list, first_epoch) = platform.displays.list();
    assert_eq!(list, [info(DisplayId::Console, WIDTH)]);
    let n_changes = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&n_changes);
    platform.displays.on_change(Box::new(move || {
        counter.fetch_add(1, Ordering::SeqCst);
    }));
    set_monitors(&server, &[("left", 0, 500), ("right", 500, 780)]);
    let both = [info(DisplayId::Console, 500), info(DisplayId::FrontOfRoom1, 780)];
    eventually(|| platform.displays.list().0 == both);
    let (_, second_epoch) = platform.displays.list();
    assert!(first_epoch < second_epoch);
    eventually(|| n_changes.load(Ordering::SeqCst) == second_epoch - first_epoch);
    set_monitors(&server, &[("left", 0, 500)]);
    eventually(|| platform.displays.list().0 == both[..1]);
    assert!(second_epoch < platform.displays.list().1);
}

#[test]
fn an_x_server_that_ends_takes_its_display_with_it() {
    let (console, front) = (Xvfb::start(), Xvfb::start());
    let platform = Xvfb::open_all(&[(DisplayId::Console, &console), (DisplayId::FrontOfRoom1, &front)]);
    assert_eq!(platform.displays.list().0.len(), 2);
    drop(front);
    eventually(|| platform.displays.list().0 == [info(DisplayId::Console, WIDTH)]);
}

#[test]
fn a_server_that_is_missing_is_an_error_only_when_it_is_the_only_one() {
    let xvfb = Xvfb::start();
    let missing = "/nowhere:99".to_owned();
    let open = |x11_displays| super::super::open(&Settings { x11_displays, ..Settings::default() });
    assert!(open(vec![(DisplayId::Console, missing.clone())]).is_err());
    let both = open(vec![(DisplayId::Console, xvfb.name.clone()), (DisplayId::FrontOfRoom1, missing)]);
    assert_eq!(both.expect("one is there").displays.list().0.len(), 1);
    let twice = vec![(DisplayId::Console, xvfb.name.clone()), (DisplayId::FrontOfRoom1, xvfb.name.clone())];
    assert!(open(twice).is_err(), "one X server cannot be two displays");
}

#[test]
fn a_display_that_comes_waits_for_its_ring() {
    let xvfb = Xvfb::start();
    let server = xvfb.connect();
    set_monitors(&server, &[("left", 0, 500)]);
    let (n_tries, is_up) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicBool::new(true)));
    let layout = Arc::new(Layout::default());
    let (tries, up) = (Arc::clone(&n_tries), Arc::clone(&is_up));
    layout.set_cover(Box::new(move |places| {
        tries.fetch_add(1, Ordering::SeqCst);
        if up.load(Ordering::SeqCst) { Vec::new() } else { places.to_vec() }
    }));
    let servers = [(Arc::from(xvfb.name.as_str()), Shows::Monitors)];
    let displays = X11Displays::open(&servers, &layout).expect("Xvfb answers");
    let left = [info(DisplayId::Console, 500)];
    assert_eq!(displays.list().0, left);

    is_up.store(false, Ordering::SeqCst);
    n_tries.store(0, Ordering::SeqCst);
    set_monitors(&server, &[("left", 0, 500), ("right", 500, 780)]);
    eventually(|| 3 <= n_tries.load(Ordering::SeqCst));
    assert_eq!(displays.list().0, left, "neither announced ..");
    let captured = displays.capture(DisplayId::FrontOfRoom1);
    assert!(matches!(captured, Err(PlatformError::NoSuchDisplay(DisplayId::FrontOfRoom1))), ".. nor captured");
    is_up.store(true, Ordering::SeqCst);
    eventually(|| displays.list().0 == [left[0], info(DisplayId::FrontOfRoom1, 780)]);
}

#[test]
fn the_signals_know_which_displays_are_there() {
    let xvfb = Xvfb::start();
    let server = xvfb.connect();
    set_monitors(&server, &[("left", 0, 300), ("right", 300, 600)]);
    let mut platform = open_monitors(&xvfb);
    let mut of = |kind| {
        let signals = platform.signals.look();
        let signal = signals.list.iter().find(|signal| signal.kind == kind).expect("every kind");
        (signal.state, signal.detail.to_string())
    };
    assert_eq!(of(SignalKind::ConsoleDisplay), (SignalState::Ok, format!("300 × {HEIGHT}")));
    assert_eq!(of(SignalKind::FrontOfRoomDisplay), (SignalState::Ok, format!("600 × {HEIGHT}")));
    assert_eq!(of(SignalKind::RoomApp), (SignalState::Unknown, String::new()));
    set_monitors(&server, &[("left", 0, 900)]);
    eventually(|| of(SignalKind::FrontOfRoomDisplay).0 == SignalState::Missing);
}
