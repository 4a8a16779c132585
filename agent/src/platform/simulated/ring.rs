//! The ring of a simulated console lies over its displays, not in their captured pictures.

use std::sync::Arc;

use protocol::geometry::{PixelPoint, PixelRect, PixelSize};
use protocol::ids::DisplayId;

use super::super::text::{self, Bgra, Style};
use super::super::{PlatformError, Ring, RingButton, RingLine};
use super::device::Device;

/// Width of the red frame.
const FRAME_PX: i32 = 12;
const RED: [u8; 3] = [0xE5, 0x2B, 0x38];
const WHITE: [u8; 3] = [0xFF, 0xFF, 0xFF];
const LINE_STYLE: Style = Style::semi_bold(24);
const LINE_BOTTOM_PX: i32 = 56;
const PADDING_PX: i32 = 28;
const BUTTON_TOP_PX: i32 = 16;
const BUTTON_BOTTOM_PX: i32 = 52;
const BUTTON_PADDING_PX: i32 = 16;
const BASELINE_PX: f32 = 39.0;

pub(super) struct SimulatedRing(pub(super) Arc<Device>);

impl Ring for SimulatedRing {
    fn show(&mut self, line: &RingLine) -> Result<(), PlatformError> {
        self.0.with(|inner| {
            if inner.ring_fails {
                return Err(PlatformError::Failed { what: "the ring", why: "it was told to fail".to_owned() });
            }
            inner.ring = Some(line.clone());
            Ok(())
        })
    }

    fn hide(&mut self) {
        self.0.with(|inner| inner.ring = None);
    }

    fn on_press(&mut self, pressed: Box<dyn Fn(RingButton) + Send + Sync>) {
        self.0.with(|inner| inner.on_ring_press = Some(pressed.into()));
    }

    fn button_at(&self, display: DisplayId, point: PixelPoint) -> Option<RingButton> {
        let (line, size) = self.0.with(|inner| {
            let size = inner.list().0.iter().find(|info| info.id == display).map(|info| info.size);
            inner.ring.clone().zip(size)
        })?;
        button_at(&line, size, point)
    }
}

/// Where the parts of a line are on a display.
struct Places {
    words: String,
    left: i32,
    right: i32,
    buttons: Vec<(RingButton, PixelRect)>,
}

fn places(line: &RingLine, size: PixelSize) -> Places {
    let width = i32::from(size.width);
    let buttons = line.buttons();
    let width_of = |text: &str| text::measure(text, LINE_STYLE).ceil() as i32;
    let button_widths: Vec<_> = buttons.iter().map(|button| width_of(button.name()) + 2 * BUTTON_PADDING_PX).collect();
    let buttons_width: i32 = button_widths.iter().map(|width| width + PADDING_PX).sum();
    let room = width - 2 * FRAME_PX - 2 * PADDING_PX - buttons_width;
    let words = line.words(|words| width_of(words) <= room);
    let words = text::fit(&words, LINE_STYLE, room as f32).into_owned();
    let all = width_of(&words) + 2 * PADDING_PX + buttons_width;
    let left = (width - all) / 2;
    let mut x = left + PADDING_PX + width_of(&words) + PADDING_PX;
    let mut place = |(button, width): (RingButton, i32)| {
        let rect =
            PixelRect::new(x as u16, BUTTON_TOP_PX as u16, width as u16, (BUTTON_BOTTOM_PX - BUTTON_TOP_PX) as u16);
        x += width + PADDING_PX;
        (button, rect)
    };
    let buttons = buttons.into_iter().zip(button_widths).map(&mut place).collect();
    Places { words, left, right: left + all, buttons }
}

/// The button at a pixel.
pub(super) fn button_at(line: &RingLine, size: PixelSize, point: PixelPoint) -> Option<RingButton> {
    let here = PixelRect::new(point.x, point.y, 1, 1);
    let buttons = places(line, size).buttons;
    buttons.into_iter().find(|(_, rect)| rect.intersection(here).is_some()).map(|(button, _)| button)
}

/// The middle of a button, where somebody would press it.
pub(super) fn middle_of(line: &RingLine, size: PixelSize, wanted: RingButton) -> Option<PixelPoint> {
    let buttons = places(line, size).buttons;
    let (_, rect) = buttons.into_iter().find(|(button, _)| *button == wanted)?;
    Some(PixelPoint { x: rect.x + rect.width / 2, y: rect.y + rect.height / 2 })
}

/// Draws the ring as people in the room see it.
pub(super) fn draw(pixels: &mut [u8], size: PixelSize, line: &RingLine) {
    let (width, height) = (i32::from(size.width), i32::from(size.height));
    let mut target = Bgra { pixels, stride_bytes: usize::from(size.width) * 4, size, clip: size.bounds() };
    for y in (0..height).filter(|_| line.is_framed()) {
        let whole_row = y < FRAME_PX || height - FRAME_PX <= y;
        for x in (0..width).filter(|x| whole_row || *x < FRAME_PX || width - FRAME_PX <= *x) {
            target.blend(x, y, RED, 255);
        }
    }
    let Places { words, left, right, buttons } = places(line, size);
    let mut fill = |xs: std::ops::Range<i32>, ys: std::ops::Range<i32>, colour| {
        for y in ys {
            for x in xs.clone() {
                target.blend(x, y, colour, 255);
            }
        }
    };
    let top = if line.is_framed() { FRAME_PX } else { 0 };
    fill(left..right, top..LINE_BOTTOM_PX, RED);
    for (_, rect) in &buttons {
        fill(i32::from(rect.x)..rect.right() as i32, i32::from(rect.y)..rect.bottom() as i32, WHITE);
    }
    target.text(&words, LINE_STYLE, (left + PADDING_PX) as f32, BASELINE_PX, WHITE);
    for (button, rect) in &buttons {
        target.text(button.name(), LINE_STYLE, f32::from(rect.x) + BUTTON_PADDING_PX as f32, BASELINE_PX, RED);
    }
}
