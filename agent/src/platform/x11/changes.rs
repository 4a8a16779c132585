//! Which pixels really changed: reported rectangles are merged so that each costs one request, and compared with
//! what is known so that repainting the same thing costs nothing further on.

use protocol::geometry::{PixelRect, PixelSize};

/// Rectangles asked for at once. More are merged with their nearest.
const RECTS_MAX: usize = 32;
/// Pixels that may be read in vain to save a request: at 4 bytes a pixel about what a request costs.
const SLACK_PX: u32 = 4096;
/// Rows that are looked at together; changes in different bands are different rectangles.
pub(super) const BAND_ROWS: usize = 32;

/// Damaged rectangles that were not read yet.
#[derive(Debug, Default)]
pub(super) struct Pending {
    rects: Vec<PixelRect>,
}

impl Pending {
    pub(super) fn is_empty(&self) -> bool {
        self.rects.is_empty()
    }

    pub(super) fn add(&mut self, mut rect: PixelRect) {
        if rect.is_empty() {
            return;
        }
        while let Some(near) = self.rects.iter().position(|other| merge_cost(rect, *other) <= SLACK_PX) {
            rect = rect.union(self.rects.swap_remove(near));
        }
        self.rects.push(rect);
        if RECTS_MAX < self.rects.len() {
            self.merge_last();
        }
    }

    pub(super) fn take(&mut self) -> Vec<PixelRect> {
        std::mem::take(&mut self.rects)
    }

    fn merge_last(&mut self) {
        let Some(last) = self.rects.pop() else { return };
        let nearest = self.rects.iter_mut().min_by_key(|rect| merge_cost(**rect, last));
        if let Some(nearest) = nearest {
            *nearest = nearest.union(last);
        }
    }
}

/// Pixels of the union that belong to neither.
fn merge_cost(a: PixelRect, b: PixelRect) -> u32 {
    a.union(b).area().saturating_sub(a.area() + b.area())
}

/// The picture as it is known.
pub(super) struct Picture {
    pub(super) bgra: Vec<u8>,
    pub(super) size: PixelSize,
}

impl Picture {
    pub(super) fn new(size: PixelSize) -> Self {
        Self { bgra: vec![0; usize::from(size.width) * usize::from(size.height) * 4], size }
    }

    pub(super) fn stride_bytes(&self) -> usize {
        usize::from(self.size.width) * 4
    }

    /// Takes new pixels for whole rows of `rect`, the first of which is row `y` of the picture, and adds what
    /// differs to `changed`.
    pub(super) fn update(&mut self, rect: PixelRect, y: u16, rows: &[u8], changed: &mut Vec<PixelRect>) {
        let row_bytes = usize::from(rect.width) * 4;
        let mut top = usize::from(y);
        for band in rows.chunks(row_bytes * BAND_ROWS) {
            if let Some(part) = self.update_band(usize::from(rect.x), top, row_bytes, band) {
                append(changed, part);
            }
            top += band.len() / row_bytes;
        }
    }

    fn update_band(&mut self, x: usize, top: usize, row_bytes: usize, band: &[u8]) -> Option<PixelRect> {
        let stride = self.stride_bytes();
        let (mut first_row, mut last_row) = (None, 0);
        // The part of the row that changed so far, in pixels: only what lies outside has to be looked at further.
        let (mut left, mut right) = (row_bytes / 4, 0);
        for (row, new) in band.chunks_exact(row_bytes).enumerate() {
            let start = (top + row) * stride + x * 4;
            let old = &mut self.bgra[start..start + row_bytes];
            if old == new {
                continue;
            }
            first_row.get_or_insert(row);
            last_row = row;
            left = first_difference(&old[..left * 4], &new[..left * 4]).unwrap_or(left);
            right = last_difference(&old[right * 4..], &new[right * 4..]).map_or(right, |at| right + at + 1);
            old.copy_from_slice(new);
        }
        let first_row = first_row?;
        Some(PixelRect {
            x: (x + left) as u16,
            y: (top + first_row) as u16,
            width: (right - left) as u16,
            height: (last_row - first_row + 1) as u16,
        })
    }
}

