//! Small still pictures of a display.

use protocol::geometry::PixelSize;
use protocol::ids::DisplayId;
use protocol::video::Thumbnail;
use protocol::wire::Blob;

use super::convert::I420;
use super::encoder::{EncodeError, Encoder, Wanted};
use super::open_encoder;
use super::openh264::Quality;
use super::screen::PictureError;
use crate::platform::Pixels;

/// A thumbnail fits into this.
const MAX_SIZE: PixelSize = PixelSize::new(320, 180);

/// Makes the thumbnails of one display.
#[derive(Default)]
pub struct Thumbnails {
    encoder: Option<Box<dyn Encoder>>,
    small: Vec<u8>,
}

impl Thumbnails {
    /// Scales a picture down and encodes it as a key of its own.
    ///
    /// # Errors
    /// When the codec library fails.
    pub fn make(&mut self, display: DisplayId, pixels: &Pixels<'_>) -> Result<Thumbnail, PictureError> {
        let size = fitted(pixels.size);
        shrink(pixels, size, &mut self.small);
        let mut picture = I420::new(size.width, size.height);
        picture.fill(&Pixels { bgra: &self.small, stride_bytes: usize::from(size.width) * 4, size })?;
        let encoder = match &mut self.encoder {
            Some(encoder) => encoder,
            none => none.insert(open_encoder(Quality::Thumbnail)?),
        };
        let unit = encoder.encode(&picture, Wanted::Key)?;
        let bytes = unit.data.len();
        let codec = unit.codec.ok_or(EncodeError::NoParameterSet)?;
        let data = Blob::new(unit.data).map_err(|_| EncodeError::TooLarge { bytes })?;
        Ok(Thumbnail { display, size, codec, data })
    }
}

/// The largest even size with the proportions of `size` that fits a thumbnail.
fn fitted(size: PixelSize) -> PixelSize {
    let (width, height) = (u32::from(size.width.max(1)), u32::from(size.height.max(1)));
    let (max_width, max_height) = (u32::from(MAX_SIZE.width), u32::from(MAX_SIZE.height));
    let even = |px: u32| (px / 2 * 2).max(16) as u16;
    if max_width * height <= max_height * width {
        PixelSize::new(MAX_SIZE.width, even(max_width * height / width))
    } else {
        PixelSize::new(even(max_height * width / height), MAX_SIZE.height)
    }
}

/// Each small pixel is the mean of the pixels that it stands for.
fn shrink(pixels: &Pixels<'_>, size: PixelSize, small: &mut Vec<u8>) {
    small.clear();
    let span = |at: u16, of: u16, source: u16| {
        let edge = |at: u16| usize::from(at) * usize::from(source) / usize::from(of);
        let start = edge(at);
        start..edge(at + 1).max(start + 1)
    };
    for y in 0..size.height {
        let rows = span(y, size.height, pixels.size.height);
        for x in 0..size.width {
            let columns = span(x, size.width, pixels.size.width);
            let n_pixels = (rows.len() * columns.len()) as u32;
            let mut sum = [0_u32; 3];
            for row in rows.clone() {
                let from = row * pixels.stride_bytes + columns.start * 4;
                let bytes = pixels.bgra.get(from..from + columns.len() * 4).unwrap_or_default();
                for pixel in bytes.chunks_exact(4) {
                    for (sum, byte) in sum.iter_mut().zip(pixel) {
                        *sum += u32::from(*byte);
                    }
                }
            }
            small.extend(sum.map(|sum| (sum / n_pixels) as u8));
            small.push(255);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thumbnail_keeps_the_proportions() {
        for (size, expected) in [
            ((1920, 1080), (320, 180)),
            ((1280, 800), (288, 180)),
            ((1080, 1920), (100, 180)),
            ((3440, 1440), (320, 132)),
            ((100, 100), (180, 180)),
        ] {
            let fitted = fitted(PixelSize::new(size.0, size.1));
            assert_eq!((fitted.width, fitted.height), expected, "{size:?}");
        }
    }

    #[test]
    fn a_small_pixel_is_the_mean_of_those_that_it_stands_for() {
        let row = [[0, 40, 80, 0], [20, 60, 100, 0], [9, 9, 9, 0], [9, 9, 9, 0]].concat();
        let bgra = [row.clone(), row].concat();
        let pixels = Pixels { bgra: &bgra, stride_bytes: 16, size: PixelSize::new(4, 2) };
        let mut small = Vec::new();
        shrink(&pixels, PixelSize::new(2, 1), &mut small);
        assert_eq!(small, [10, 50, 90, 255, 9, 9, 9, 255]);
    }

    #[test]
    fn thumbnails_are_complete_in_themselves() {
        let bgra = vec![77; 64 * 36 * 4];
        let pixels = Pixels { bgra: &bgra, stride_bytes: 256, size: PixelSize::new(64, 36) };
        let mut thumbnails = Thumbnails::default();
        for _ in 0..2 {
            let thumbnail = thumbnails.make(DisplayId::Console, &pixels).expect("the library is compiled in");
            assert_eq!(thumbnail.size, MAX_SIZE);
            let mut decoder = openh264::decoder::Decoder::new().expect("the library is compiled in");
            assert!(decoder.decode(&thumbnail.data).expect("a whole picture").is_some());
        }
    }
}
