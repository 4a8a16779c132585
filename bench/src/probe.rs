//! Presses and watches.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use x11rb::connection::Connection;
use x11rb::protocol::Event;

use crate::display::{Chord, Colour, Display, Point, Rect};

/// A press that changes nothing for so long has failed.
const GIVE_UP_AFTER: Duration = Duration::from_secs(5);
/// Between two presses: not a multiple of a frame, so that presses meet frames at all phases.
const PAUSE: Duration = Duration::from_micros(180_700);
/// How much longer each pause is than the one before, over a cycle.
const PAUSE_STEP: Duration = Duration::from_micros(1_900);
const PAUSE_STEPS: u32 = 9;
/// Drawing that comes so close together is one frame.
const ONE_FRAME: Duration = Duration::from_millis(4);

pub(crate) fn press(display: &str, watch: Point, key: u8, count: u32) -> Result<Vec<u64>> {
    let display = Display::open(display)?;
    display.watch_drawing()?;
    display.focus_largest_window()?;
    let mut times_us = Vec::new();
    for n in 0..count {
        std::thread::sleep(PAUSE + PAUSE_STEP * (n % PAUSE_STEPS));
        drain(&display)?;
        let before = display.pixel(watch)?;
        let pressed = Instant::now();
        display.key(key, true)?;
        let changed = wait(&display, watch, pressed, |colour| !colour.is_near(before))
            .with_context(|| format!("press {n} changed nothing"));
        display.key(key, false)?;
        times_us.push(micros(changed?));
    }
    Ok(times_us)
}

pub(crate) fn click(display: &str, at: Point, watch: Point, colour: Colour) -> Result<u64> {
    let display = Display::open(display)?;
    display.watch_drawing()?;
    display.move_pointer(at)?;
    // The hover is drawn before the click is measured.
    std::thread::sleep(PAUSE);
    drain(&display)?;
    let pressed = Instant::now();
    display.button(1, true)?;
    display.button(1, false)?;
    Ok(micros(wait(&display, watch, pressed, |seen| seen.is_near(colour))?))
}

pub(crate) fn frames(display: &str, within: Rect, duration: Duration) -> Result<Vec<u64>> {
    let display = Display::open(display)?;
    display.watch_drawing()?;
    let started = Instant::now();
    let mut frames_us: Vec<u64> = Vec::new();
    let mut last = None;
    while started.elapsed() < duration {
        let Some(Event::DamageNotify(event)) = next_event(&display, Duration::from_millis(50))? else { continue };
        let now = Instant::now();
        let is_new = last.is_none_or(|last| ONE_FRAME < now - last);
        if Display::damaged(&event).meets(within) && is_new {
            frames_us.push(micros(now - started));
            last = Some(now);
        }
    }
    Ok(frames_us)
}

pub(crate) fn type_keys(display: &str, per_second: u32, duration: Duration) -> Result<()> {
    let display = Display::open(display)?;
    display.focus_largest_window()?;
    // Q to P, in the key codes of X.
    let keys = 24..=33_u8;
    let mut next = keys.clone().cycle();
    let started = Instant::now();
    let mut due = Duration::ZERO;
    while due < duration {
        std::thread::sleep(due.saturating_sub(started.elapsed()));
        let Some(key) = next.next() else { break };
        display.key(key, true)?;
        display.key(key, false)?;
        due += Duration::from_secs(1) / per_second;
    }
    Ok(())
}

pub(crate) fn press_chords(display: &str, chords: &[Chord]) -> Result<()> {
    let display = Display::open(display)?;
    display.focus_largest_window()?;
    for Chord(keys) in chords {
        for key in keys {
            display.key(*key, true)?;
        }
        for key in keys.iter().rev() {
            display.key(*key, false)?;
        }
    }
    display.sync()
}

/// Looks at the pixel after each drawing that meets it, until it is as wanted.
fn wait(display: &Display, watch: Point, since: Instant, wanted: impl Fn(Colour) -> bool) -> Result<Duration> {
    let at = Rect { x: watch.x, y: watch.y, width: 1, height: 1 };
    while since.elapsed() < GIVE_UP_AFTER {
        let Some(Event::DamageNotify(event)) = next_event(display, Duration::from_millis(100))? else { continue };
        let seen = since.elapsed();
        if Display::damaged(&event).meets(at) && wanted(display.pixel(watch)?) {
            return Ok(seen);
        }
    }
    bail!("waited {} s", GIVE_UP_AFTER.as_secs())
}

fn drain(display: &Display) -> Result<()> {
    while display.connection.poll_for_event()?.is_some() {}
    Ok(())
}

fn next_event(display: &Display, within: Duration) -> Result<Option<Event>> {
    if let Some(event) = display.connection.poll_for_event()? {
        return Ok(Some(event));
    }
    let time = Timespec::try_from(within).context("too long a wait")?;
    poll(&mut [PollFd::from_borrowed_fd(display.socket(), PollFlags::IN)], Some(&time))?;
    Ok(display.connection.poll_for_event()?)
}

fn micros(duration: Duration) -> u64 {
    duration.as_micros().try_into().unwrap_or(u64::MAX)
}
