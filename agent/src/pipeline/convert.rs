//! From the display's BGRA to the encoder's planes: BT.709, limited range, 4:2:0. Only what changed is converted.

use protocol::geometry::PixelRect;
use yuv::{BufferStoreMut, YuvConversionMode, YuvPlanarImageMut, YuvRange, YuvStandardMatrix, bgra_to_yuv420};

use crate::platform::Pixels;

/// A region's pixels as the encoder takes them. Sides are even; an odd region repeats its last column or row.
#[derive(Debug, Clone)]
pub struct I420 {
    pub width: usize,
    pub height: usize,
    /// Each plane is followed by room for two rows: the conversion takes rows whole, wherever in them it begins.
    y: Vec<u8>,
    u: Vec<u8>,
    v: Vec<u8>,
    /// Rows of the source that it does not have whole.
    last_rows: Vec<u8>,
}

/// The rectangle does not lie in the picture, or the picture's memory is too small for it.
#[derive(Debug, thiserror::Error)]
#[error("a region of {width}x{height} pixels could not be converted: {why}")]
pub struct ConvertError {
    width: u16,
    height: u16,
    why: String,
}

impl I420 {
    /// Black, for a region of these sides.
    pub fn new(width: u16, height: u16) -> Self {
        let (width, height) = (usize::from(width).next_multiple_of(2), usize::from(height).next_multiple_of(2));
        let chroma = vec![128; width / 2 * (height / 2 + 2)];
        Self { width, height, y: vec![16; width * (height + 2)], u: chroma.clone(), v: chroma, last_rows: Vec::new() }
    }

    /// Brightness: `height * width` bytes.
    pub fn y(&self) -> &[u8] {
        &self.y[..self.width * self.height]
    }

    /// Blueness: `height / 2 * width / 2` bytes.
    pub fn u(&self) -> &[u8] {
        &self.u[..self.width / 2 * (self.height / 2)]
    }

    /// Redness: as many bytes as blueness.
    pub fn v(&self) -> &[u8] {
        &self.v[..self.width / 2 * (self.height / 2)]
    }

    /// Converts the part `damage` of a region. Both are in pixels of the display; `damage` lies in `region`.
    ///
    /// # Errors
    /// When the region does not lie in `pixels`.
    pub fn update(&mut self, pixels: &Pixels<'_>, region: PixelRect, damage: PixelRect) -> Result<(), ConvertError> {
        let Some(damage) = on_even_pixels(region, damage) else { return Ok(()) };
        let fail = |why: String| ConvertError { width: region.width, height: region.height, why };
        let from = usize::from(damage.y) * pixels.stride_bytes + usize::from(damage.x) * 4;
        let source = pixels.bgra.get(from..).ok_or_else(|| fail("outside of the picture".to_owned()))?;
        let (x, y) = (usize::from(damage.x - region.x), usize::from(damage.y - region.y));
        let (width, height) = (usize::from(damage.width), usize::from(damage.height));

        // The conversion skips rows that are not there with their whole stride: the last ones of the display, and the
        // last one of an odd height. Those go through a copy.
        let n_whole = (source.len() / pixels.stride_bytes.max(1)).min(height) / 2 * 2;
        self.convert(source, pixels.stride_bytes, (x, y), (width, n_whole)).map_err(fail)?;
        if n_whole < height {
            let mut rows = std::mem::take(&mut self.last_rows);
            rows.clear();
            for row in n_whole..(height.next_multiple_of(2)) {
                let at = row.min(height - 1) * pixels.stride_bytes;
                let bytes = source.get(at..at + width * 4).ok_or_else(|| fail("beyond the picture".to_owned()))?;
                rows.extend_from_slice(bytes);
            }
            let n_rows = rows.len() / (width * 4);
            let converted = self.convert(&rows, width * 4, (x, y + n_whole), (width, n_rows));
            self.last_rows = rows;
            converted.map_err(fail)?;
        }
        self.repeat_odd_column(region);
        Ok(())
    }

    /// Sets every pixel of a picture that is as large as this.
    ///
    /// # Errors
    /// When it is not.
    pub fn fill(&mut self, pixels: &Pixels<'_>) -> Result<(), ConvertError> {
        let all = pixels.size.bounds();
        self.update(pixels, all, all)
    }

