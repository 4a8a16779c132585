//! Sizes, points and rectangles in pixels of a display; the origin is its top left corner.

use crate::wire::record;

/// Width and height in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "api", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PixelSize {
    pub width: u16,
    pub height: u16,
}

impl PixelSize {
    pub const fn new(width: u16, height: u16) -> Self {
        Self { width, height }
    }

    /// The rectangle that covers all of it.
    pub const fn bounds(self) -> PixelRect {
        PixelRect { x: 0, y: 0, width: self.width, height: self.height }
    }
}

/// A pixel, counted from the top left corner of its display.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct PixelPoint {
    pub x: u16,
    pub y: u16,
}

/// A rectangle of pixels: `x..x + width`, `y..y + height`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct PixelRect {
    pub x: u16,
    pub y: u16,
    pub width: u16,
    pub height: u16,
}

impl PixelRect {
    pub const fn new(x: u16, y: u16, width: u16, height: u16) -> Self {
        Self { x, y, width, height }
    }

    pub const fn is_empty(self) -> bool {
        self.width == 0 || self.height == 0
    }

    /// One past the last column; wider than `u16` because the sum may be.
    pub const fn right(self) -> u32 {
        self.x as u32 + self.width as u32
    }

    /// One past the last row.
    pub const fn bottom(self) -> u32 {
        self.y as u32 + self.height as u32
    }

    pub const fn area(self) -> u32 {
        self.width as u32 * self.height as u32
    }

    /// The part that both share, `None` when there is none.
    pub fn intersection(self, other: Self) -> Option<Self> {
        let x = self.x.max(other.x);
        let y = self.y.max(other.y);
        let right = self.right().min(other.right());
        let bottom = self.bottom().min(other.bottom());
        if right <= u32::from(x) || bottom <= u32::from(y) {
            return None;
        }
        Some(Self { x, y, width: (right - u32::from(x)) as u16, height: (bottom - u32::from(y)) as u16 })
    }

    /// The smallest rectangle that holds both; an empty one adds nothing.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        if self.is_empty() {
            return other;
        }
        if other.is_empty() {
            return self;
        }
        let x = self.x.min(other.x);
        let y = self.y.min(other.y);
        let width = self.right().max(other.right()) - u32::from(x);
        let height = self.bottom().max(other.bottom()) - u32::from(y);
        Self { x, y, width: width.min(u32::from(u16::MAX)) as u16, height: height.min(u32::from(u16::MAX)) as u16 }
    }
}

record!(PixelSize { width, height });
record!(PixelPoint { x, y });
record!(PixelRect { x, y, width, height });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intersection_is_the_shared_part() {
        let a = PixelRect::new(10, 10, 20, 20);
        let cases = [
            (PixelRect::new(0, 0, 15, 15), Some(PixelRect::new(10, 10, 5, 5))),
            (PixelRect::new(30, 10, 5, 5), None),
            (PixelRect::new(12, 12, 2, 2), Some(PixelRect::new(12, 12, 2, 2))),
            (PixelRect::new(u16::MAX, 0, u16::MAX, 50), None),
        ];
        for (b, expected) in cases {
            assert_eq!(a.intersection(b), expected, "{b:?}");
            assert_eq!(b.intersection(a), expected, "{b:?}");
        }
    }

    #[test]
    fn union_ignores_the_empty_one() {
        let a = PixelRect::new(10, 10, 20, 20);
        assert_eq!(PixelRect::default().union(a), a);
        assert_eq!(a.union(PixelRect::new(40, 0, 10, 5)), PixelRect::new(10, 0, 40, 30));
    }
}
