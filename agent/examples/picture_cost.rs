//! What a picture costs on this machine: conversion, encoding and bytes, for a region and for a whole display.
//!
//! `cargo run --release -p agent --example picture_cost`

use std::io::Write as _;
use std::time::{Duration, Instant};

use agent::pipeline::convert::I420;
use agent::pipeline::parallel;
use agent::pipeline::regions::Grid;
use agent::pipeline::screen::Screen;
use agent::platform::simulated::{Options, Simulated};
use agent::platform::{Capture, Platform, PlatformError};
use protocol::geometry::PixelRect;
use protocol::ids::DisplayId;
use protocol::keycode::KeyCode;

const N: usize = 60;

/// Medians over a few tries.
struct Report {
    out: std::io::Stdout,
}

impl Report {
    fn line(&mut self, what: &str, mut times: Vec<Duration>, bytes: &[usize]) -> std::io::Result<()> {
        times.sort_unstable();
        let at = |share: usize| times[(times.len() - 1) * share / 100].as_secs_f64() * 1000.0;
        let bytes = bytes.iter().sum::<usize>().checked_div(bytes.len()).unwrap_or(0);
        writeln!(self.out, "{what:<44} p50 {:7.3} ms  p95 {:7.3} ms  {bytes:>8} bytes", at(50), at(95))
    }
}

fn timed<T>(act: impl FnOnce() -> T) -> (T, Duration) {
    let started = Instant::now();
    let result = act();
    (result, started.elapsed())
}

fn main() -> anyhow::Result<()> {
    let mut report = Report { out: std::io::stdout() };
    let room = Simulated::open(Options::default())?;
    let mut platform = room.platform();
    let mut capture = platform.displays.capture(DisplayId::Console)?;
    capture.wait(Duration::from_secs(1))?;
    conversion(&mut report, capture.as_ref())?;
    first_picture(&mut report, capture.as_ref())?;
    typing(&mut report, &mut platform, capture.as_mut())?;
    let mut capture = platform.displays.capture(DisplayId::FrontOfRoom1)?;
    motion(&mut report, capture.as_mut())?;
    Ok(())
}

fn conversion(report: &mut Report, capture: &dyn Capture) -> anyhow::Result<()> {
    let pixels = capture.pixels();
    for (what, rect) in [
        ("BGRA to I420, a letter (16x24)", PixelRect::new(96, 96, 16, 24)),
        ("BGRA to I420, a region (480x272)", PixelRect::new(480, 272, 480, 272)),
        ("BGRA to I420, a display (1920x1080)", pixels.size.bounds()),
    ] {
        let region = Grid::new(pixels.size).rects().find(|region| region.intersection(rect) == Some(rect));
        let region = region.unwrap_or(rect);
        let mut planes = I420::new(region.width, region.height);
        let mut times = Vec::new();
        for _ in 0..N {
            let (result, time) = timed(|| planes.update(&pixels, region, rect));
            result?;
            times.push(time);
        }
        report.line(what, times, &[])?;
    }
    Ok(())
}

fn first_picture(report: &mut Report, capture: &dyn Capture) -> anyhow::Result<()> {
    for n_threads in [1, parallel::n_threads()] {
        let (mut times, mut bytes) = (Vec::new(), Vec::new());
        for _ in 0..10 {
            let mut screen = Screen::with_threads(capture.size(), n_threads);
            let mut view = screen.view();
            let (coded, time) = timed(|| screen.encode(&capture.pixels(), &mut view));
            times.push(time);
            bytes.extend(coded?.map(|coded| coded.units.iter().map(|unit| unit.data.len()).sum::<usize>()));
        }
        report.line(&format!("first picture, console, {n_threads} threads"), times, &bytes)?;
    }
    Ok(())
}

fn typing(report: &mut Report, platform: &mut Platform, capture: &mut dyn Capture) -> anyhow::Result<()> {
    let codes = [KeyCode::KeyH, KeyCode::KeyE, KeyCode::KeyL, KeyCode::KeyO, KeyCode::Space];
    let mut codes = codes.into_iter().cycle();
    changes(report, "typing, console", N, capture, || {
        let Some(code) = codes.next() else { return Ok(()) };
        platform.injector.key(code, true)?;
        platform.injector.key(code, false)
    })
}

fn motion(report: &mut Report, capture: &mut dyn Capture) -> anyhow::Result<()> {
    capture.wait(Duration::from_secs(1))?;
    changes(report, "motion, front of room", 2 * N, capture, || Ok(()))
}

/// Encodes `n_pictures` of what `act` changes, or of what changes by itself.
fn changes(
    report: &mut Report,
    what: &str,
    n_pictures: usize,
    capture: &mut dyn Capture,
    mut act: impl FnMut() -> Result<(), PlatformError>,
) -> anyhow::Result<()> {
    let mut screen = Screen::new(capture.size());
    let mut view = screen.view();
    screen.encode(&capture.pixels(), &mut view)?;
    let (mut times, mut bytes, mut n_units) = (Vec::new(), Vec::new(), 0);
    while times.len() < n_pictures {
        act()?;
        let damage = capture.wait(Duration::from_secs(1))?;
        screen.damage(&damage.rects, [&mut view]);
        let (coded, time) = timed(|| screen.encode(&capture.pixels(), &mut view));
        let Some(coded) = coded? else { continue };
        times.push(time);
        n_units += coded.units.len();
        bytes.push(coded.units.iter().map(|unit| unit.data.len()).sum());
    }
    let what = format!("{what} ({:.1} regions a picture)", n_units as f64 / times.len() as f64);
    report.line(&what, times, &bytes)?;
    Ok(())
}
