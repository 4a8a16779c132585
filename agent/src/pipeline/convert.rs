//! From the display's BGRA to the encoder's planes: BT.709, limited range, 4:2:0. Only what changed is converted.

use protocol::geometry::PixelRect;
use yuv::{BufferStoreMut, YuvConversionMode, YuvPlanarImageMut, YuvRange, YuvStandardMatrix, bgra_to_yuv420};

use crate::platform::Pixels;

/// A region's pixels as the encoder takes them. Sides are even; an odd region repeats its last column or row.
#[derive(Debug, Clone)]
pub struct I420 {
    pub width: usize,
    pub height: usize,
    /// `height * width` bytes.
    pub y: Vec<u8>,
    /// `height / 2 * width / 2` bytes, like `v`.
    pub u: Vec<u8>,
    pub v: Vec<u8>,
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
        let chroma = vec![128; width / 2 * (height / 2)];
        Self { width, height, y: vec![16; width * height], u: chroma.clone(), v: chroma }
    }

    /// Converts the rows of a region that `damage` touches. Both are in pixels of the display; `damage` lies in
    /// `region`.
    ///
    /// # Errors
    /// When the region does not lie in `pixels`.
    pub fn update(&mut self, pixels: &Pixels<'_>, region: PixelRect, damage: PixelRect) -> Result<(), ConvertError> {
        let Some(rows) = whole_rows(region, damage) else { return Ok(()) };
        let fail = |why: &dyn std::fmt::Display| ConvertError {
            width: region.width,
            height: region.height,
            why: why.to_string(),
        };
        let from = usize::from(rows.y) * pixels.stride_bytes + usize::from(rows.x) * 4;
        let needed = usize::from(rows.height - 1) * pixels.stride_bytes + usize::from(rows.width) * 4;
        let source = pixels.bgra.get(from..).filter(|source| needed <= source.len());
        let source = source.ok_or_else(|| fail(&"outside of the picture"))?;
        let (y, height, row_bytes) = (usize::from(rows.y - region.y), usize::from(rows.height), usize::from(rows.width) * 4);

        // The converter passes over a last row that is shorter than the stride, as the picture's last row is when the
        // region does not begin at its left edge. That row and its neighbour are converted from a copy.
        let is_short = source.len() < height * pixels.stride_bytes;
        let n_copied = if is_short { 2 - height % 2 } else { 0 };
        let n_direct = height - n_copied;
        self.convert(source, pixels.stride_bytes, region.width, y, n_direct).map_err(|error| fail(&error))?;
        if 0 < n_copied {
            let mut copy = Vec::with_capacity(n_copied * row_bytes);
            for row in n_direct..height {
                copy.extend_from_slice(&source[row * pixels.stride_bytes..][..row_bytes]);
            }
            self.convert(&copy, row_bytes, region.width, y + n_direct, n_copied).map_err(|error| fail(&error))?;
        }
        self.repeat_odd_edges(region);
        Ok(())
    }

    /// Converts `height` rows of the region's `width` to the rows from `y` on.
    fn convert(&mut self, bgra: &[u8], stride_bytes: usize, width: u16, y: usize, height: usize) -> Result<(), yuv::YuvError> {
        if height == 0 {
            return Ok(());
        }
        // Exact slices: the converter finds an odd last row by what is left over.
        let luma = y * self.width..(y + height) * self.width;
        let chroma = y / 2 * (self.width / 2)..(y + height).div_ceil(2) * (self.width / 2);
        let bgra = &bgra[..height * stride_bytes];
        let mut planes = YuvPlanarImageMut {
            y_plane: BufferStoreMut::Borrowed(&mut self.y[luma]),
            y_stride: self.width as u32,
            u_plane: BufferStoreMut::Borrowed(&mut self.u[chroma.clone()]),
            u_stride: self.width as u32 / 2,
            v_plane: BufferStoreMut::Borrowed(&mut self.v[chroma]),
            v_stride: self.width as u32 / 2,
            width: u32::from(width),
            height: height as u32,
        };
        let (range, matrix) = (YuvRange::Limited, YuvStandardMatrix::Bt709);
        bgra_to_yuv420(&mut planes, bgra, stride_bytes as u32, range, matrix, YuvConversionMode::Balanced)
    }

    /// Sets every pixel of a picture that is as large as this.
    ///
    /// # Errors
    /// When it is not.
    pub fn fill(&mut self, pixels: &Pixels<'_>) -> Result<(), ConvertError> {
        let all = pixels.size.bounds();
        self.update(pixels, all, all)
    }

    fn repeat_odd_edges(&mut self, region: PixelRect) {
        if region.width % 2 == 1 {
            for row in self.y.chunks_exact_mut(self.width) {
                row[self.width - 1] = row[self.width - 2];
            }
        }
        if region.height % 2 == 1 {
            let last = self.width * (self.height - 1);
            self.y.copy_within(last - self.width..last, last);
        }
    }
}

/// Widens `damage` to whole rows of its region, two by two as chroma needs them; `None` when they share nothing.
fn whole_rows(region: PixelRect, damage: PixelRect) -> Option<PixelRect> {
    let damage = damage.intersection(region)?;
    let y = damage.y - (damage.y - region.y) % 2;
    let bottom = (damage.bottom() + (damage.bottom() - u32::from(region.y)) % 2).min(region.bottom());
    Some(PixelRect::new(region.x, y, region.width, (bottom - u32::from(y)) as u16))
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::geometry::PixelSize;

    fn picture(size: PixelSize) -> Vec<u8> {
        (0..u32::from(size.height))
            .flat_map(|y| (0..u32::from(size.width)).flat_map(move |x| [(x * 7) as u8, (y * 5) as u8, (x + y) as u8, 0]))
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
            for (found, expected) in [(planes.y[0], y), (planes.u[0], u), (planes.v[0], v)] {
                assert!(found.abs_diff(expected) <= 1, "{bgra:?}: {found} instead of {expected}");
            }
        }
    }

    /// The region's own pixels, one row right behind the other.
    fn cut_out(bytes: &[u8], size: PixelSize, region: PixelRect) -> Vec<u8> {
        let rows = usize::from(region.y)..region.bottom() as usize;
        let row = |y: usize| &bytes[(y * usize::from(size.width) + usize::from(region.x)) * 4..][..usize::from(region.width) * 4];
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
                assert!(found.y == expected.y && found.u == expected.u && found.v == expected.v, "{region:?}");
            }
        }
    }

    #[test]
    fn converting_what_changed_gives_the_same_as_converting_everything() {
        for (width, height) in [(64, 48), (63, 47)] {
            let size = PixelSize::new(width, height);
            let region = PixelRect::new(16, 16, width - 16, height - 16);
            let stride_bytes = usize::from(width) * 4;
            let corner = PixelRect::new(width - 5, height - 3, 5, 3);
            for damage in [PixelRect::new(21, 19, 9, 7), PixelRect::new(16, height - 1, 1, 1), corner] {
                let mut bytes = picture(size);
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
                assert!(partly.y == wholly.y && partly.u == wholly.u && partly.v == wholly.v, "{width}x{height} {damage:?}");
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
