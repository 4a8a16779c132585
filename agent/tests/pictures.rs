//! From pixels to access units and back.

use std::sync::Arc;

use agent::pipeline::screen::{Coded, Screen, View};
use agent::pipeline::watch::{Output, Picture, Watch};
use agent::pipeline::{PictureSource as _, Pictures};
use agent::platform::Pixels;
use agent::platform::simulated::{Options, Simulated};
use protocol::geometry::{PixelRect, PixelSize};
use protocol::ids::DisplayId;
use protocol::video::FrameKind;

use crate::support::PATIENCE;
use crate::support::picture::Decoded;

const SIZE: PixelSize = PixelSize::new(960, 540);

/// A window with lines of something like text.
struct Canvas {
    bgra: Vec<u8>,
}

impl Canvas {
    fn new() -> Self {
        let mut canvas =
            Self { bgra: [0xf5, 0xf0, 0xee, 0].repeat(usize::from(SIZE.width) * usize::from(SIZE.height)) };
        canvas.fill(PixelRect::new(0, 0, SIZE.width, 40), [0x60, 0x30, 0x20]);
        for line in 0..12 {
            for letter in 0..60 {
                canvas.letter(20 + letter * 15, 60 + line * 38, u32::from(letter * 7 + line * 13));
            }
        }
        canvas
    }

    fn fill(&mut self, rect: PixelRect, colour: [u8; 3]) {
        for y in rect.y..rect.y + rect.height {
            for x in rect.x..rect.x + rect.width {
                let at = (usize::from(y) * usize::from(SIZE.width) + usize::from(x)) * 4;
                self.bgra[at..at + 3].copy_from_slice(&colour);
            }
        }
    }

    /// Strokes of two pixels that depend on `shape`; answers with where it is.
    fn letter(&mut self, x: u16, y: u16, shape: u32) -> PixelRect {
        let rect = PixelRect::new(x, y, 10, 16);
        self.fill(rect, [0xf5, 0xf0, 0xee]);
        for stroke in 0..4 {
            let length = (shape >> stroke & 7) as u16 + 3;
            if shape >> stroke & 1 == 0 {
                self.fill(PixelRect::new(x, y + stroke * 4, length.min(10), 2), [0x20, 0x20, 0x20]);
            } else {
                self.fill(PixelRect::new(x + stroke * 2, y, 2, length + 4), [0x20, 0x20, 0x20]);
            }
        }
        rect
    }

    fn pixels(&self) -> Pixels<'_> {
        Pixels { bgra: &self.bgra, stride_bytes: usize::from(SIZE.width) * 4, size: SIZE }
    }
}

fn encode(screen: &mut Screen, canvas: &Canvas, view: &mut View) -> Option<Coded> {
    screen.encode(&canvas.pixels(), view).expect("compiled in")
}

#[test]
fn what_is_encoded_is_what_is_seen() {
    let canvas = Canvas::new();
    let mut screen = Screen::new(SIZE);
    let mut view = screen.view();
    let coded = encode(&mut screen, &canvas, &mut view).expect("a new view has everything to come");
    let regions = coded.regions.expect("announced with the first picture");
    assert_eq!(regions.len(), 4);
    assert!(coded.units.iter().all(|unit| unit.kind == FrameKind::Key));
    let mut decoded = Decoded::new(&regions);
    decoded.take(&coded.units);
    for (mean, largest) in decoded.difference(&canvas.bgra, SIZE) {
        assert!(mean < 1.5 && largest < 48, "mean {mean:.2}, largest {largest}");
    }
}

#[test]
fn a_letter_costs_one_small_delta() {
    let mut canvas = Canvas::new();
    let mut screen = Screen::new(SIZE);
    let mut view = screen.view();
    let first = encode(&mut screen, &canvas, &mut view).expect("everything");
    let mut decoded = Decoded::new(&first.regions.expect("announced"));
    decoded.take(&first.units);

    let damage = canvas.letter(200, 300, 99);
    screen.damage(&[damage], [&mut view]);
    let coded = encode(&mut screen, &canvas, &mut view).expect("a letter");
    assert!(coded.regions.is_none());
    let [unit] = coded.units.as_slice() else { panic!("{} regions for a letter", coded.units.len()) };
    assert_eq!((unit.region, unit.kind), (2, FrameKind::Delta));
    assert!(unit.data.len() < 1200, "{} bytes", unit.data.len());
    decoded.take(&coded.units);
    for (mean, largest) in decoded.difference(&canvas.bgra, SIZE) {
        assert!(mean < 1.5 && largest < 48, "mean {mean:.2}, largest {largest}");
    }
    assert!(encode(&mut screen, &canvas, &mut view).is_none(), "nothing more changed");
}

