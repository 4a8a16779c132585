use std::collections::HashMap;

use protocol::geometry::{PixelRect, PixelSize};

use super::super::super::text::Bgra;
use super::{Area, Item};

/// Rectangles of one change; more are joined where that wastes least.
const DAMAGE_MAX: usize = 12;

/// The pixels of one display and the list that made them.
pub(in super::super) struct Screen {
    size: PixelSize,
    pixels: Vec<u8>,
    items: Vec<Item>,
}

impl Screen {
    /// Black, until the first [`Screen::show`].
    pub(in super::super) fn new(size: PixelSize) -> Self {
        Self { size, pixels: vec![0; usize::from(size.width) * usize::from(size.height) * 4], items: Vec::new() }
    }

    /// Brings the pixels to `items` and returns what changed; the rectangles do not overlap.
    pub(in super::super) fn show(&mut self, items: Vec<Item>) -> Vec<PixelRect> {
        if items == self.items {
            return Vec::new();
        }
        let damage = joined(changed(&self.items, &items, self.size));
        self.items = items;
        for rect in &damage {
            self.paint(*rect);
        }
        damage
    }

    pub(in super::super) fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    pub(in super::super) fn stride_bytes(&self) -> usize {
        usize::from(self.size.width) * 4
    }

    fn paint(&mut self, rect: PixelRect) {
        let stride_bytes = self.stride_bytes();
        let damage = Area::from(rect);
        for item in &self.items {
            let clip = damage.intersection(item.bounds).on(self.size);
            if !clip.is_empty() {
                let mut target = Bgra { pixels: &mut self.pixels, stride_bytes, size: self.size, clip };
                super::paint::item(&mut target, item);
            }
        }
    }
}

/// Where the two lists differ: every item that only one of them has.
fn changed(old: &[Item], new: &[Item], size: PixelSize) -> Vec<PixelRect> {
    let mut balance: HashMap<&Item, i32> = HashMap::with_capacity(old.len().max(new.len()));
    for item in old {
        *balance.entry(item).or_default() -= 1;
    }
    for item in new {
        *balance.entry(item).or_default() += 1;
    }
    let mut rects: Vec<PixelRect> =
        balance.into_iter().filter(|(_, count)| *count != 0).map(|(item, _)| item.bounds.on(size)).collect();
    // A map has no order; the picture's history must have one.
    rects.sort_by_key(|rect| (rect.y, rect.x, rect.height, rect.width));
    rects
}

/// Joins rectangles that overlap, then those that waste least, until few are left.
pub(in super::super) fn joined(mut rects: Vec<PixelRect>) -> Vec<PixelRect> {
    rects.retain(|rect| !rect.is_empty());
    drop_covered(&mut rects);
    loop {
        let Some((a, b, waste)) = best_pair(&rects) else { return rects };
        let overlap = rects[a].intersection(rects[b]).is_some();
        // A small waste is cheaper than another rectangle.
        if !overlap && 2048 < waste && rects.len() <= DAMAGE_MAX {
            return rects;
        }
        let other = rects.swap_remove(b);
        rects[a] = rects[a].union(other);
    }
}

/// A new page changes a card and everything on it: the card is enough.
fn drop_covered(rects: &mut Vec<PixelRect>) {
    rects.sort_by_key(|rect| std::cmp::Reverse(rect.area()));
    let mut kept: Vec<PixelRect> = Vec::with_capacity(rects.len());
    for rect in rects.drain(..) {
        if !kept.iter().any(|larger| larger.intersection(rect) == Some(rect)) {
            kept.push(rect);
        }
    }
    *rects = kept;
}

/// The pair to join first: overlapping ones before all others.
fn best_pair(rects: &[PixelRect]) -> Option<(usize, usize, i64)> {
    let pairs = (0..rects.len()).flat_map(|b| (0..b).map(move |a| (a, b)));
    pairs
        .map(|(a, b)| {
            let overlap = rects[a].intersection(rects[b]);
            let waste =
                i64::from(rects[a].union(rects[b]).area()) - i64::from(rects[a].area()) - i64::from(rects[b].area())
                    + i64::from(overlap.map_or(0, PixelRect::area));
            (a, b, if overlap.is_some() { waste - i64::from(u32::MAX) } else { waste })
        })
        .min_by_key(|(a, b, waste)| (*waste, *a, *b))
        .map(|(a, b, waste)| (a, b, waste.max(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_rectangles_cover_the_same_and_do_not_overlap() {
        let rects: Vec<PixelRect> =
            (0..40).map(|i| PixelRect::new((i * 97) % 1800, (i * 61) % 1000, 20 + i, 30 + i % 7)).collect();
        let joined = joined(rects.clone());
        assert!(joined.len() <= DAMAGE_MAX);
        for rect in &rects {
            assert!(joined.iter().any(|whole| whole.intersection(*rect) == Some(*rect)), "{rect:?}");
        }
        for (i, a) in joined.iter().enumerate() {
            assert!(joined[..i].iter().all(|b| a.intersection(*b).is_none()));
        }
    }
}
