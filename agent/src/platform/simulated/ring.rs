//! The ring of a simulated console lies over its displays, not in their captured pictures.

use std::sync::Arc;

use protocol::geometry::PixelSize;

use super::super::text::{self, Bgra, Style};
use super::super::{PlatformError, Ring, RingPerson};
use super::device::Device;

/// Width of the red frame.
const FRAME_PX: i32 = 12;
const RED: [u8; 3] = [0xE5, 0x2B, 0x38];
const LINE_STYLE: Style = Style::semi_bold(24);
const LINE_HEIGHT_PX: i32 = 56;

pub(super) struct SimulatedRing(pub(super) Arc<Device>);

impl Ring for SimulatedRing {
    fn show(&mut self, people: &[RingPerson]) -> Result<(), PlatformError> {
        self.0.with(|inner| {
            if inner.ring_fails {
                return Err(PlatformError::Failed { what: "the ring", why: "it was told to fail".to_owned() });
            }
            inner.ring = Some(people.to_vec());
            Ok(())
        })
    }

    fn hide(&mut self) {
        self.0.with(|inner| inner.ring = None);
    }
}

/// Draws the ring as people in the room see it.
pub(super) fn draw(pixels: &mut [u8], size: PixelSize, people: &[RingPerson]) {
    let (width, height) = (i32::from(size.width), i32::from(size.height));
    let mut target = Bgra { pixels, stride_bytes: usize::from(size.width) * 4, size, clip: size.bounds() };
    for y in 0..height {
        let whole_row = y < FRAME_PX || height - FRAME_PX <= y;
        for x in (0..width).filter(|x| whole_row || *x < FRAME_PX || width - FRAME_PX <= *x) {
            target.blend(x, y, RED, 255);
        }
    }
    let line = line(people);
    let text_width = text::measure(&line, LINE_STYLE).ceil() as i32;
    let left = (width - text_width) / 2 - 28;
    let right = left + text_width + 56;
    for y in FRAME_PX..LINE_HEIGHT_PX {
        for x in left..right {
            target.blend(x, y, RED, 255);
        }
    }
    target.text(&line, LINE_STYLE, (left + 28) as f32, 39.0, [255, 255, 255]);
}

/// Who is connected, with which access and since when, and what is never taken.
fn line(people: &[RingPerson]) -> String {
    let people: Vec<String> = people
        .iter()
        .map(|person| format!("{} ({}) since {}", person.name, person.access.name(), person.since))
        .collect();
    format!("Remote session: {}  ·  no audio", people.join(", "))
}