    /// Converts `height` rows, an even number, each whole in `source`.
    fn convert(
        &mut self,
        source: &[u8],
        stride_bytes: usize,
        (x, y): (usize, usize),
        (width, height): (usize, usize),
    ) -> Result<(), String> {
        if height == 0 {
            return Ok(());
        }
        let (luma, chroma) = (y * self.width + x, y / 2 * (self.width / 2) + x / 2);
        let mut planes = YuvPlanarImageMut {
            y_plane: BufferStoreMut::Borrowed(&mut self.y[luma..luma + height * self.width]),
            y_stride: self.width as u32,
            u_plane: BufferStoreMut::Borrowed(&mut self.u[chroma..chroma + height / 2 * (self.width / 2)]),
            u_stride: self.width as u32 / 2,
            v_plane: BufferStoreMut::Borrowed(&mut self.v[chroma..chroma + height / 2 * (self.width / 2)]),
            v_stride: self.width as u32 / 2,
            width: width as u32,
            height: height as u32,
        };
        let (range, matrix) = (YuvRange::Limited, YuvStandardMatrix::Bt709);
        let mode = YuvConversionMode::Balanced;
        bgra_to_yuv420(&mut planes, source, stride_bytes as u32, range, matrix, mode).map_err(|error| error.to_string())
    }

    fn repeat_odd_column(&mut self, region: PixelRect) {
        if region.width % 2 == 1 {
            for row in self.y.chunks_exact_mut(self.width) {
                row[self.width - 1] = row[self.width - 2];
            }
        }
    }
}