/// The rectangles of bands that lie directly below each other become one again.
fn append(changed: &mut Vec<PixelRect>, part: PixelRect) {
    match changed.last_mut() {
        Some(above) if above.x == part.x && above.width == part.width && above.bottom() == u32::from(part.y) => {
            above.height += part.height;
        }
        _ => changed.push(part),
    }
}

fn first_difference(old: &[u8], new: &[u8]) -> Option<usize> {
    old.chunks_exact(4).zip(new.chunks_exact(4)).position(|(old, new)| old != new)
}

fn last_difference(old: &[u8], new: &[u8]) -> Option<usize> {
    old.chunks_exact(4).zip(new.chunks_exact(4)).rposition(|(old, new)| old != new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending(rects: &[PixelRect]) -> Vec<PixelRect> {
        let mut pending = Pending::default();
        for rect in rects {
            pending.add(*rect);
        }
        pending.take()
    }

    #[test]
    fn neighbours_become_one_and_strangers_stay_apart() {
        let near = [PixelRect::new(0, 0, 10, 10), PixelRect::new(10, 0, 10, 10)];
        assert_eq!(pending(&near), [PixelRect::new(0, 0, 20, 10)]);
        let far = [PixelRect::new(0, 0, 10, 10), PixelRect::new(500, 500, 10, 10)];
        assert_eq!(pending(&far), far);
    }

    #[test]
    fn many_rectangles_stay_bounded_and_lose_nothing() {
        let all: Vec<_> = (0..40).flat_map(|x| (0..40).map(move |y| PixelRect::new(x * 150, y * 150, 3, 3))).collect();
        let merged = pending(&all);
        assert!(merged.len() <= RECTS_MAX);
        for rect in all {
            assert!(merged.iter().any(|m| m.intersection(rect) == Some(rect)), "{rect:?}");
        }
    }

    /// Writes `new` over `rect` of a black 100x100 picture.
    fn update(rect: PixelRect, new: impl Fn(u16, u16) -> bool) -> Vec<PixelRect> {
        let mut picture = Picture::new(PixelSize::new(100, 100));
        let mut rows = Vec::new();
        for y in rect.y..rect.y + rect.height {
            for x in rect.x..rect.x + rect.width {
                rows.extend([if new(x, y) { 255 } else { 0 }; 4]);
            }
        }
        let mut changed = Vec::new();
        picture.update(rect, rect.y, &rows, &mut changed);
        for (at, pixel) in picture.bgra.chunks_exact(4).enumerate() {
            let (x, y) = ((at % 100) as u16, (at / 100) as u16);
            let inside = rect.intersection(PixelRect::new(x, y, 1, 1)).is_some();
            assert_eq!(pixel[0] == 255, inside && new(x, y), "{x} {y}");
        }
        changed
    }

    #[test]
    fn only_what_differs_is_reported() {
        let rect = PixelRect::new(5, 5, 90, 90);
        assert_eq!(update(rect, |_, _| false), []);
        assert_eq!(update(rect, |_, _| true), [rect]);
        assert_eq!(update(rect, |x, y| (x, y) == (40, 50)), [PixelRect::new(40, 50, 1, 1)]);
        let caret_and_clock = update(rect, |x, y| (x == 10 && y < 20) || ((60..70).contains(&x) && 80 < y));
        assert_eq!(caret_and_clock, [PixelRect::new(10, 5, 1, 15), PixelRect::new(60, 81, 10, 14)]);
    }

    #[test]
    fn a_slanted_line_is_covered_by_its_bands() {
        let changed = update(PixelRect::new(0, 0, 100, 100), |x, y| x == 99 - y);
        let covered: u32 = changed.iter().map(|rect| rect.area()).sum();
        assert!(changed.len() == 4 && covered < 4000, "{changed:?}");
        assert_eq!(changed[0], PixelRect::new(68, 0, 32, 32));
    }
}