#[test]
fn damage_that_waited_is_one_picture_and_each_viewer_gets_its_own() {
    let mut canvas = Canvas::new();
    let mut screen = Screen::new(SIZE);
    let (mut quick, mut slow) = (screen.view(), screen.view());
    let first = [&mut quick, &mut slow].map(|view| encode(&mut screen, &canvas, view).expect("everything"));
    let [mut quick_picture, mut slow_picture] = first.map(|coded| {
        let mut decoded = Decoded::new(&coded.regions.expect("announced"));
        decoded.take(&coded.units);
        decoded
    });
    for step in 0..5 {
        let damage = canvas.letter(100 + step * 15, 100, 40 + u32::from(step));
        screen.damage(&[damage], [&mut quick, &mut slow]);
        quick_picture.take(&encode(&mut screen, &canvas, &mut quick).expect("a letter").units);
    }
    let coded = encode(&mut screen, &canvas, &mut slow).expect("five letters");
    assert_eq!(coded.units.len(), 1, "together");
    slow_picture.take(&coded.units);
    for picture in [quick_picture, slow_picture] {
        for (mean, largest) in picture.difference(&canvas.bgra, SIZE) {
            assert!(mean < 1.5 && largest < 48, "mean {mean:.2}, largest {largest}");
        }
    }
}

#[test]
fn a_viewer_that_lost_its_decoder_gets_keys() {
    let canvas = Canvas::new();
    let mut screen = Screen::new(SIZE);
    let mut view = screen.view();
    encode(&mut screen, &canvas, &mut view).expect("everything");
    view.want_keys();
    let coded = encode(&mut screen, &canvas, &mut view).expect("everything again");
    assert!(coded.units.len() == 4 && coded.units.iter().all(|unit| unit.kind == FrameKind::Key));
    assert!(coded.regions.is_none(), "the regions are the same");
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    let play = |n_threads| {
        let mut canvas = Canvas::new();
        let mut screen = Screen::with_threads(SIZE, n_threads);
        let mut view = screen.view();
        let mut units = encode(&mut screen, &canvas, &mut view).expect("everything").units;
        for step in 0..8 {
            // On both sides of a region's edge.
            let damage = canvas.letter(474, 264, step);
            screen.damage(&[damage], [&mut view]);
            units.extend(encode(&mut screen, &canvas, &mut view).expect("a letter").units);
        }
        units
    };
    let alone = play(1);
    assert!(8 < alone.len());
    for n_threads in [2, 4] {
        assert!(play(n_threads) == alone, "{n_threads} threads");
    }
}

#[test]
fn a_picture_of_another_size_is_an_error_and_the_view_starts_anew() {
    let canvas = Canvas::new();
    let mut screen = Screen::new(PixelSize::new(1920, 1080));
    let mut view = screen.view();
    assert!(screen.encode(&canvas.pixels(), &mut view).is_err());
    assert!(view.has_pending());
}

async fn picture(watch: &mut Watch) -> Picture {
    let picture = async {
        loop {
            match watch.outputs.recv().await {
                Some(Output::Picture(picture)) => return picture,
                Some(_) => {}
                None => panic!("the thread ended"),
            }
        }
    };
    tokio::time::timeout(PATIENCE, picture).await.expect("credit was given and the display moves")
}

/// Another viewer gets two pictures: in the turn of the second one everybody who watched was looked at.
async fn pass_a_turn(other: &mut Watch) {
    for _ in 0..2 {
        other.credit.give();
        picture(other).await;
        other.credit.settle();
    }
}

fn has_picture(watch: &mut Watch) -> bool {
    std::iter::from_fn(|| watch.outputs.try_recv().ok()).any(|output| matches!(output, Output::Picture(_)))
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_are_encoded_only_with_credit_and_never_two_for_one() {
    let room = Simulated::open(Options::default()).expect("three displays");
    let mut pictures = Pictures::new(Arc::from(room.platform().displays));
    let mut watch = pictures.watch(DisplayId::FrontOfRoom1).expect("a thread");
    let mut other = pictures.watch(DisplayId::FrontOfRoom1).expect("the same thread");
    pass_a_turn(&mut other).await;
    assert!(!has_picture(&mut watch), "nothing without credit");
    watch.credit.give();
    let first = picture(&mut watch).await;
    assert!(first.config.is_some());
    watch.credit.give();
    pass_a_turn(&mut other).await;
    assert!(!has_picture(&mut watch), "the display moves, but the first picture is not settled");
    watch.credit.settle();
    watch.credit.give();
    let second = picture(&mut watch).await;
    assert!(second.config.is_none() && first.captured_at < second.captured_at);
}