/// Widens `damage` to whole chroma pixels of its region; `None` when they share nothing.
fn on_even_pixels(region: PixelRect, damage: PixelRect) -> Option<PixelRect> {
    let damage = damage.intersection(region)?;
    let x = damage.x - (damage.x - region.x) % 2;
    let y = damage.y - (damage.y - region.y) % 2;
    let right = (damage.right() + (damage.right() - u32::from(region.x)) % 2).min(region.right());
    let bottom = (damage.bottom() + (damage.bottom() - u32::from(region.y)) % 2).min(region.bottom());
    Some(PixelRect::new(x, y, (right - u32::from(x)) as u16, (bottom - u32::from(y)) as u16))
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::geometry::PixelSize;

    fn picture(size: PixelSize) -> Vec<u8> {
        (0..u32::from(size.height))
            .flat_map(|y| {
                (0..u32::from(size.width)).flat_map(move |x| [(x * 7) as u8, (y * 5) as u8, (x + y) as u8, 0])
            })
            .collect()
    }

    #[test]
    fn colours_are_those_of_bt_709_in_limited_range() {
        let cases = [
            ([0, 0, 0, 0], (16, 128, 128)),
            ([255, 255, 255, 0], (235, 128, 128)),
            ([0, 0, 255, 0], (63, 102, 240)),
            ([255, 0, 0, 0], (32, 240, 118)),
        ];
        for (bgra, (y, u, v)) in cases {
            let size = PixelSize::new(16, 16);
            let bytes = bgra.repeat(256);
            let mut planes = I420::new(16, 16);
            planes.fill(&Pixels { bgra: &bytes, stride_bytes: 64, size }).expect("it fits");
            for (found, expected) in [(planes.y()[0], y), (planes.u()[0], u), (planes.v()[0], v)] {
                assert!(found.abs_diff(expected) <= 1, "{bgra:?}: {found} instead of {expected}");
            }
        }
    }

    /// The region's own pixels, one row right behind the other.
    fn cut_out(bytes: &[u8], size: PixelSize, region: PixelRect) -> Vec<u8> {
        let rows = usize::from(region.y)..region.bottom() as usize;
        let row = |y: usize| {
            &bytes[(y * usize::from(size.width) + usize::from(region.x)) * 4..][..usize::from(region.width) * 4]
        };
        rows.flat_map(|y| row(y).to_vec()).collect()
    }

    #[test]
    fn a_region_is_converted_to_its_last_row_wherever_it_lies() {
        for (width, height) in [(64, 48), (63, 47), (64, 47), (63, 48)] {
            let size = PixelSize::new(width, height);
            let bytes = picture(size);
            for (x, y) in [(0, 0), (16, 0), (0, 16), (16, 16), (48, 32)] {
                let region = PixelRect::new(x, y, (width - x).min(32), (height - y).min(32));
                let mut found = I420::new(region.width, region.height);
                let pixels = Pixels { bgra: &bytes, stride_bytes: usize::from(width) * 4, size };
                found.update(&pixels, region, region).expect("it fits");

                let alone = cut_out(&bytes, size, region);
                let size = PixelSize::new(region.width, region.height);
                let mut expected = I420::new(region.width, region.height);
                let stride_bytes = usize::from(region.width) * 4;
                expected.fill(&Pixels { bgra: &alone, stride_bytes, size }).expect("it fits");
                assert!(
                    found.y() == expected.y() && found.u() == expected.u() && found.v() == expected.v(),
                    "{region:?}"
                );
            }
        }
    }

    #[test]
    fn converting_what_changed_gives_the_same_as_converting_everything() {
        for (width, height) in [(64, 48), (63, 47), (64, 47), (63, 48)] {
            let size = PixelSize::new(width, height);
            let region = PixelRect::new(16, 16, width - 16, height - 16);
            let corner = PixelRect::new(width - 7, height - 5, 7, 5);
            for damage in [PixelRect::new(21, 19, 9, 7), corner, PixelRect::new(20, height - 1, 2, 1)] {
                let mut bytes = picture(size);
                let stride_bytes = usize::from(width) * 4;
                let mut partly = I420::new(region.width, region.height);
                partly.update(&Pixels { bgra: &bytes, stride_bytes, size }, region, region).expect("it fits");
                for y in damage.y..damage.y + damage.height {
                    for x in damage.x..damage.x + damage.width {
                        let at = usize::from(y) * stride_bytes + usize::from(x) * 4;
                        bytes[at..at + 3].copy_from_slice(&[200, 10, 90]);
                    }
                }
                let pixels = Pixels { bgra: &bytes, stride_bytes, size };
                partly.update(&pixels, region, damage).expect("it fits");
                let mut wholly = I420::new(region.width, region.height);
                wholly.update(&pixels, region, region).expect("it fits");
                let is_same = partly.y() == wholly.y() && partly.u() == wholly.u() && partly.v() == wholly.v();
                assert!(is_same, "{width}x{height}, {damage:?}");
            }
        }
    }

    /// The formula of BT.709, one pixel at a time.
    fn luma(bgra: &[u8]) -> u8 {
        let [b, g, r] = [0, 1, 2].map(|at| f64::from(bgra[at]));
        (16.0 + (0.2126 * r + 0.7152 * g + 0.0722 * b) * 219.0 / 255.0).round() as u8
    }

    #[test]
    fn every_pixel_is_converted_to_the_last_row_and_column() {
        for (width, height) in [(64, 48), (63, 47), (2, 2), (1, 1), (50, 3)] {
            let size = PixelSize::new(width, height);
            let bytes = picture(size);
            let stride_bytes = usize::from(width) * 4;
            let region = PixelRect::new(width / 4 * 2, height / 4 * 2, width - width / 4 * 2, height - height / 4 * 2);
            let mut planes = I420::new(region.width, region.height);
            planes.update(&Pixels { bgra: &bytes, stride_bytes, size }, region, region).expect("it fits");
            for y in 0..planes.height {
                for x in 0..planes.width {
                    let px = (usize::from(region.x) + x).min(usize::from(width) - 1);
                    let py = (usize::from(region.y) + y).min(usize::from(height) - 1);
                    let expected = luma(&bytes[py * stride_bytes + px * 4..]);
                    let found = planes.y()[y * planes.width + x];
                    assert!(found.abs_diff(expected) <= 1, "{width}x{height} at {x},{y}: {found} for {expected}");
                }
            }
        }
    }

    #[test]
    fn a_region_outside_of_the_picture_is_an_error() {
        let bytes = vec![0; 16 * 16 * 4];
        let pixels = Pixels { bgra: &bytes, stride_bytes: 64, size: PixelSize::new(16, 16) };
        let region = PixelRect::new(0, 16, 16, 16);
        assert!(I420::new(16, 16).update(&pixels, region, region).is_err());
    }
}
