//! What captures get, and when.

use std::hash::{DefaultHasher, Hasher as _};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::ThreadId;

use protocol::ids::DisplayId;
use protocol::keycode::KeyCode;

use super::*;

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
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

/// Stands still, and tells who asks.
struct AskedClock(SyncSender<ThreadId>);

impl Clock for AskedClock {
    fn now(&self) -> Duration {
        _ = self.0.try_send(std::thread::current().id());
        Duration::ZERO
    }

    fn local_seconds(&self) -> i64 {
        AFTERNOON
    }
}

#[test]
fn captures_wait_and_can_be_woken() {
    let (tell_asked, asked) = sync_channel(64);
    let options = Options { motion: false, clock: Arc::new(AskedClock(tell_asked)), ..Options::default() };
    let mut platform = Simulated::open(options).expect("opens").platform();
    let mut capture = platform.displays.capture(DisplayId::Console).expect("captures");
    news(&mut *capture);
    capture.waker().wake();
    let (tell, told) = sync_channel(2);
    let waiting = std::thread::spawn(move || {
        for _ in 0..2 {
            tell.send(capture.wait(PATIENCE * 100).expect("is connected")).expect("somebody listens");
        }
    });
    let woken = told.recv_timeout(PATIENCE).expect("the wait ends");
    assert!(woken.rects.is_empty() && woken.captured_at.is_none());
    // A wait asks twice: what is due, and how long to sleep. It has the console until it sleeps.
    let is_by_capture = |id: &ThreadId| *id == waiting.thread().id();
    let mut asks = std::iter::from_fn(|| asked.recv_timeout(PATIENCE).ok()).filter(is_by_capture);
    assert!(asks.nth(2).is_some(), "the second wait sleeps");
    platform.injector.key(KeyCode::MetaLeft, true).expect("presses");
    platform.injector.key(KeyCode::MetaLeft, false).expect("releases");
    assert!(!told.recv_timeout(PATIENCE).expect("the wait ends").rects.is_empty());
    waiting.join().expect("does not panic");
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
