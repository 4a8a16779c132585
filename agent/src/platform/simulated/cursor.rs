//! The shapes of the simulated console's pointer.

use protocol::cursor::CursorShape;
use protocol::wire::Blob;

use super::draw::icons::segment_distance;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) enum CursorKind {
    #[default]
    Arrow,
    /// Over a text field.
    Caret,
    /// Over something that can be pressed.
    Hand,
}

const SIDE_PX: u16 = 32;
/// Width of the dark rim around the light shape.
const RIM_PX: f32 = 1.6;

impl CursorKind {
    pub(super) fn shape(self) -> CursorShape {
        let (hot_x, hot_y) = match self {
            Self::Arrow => (4, 3),
            Self::Caret => (15, 15),
            Self::Hand => (12, 3),
        };
        let rgba = (0..SIDE_PX)
            .flat_map(|y| (0..SIDE_PX).map(move |x| (f32::from(x) + 0.5, f32::from(y) + 0.5)))
            .flat_map(|(x, y)| pixel(self.distance(x, y)))
            .collect();
        // The length is a constant that fits.
        let rgba = Blob::new(rgba).unwrap_or_default();
        CursorShape { width: SIDE_PX, height: SIDE_PX, hot_x, hot_y, rgba }
    }

    /// How far a point lies outside the light part.
    fn distance(self, x: f32, y: f32) -> f32 {
        match self {
            Self::Arrow => outside(&ARROW, x, y),
            Self::Caret => CARET.iter().map(|line| segment_distance(*line, x, y) - 0.7).fold(f32::MAX, f32::min),
            Self::Hand => HAND.iter().map(|(line, half)| segment_distance(*line, x, y) - half).fold(f32::MAX, f32::min),
        }
    }
}

const ARROW: [(f32, f32); 7] =
    [(4.8, 4.0), (4.8, 23.2), (9.2, 19.2), (12.2, 26.2), (15.4, 24.8), (12.4, 18.0), (18.6, 18.0)];
const CARET: [[f32; 4]; 5] = [
    [15.5, 7.0, 15.5, 24.0],
    [12.0, 5.5, 15.5, 7.0],
    [19.0, 5.5, 15.5, 7.0],
    [12.0, 25.5, 15.5, 24.0],
    [19.0, 25.5, 15.5, 24.0],
];
/// Fingers, palm and thumb as thick lines: the line and half its width.
const HAND: [([f32; 4], f32); 7] = [
    ([12.5, 5.5, 12.5, 18.0], 1.9),
    ([16.2, 13.0, 16.2, 19.0], 1.8),
    ([19.6, 14.0, 19.6, 19.0], 1.7),
    ([22.6, 15.4, 22.6, 20.0], 1.5),
    ([7.0, 16.0, 12.0, 23.0], 1.7),
    ([14.0, 20.5, 20.6, 20.5], 4.0),
    ([14.4, 25.0, 20.0, 25.0], 2.4),
];

fn pixel(distance: f32) -> [u8; 4] {
    let light = (0.5 - distance).clamp(0.0, 1.0);
    let whole = (0.5 - (distance - RIM_PX)).clamp(0.0, 1.0);
    // Straight alpha: the colour is that of the covered part.
    let level = if whole == 0.0 { 0.0 } else { (light * 255.0 + (whole - light).max(0.0) * 24.0) / whole };
    let level = level.clamp(0.0, 255.0) as u8;
    [level, level, level, (whole * 255.0) as u8]
}

/// Distance to a polygon's edge, negative inside.
fn outside(corners: &[(f32, f32)], x: f32, y: f32) -> f32 {
    let mut inside = false;
    let mut nearest = f32::MAX;
    for (i, (x1, y1)) in corners.iter().enumerate() {
        let (x2, y2) = corners[(i + 1) % corners.len()];
        nearest = nearest.min(segment_distance([*x1, *y1, x2, y2], x, y));
        if (*y1 <= y) != (y2 <= y) && x < x1 + (y - y1) / (y2 - y1) * (x2 - x1) {
            inside = !inside;
        }
    }
    if inside { -nearest } else { nearest }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_consistent_and_not_empty() {
        for kind in [CursorKind::Arrow, CursorKind::Caret, CursorKind::Hand] {
            let shape = kind.shape();
            assert!(shape.is_consistent(), "{kind:?}");
            let opaque = shape.rgba.chunks_exact(4).filter(|pixel| pixel[3] == 255).count();
            assert!((30..500).contains(&opaque), "{kind:?}: {opaque}");
        }
    }
}
