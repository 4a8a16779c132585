//! What people in the room and the system around it see: calls, restarts, the ring, displays.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use protocol::access::Access;
use protocol::ids::DisplayId;
use protocol::keycode::KeyCode;

use super::*;

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
        options.call_state_command = vec!["true".to_owned()].into();
        options.restart_command = vec!["touch".to_owned(), file.to_string_lossy().into_owned()].into();
    });
    assert_eq!(room.platform.call_state.look(), CallObservation::InCall);
    assert!(!room.console.state().in_call);
    room.platform.power.restart().expect("restarts");
    assert!(room.console.state().restarting);
    let deadline = Instant::now() + PATIENCE;
    while !file.exists() {
        assert!(Instant::now() < deadline, "the command did not run");
        std::thread::sleep(Duration::from_millis(5));
    }
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
        told.recv_timeout(PATIENCE).expect("the displays go and come back");
    }
    assert_eq!(platform.displays.list().0.len(), 3);
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
    let person = RingPerson { name: "Tess".to_owned(), access: Access::View, since: "14:05".to_owned(), code: None };
    let line = RingLine { people: vec![person.clone()], may_end: true, ..RingLine::default() };
    room.platform.ring.show(&line).expect("shows");
    assert_eq!(room.console.ring_state(), Some(vec![person]));
    assert!(room.picture(DisplayId::Console) == before);
    let seen = room.console.room_view(DisplayId::Console).expect("is connected");
    assert_eq!(seen.bgra[..3], [0x38, 0x2B, 0xE5]);
    room.platform.ring.hide();
    assert_eq!(room.console.ring_state(), None);
    room.console.set_ring_fails(true);
    assert!(room.platform.ring.show(&line).is_err());
}

#[test]
fn people_in_the_room_press_the_ring_and_what_lies_below_it() {
    let mut room = Room::new();
    let (sender, told) = std::sync::mpsc::sync_channel(8);
    room.platform.ring.on_press(Box::new(move |button| sender.send(button).expect("somebody listens")));
    let news = Some(RingNews::Declined { name: "Tess".to_owned() });
    room.platform.ring.show(&RingLine { news, ..RingLine::default() }).expect("shows");
    assert_eq!(room.console.ring_button(RingButton::Decline), None, "it is too late for that");
    assert_eq!(room.console.ring_state(), None, "a line is no frame");

    let ask = RingAsk { name: "Tess".to_owned(), access: Access::View, n_others: 0, seconds: 20 };
    room.platform.ring.show(&RingLine { asks: Some(ask), ..RingLine::default() }).expect("shows");
    let place = room.console.ring_button(RingButton::Decline).expect("it is there");
    assert_eq!(room.platform.ring.button_at(DisplayId::Console, place), Some(RingButton::Decline));
    let seen = room.console.room_view(DisplayId::Console).expect("is connected");
    let at = (usize::from(place.y - 15) * usize::from(seen.size.width) + usize::from(place.x)) * 4;
    assert_eq!(seen.bgra[at..at + 3], [255, 255, 255], "it is drawn where it is pressed");
    assert_eq!(seen.bgra[..3], room.console.snapshot(DisplayId::Console).expect("there").bgra[..3], "no frame");
    room.console.touch_in_room(DisplayId::FrontOfRoom1, place);
    assert_eq!(told.try_recv(), Ok(RingButton::Decline), "it is on every display");
    room.console.touch_in_room(DisplayId::Console, PixelPoint { x: 1100, y: 550 });
    room.console.touch_in_room(DisplayId::Console, PixelPoint { x: 200, y: 930 });
    assert!(room.console.state().asleep, "elsewhere, the console is touched");
    assert!(told.try_recv().is_err());
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
fn a_console_that_waits_for_approval_shows_its_key_and_nothing_else() {
    let mut room = Room::new();
    let home = room.picture(DisplayId::Console);
    let key = |fingerprint: &str, waits_for_approval| Key { fingerprint: fingerprint.to_owned(), waits_for_approval };
    let mut sign = |key: Key| {
        room.platform.key_sign.set(&key);
        room.console.snapshot(DisplayId::Console).expect("is connected").bgra
    };
    let one = sign(key("0123 4567 89ab cdef 0123 4567 89ab cdef", true));
    let other = sign(key("0123 4567 89ab cdef 0123 4567 89ab cdee", true));
    assert!(one != home && other != one);
    assert!(sign(key("", false)) == home);
    sign(key("", true));
    room.click(SETTINGS);
    assert_eq!(room.console.state().page, Page::Home, "there is nothing to press");
}
