//! How a display is cut into regions. Pure.

use protocol::geometry::{PixelRect, PixelSize};
use protocol::video::REGIONS_MAX;

/// Aimed at: large enough that a display needs few encoders, small enough that a key press costs little.
const WIDTH_PX: u32 = 480;
const HEIGHT_PX: u32 = 272;
/// Macroblock of H.264: a region of whole ones wastes nothing.
const BLOCK_PX: u32 = 16;

/// A grid of rectangles that cover a display without overlap, row by row. All but the last of a row or column have
/// sides of whole macroblocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grid {
    columns: Vec<Span>,
    rows: Vec<Span>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    start: u16,
    length: u16,
}

impl Grid {
    /// Cuts a display of `size`; one without pixels has no regions.
    pub fn new(size: PixelSize) -> Self {
        let (mut width, mut height) = (WIDTH_PX, HEIGHT_PX);
        loop {
            let grid = Self { columns: cut(size.width, width), rows: cut(size.height, height) };
            if grid.len() <= REGIONS_MAX {
                return grid;
            }
            (width, height) = (width + BLOCK_PX, height + BLOCK_PX);
        }
    }

    pub fn len(&self) -> usize {
        self.columns.len() * self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn rects(&self) -> impl Iterator<Item = PixelRect> + '_ {
        self.rows.iter().flat_map(|row| self.columns.iter().map(|column| rect(*column, *row)))
    }

    /// The regions that share pixels with `damage`, each with the shared part.
    pub fn touched(&self, damage: PixelRect) -> impl Iterator<Item = (usize, PixelRect)> + '_ {
        self.rects().enumerate().filter_map(move |(index, rect)| Some((index, rect.intersection(damage)?)))
    }
}

fn rect(column: Span, row: Span) -> PixelRect {
    PixelRect::new(column.start, row.start, column.length, row.length)
}

/// Cuts `length` into the fewest parts of at most `aim` (whole macroblocks), as equal as macroblocks allow.
fn cut(length: u16, aim: u32) -> Vec<Span> {
    let length = u32::from(length);
    if length == 0 {
        return Vec::new();
    }
    let n_parts = length.div_ceil(aim);
    let part = length.div_ceil(n_parts).next_multiple_of(BLOCK_PX);
    (0..length)
        .step_by(part as usize)
        .map(|start| Span { start: start as u16, length: part.min(length - start) as u16 })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::video::DISPLAY_MAX_PX;

    const SIZES: [(u16, u16); 9] = [
        (1920, 1080),
        (1366, 768),
        (1280, 800),
        (3840, 2160),
        (DISPLAY_MAX_PX, DISPLAY_MAX_PX),
        (640, 480),
        (481, 273),
        (7, 3),
        (1080, 1920),
    ];

    #[test]
    fn regions_cover_every_pixel_once() {
        for (width, height) in SIZES {
            let size = PixelSize::new(width, height);
            let rects: Vec<_> = Grid::new(size).rects().collect();
            let area: u64 = rects.iter().map(|rect| u64::from(rect.area())).sum();
            assert_eq!(area, u64::from(width) * u64::from(height), "{width}x{height}");
            for (index, a) in rects.iter().enumerate() {
                assert!(a.right() <= u32::from(width) && a.bottom() <= u32::from(height), "{width}x{height}");
                assert!(rects[index + 1..].iter().all(|b| a.intersection(*b).is_none()), "{width}x{height}");
            }
        }
    }

    #[test]
    fn regions_are_few_and_of_whole_macroblocks_except_the_last() {
        for (width, height) in SIZES {
            let grid = Grid::new(PixelSize::new(width, height));
            assert!(grid.len() <= REGIONS_MAX, "{width}x{height}: {}", grid.len());
            for rect in grid.rects() {
                assert!(rect.x % 16 == 0 && rect.y % 16 == 0, "{width}x{height}");
                assert!(rect.width % 16 == 0 || rect.right() == u32::from(width), "{width}x{height}");
                assert!(rect.height % 16 == 0 || rect.bottom() == u32::from(height), "{width}x{height}");
            }
        }
        assert_eq!(Grid::new(PixelSize::new(1920, 1080)).len(), 16);
    }

    #[test]
    fn damage_touches_the_regions_that_it_lies_in() {
        let grid = Grid::new(PixelSize::new(1920, 1080));
        let touched = |rect| grid.touched(rect).map(|(index, _)| index).collect::<Vec<_>>();
        assert_eq!(touched(PixelRect::new(100, 100, 10, 20)), [0], "a letter");
        assert_eq!(touched(PixelRect::new(475, 100, 10, 20)), [0, 1]);
        assert_eq!(touched(PixelRect::new(475, 270, 10, 20)), [0, 1, 4, 5]);
        assert_eq!(touched(PixelRect::new(0, 0, 1920, 1080)).len(), 16);
        assert!(touched(PixelRect::new(5, 5, 0, 0)).is_empty());
        let parts: u32 = grid.touched(PixelRect::new(475, 270, 10, 20)).map(|(_, part)| part.area()).sum();
        assert_eq!(parts, 200);
    }

    #[test]
    fn a_display_without_pixels_has_no_regions() {
        assert!(Grid::new(PixelSize::new(0, 1080)).is_empty());
    }
}
