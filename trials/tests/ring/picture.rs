//! What a viewer has on its screen, as far as the ring goes.

use agent::pipeline::convert::I420;
use agent::platform::Pixels;
use openh264::decoder::Decoder;
use openh264::formats::YUVSource as _;
use protocol::geometry::{PixelRect, PixelSize};
use protocol::video::{AccessUnit, Region, StreamConfig};

/// Blue, green, red and nothing.
const RED: [u8; 4] = [0x1E, 0x14, 0xD6, 0xFF];
/// Pixels of an edge that are looked at together.
const PIECE_PX: usize = 64;
/// What the encoder may make of the colour of a piece, as brightness.
const NEAR: f64 = 24.0;

/// The brightness of every pixel, top row first.
pub(crate) struct Picture {
    size: PixelSize,
    regions: Vec<(PixelRect, Decoder)>,
    brightness: Vec<u8>,
    red: f64,
}

impl Picture {
    pub(crate) fn new(config: &StreamConfig) -> Self {
        let region = |region: &Region| (region.rect, Decoder::new().expect("compiled in"));
        let (size, regions) = (config.size, config.regions.iter().map(region).collect());
        let brightness = vec![0; usize::from(size.width) * usize::from(size.height)];
        Self { size, regions, brightness, red: brightness_of(RED) }
    }

    pub(crate) fn take(&mut self, units: &[AccessUnit]) {
        for unit in units {
            let (rect, decoder) = &mut self.regions[usize::from(unit.region)];
            let picture = decoder.decode(&unit.data).expect("a whole picture").expect("at once, without delay");
            let (stride, width) = (usize::from(self.size.width), usize::from(rect.width));
            for (row, from) in picture.y().chunks(picture.strides().0).take(usize::from(rect.height)).enumerate() {
                let at = (usize::from(rect.y) + row) * stride + usize::from(rect.x);
                self.brightness[at..at + width].copy_from_slice(&from[..width]);
            }
        }
    }

    /// Whether the outermost pixels on all four sides are the ring's.
    pub(crate) fn has_ring(&self) -> bool {
        let (width, height) = (usize::from(self.size.width), usize::from(self.size.height));
        let at = |x: usize, y: usize| self.brightness[y * width + x];
        let row = |y: usize| (0..width).map(move |x| at(x, y)).collect::<Vec<_>>();
        let column = |x: usize| (0..height).map(move |y| at(x, y)).collect::<Vec<_>>();
        let edges = [row(0), row(height - 1), column(0), column(width - 1)];
        edges.iter().flat_map(|edge| edge.chunks(PIECE_PX)).all(|piece| {
            let mean = piece.iter().copied().map(f64::from).sum::<f64>() / piece.len() as f64;
            (mean - self.red).abs() < NEAR
        })
    }
}

/// As the agent makes it of a pixel.
fn brightness_of(pixel: [u8; 4]) -> f64 {
    let size = PixelSize::new(16, 16);
    let bgra = pixel.repeat(256);
    let pixels = Pixels { bgra: &bgra, stride_bytes: 64, size };
    let mut converted = I420::new(size.width, size.height);
    converted.update(&pixels, size.bounds(), size.bounds()).expect("it fits");
    f64::from(converted.y()[0])
}
