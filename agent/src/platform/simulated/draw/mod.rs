//! Software drawing for the simulated displays: a display is a list of [`Item`]s, and two lists say exactly which
//! rectangles changed between two pictures.

pub(super) mod icons;
mod list;
mod motion;
mod paint;
pub(super) mod palette;
mod screen;

use protocol::geometry::{PixelRect, PixelSize};

pub(super) use icons::Icon;
pub(super) use list::{Align, View};
pub(super) use screen::{Screen, joined};

use super::super::text::Style;

/// A rectangle that may lie outside its display.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct Area {
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) width: i32,
    pub(super) height: i32,
}

impl Area {
    pub(super) const fn new(x: i32, y: i32, width: i32, height: i32) -> Self {
        Self { x, y, width, height }
    }

    pub(super) const fn right(self) -> i32 {
        self.x + self.width
    }

    pub(super) const fn bottom(self) -> i32 {
        self.y + self.height
    }

    pub(super) const fn middle(self) -> (i32, i32) {
        (self.x + self.width / 2, self.y + self.height / 2)
    }

    /// Smaller by `px` on every side; larger when negative.
    pub(super) const fn inset(self, px: i32) -> Self {
        Self::new(self.x + px, self.y + px, self.width - 2 * px, self.height - 2 * px)
    }

    /// A square around the middle.
    pub(super) const fn centred(self, side: i32) -> Self {
        let (x, y) = self.middle();
        Self::new(x - side / 2, y - side / 2, side, side)
    }

    pub(super) const fn contains(self, x: i32, y: i32) -> bool {
        self.x <= x && x < self.right() && self.y <= y && y < self.bottom()
    }

    pub(super) fn intersection(self, other: Self) -> Self {
        let (x, y) = (self.x.max(other.x), self.y.max(other.y));
        let width = (self.right().min(other.right()) - x).max(0);
        let height = (self.bottom().min(other.bottom()) - y).max(0);
        Self { x, y, width, height }
    }

    /// The part that lies on a display.
    pub(super) fn on(self, size: PixelSize) -> PixelRect {
        let seen = self.intersection(size.bounds().into());
        PixelRect::new(seen.x as u16, seen.y as u16, seen.width as u16, seen.height as u16)
    }
}

impl From<PixelRect> for Area {
    fn from(rect: PixelRect) -> Self {
        Self::new(rect.x.into(), rect.y.into(), rect.width.into(), rect.height.into())
    }
}

/// Red, green, blue, opacity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Rgba(pub(super) u8, pub(super) u8, pub(super) u8, pub(super) u8);

impl Rgba {
    pub(super) const fn rgb(self) -> [u8; 3] {
        [self.0, self.1, self.2]
    }

    pub(super) const fn with_opacity(self, opacity: u8) -> Self {
        Self(self.0, self.1, self.2, opacity)
    }

    /// `at` of 0 is this colour, 255 the other.
    pub(super) fn towards(self, other: Self, at: u8) -> Self {
        let mix =
            |a: u8, b: u8| ((u32::from(a) * u32::from(255 - at) + u32::from(b) * u32::from(at) + 127) / 255) as u8;
        Self(mix(self.0, other.0), mix(self.1, other.1), mix(self.2, other.2), mix(self.3, other.3))
    }
}

/// How a surface is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Fill {
    Flat(Rgba),
    /// From top to bottom.
    Down(Rgba, Rgba),
    /// From the top left to the bottom right corner.
    Diagonal(Rgba, Rgba),
}

/// One thing on a display. Equal items make equal pixels.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Item {
    /// Everything that it may touch, within its clip.
    bounds: Area,
    clip: Area,
    op: Op,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Op {
    Panel {
        area: Area,
        radius: i32,
        fill: Fill,
    },
    Outline {
        area: Area,
        radius: i32,
        width: i32,
        colour: Rgba,
    },
    Shadow {
        area: Area,
        radius: i32,
        blur: i32,
        opacity: u8,
    },
    /// `x_quarters` is in quarters of a pixel.
    Text {
        text: String,
        style: Style,
        colour: Rgba,
        x_quarters: i32,
        baseline: i32,
    },
    Icon {
        icon: Icon,
        area: Area,
        colour: Rgba,
    },
    /// The beginning of a ring, clockwise from the top, in thousandths of it.
    Arc {
        area: Area,
        width: i32,
        thousandths: u16,
        colour: Rgba,
    },
    Waves {
        area: Area,
        frame: u32,
        tint: Rgba,
    },
    Chart {
        area: Area,
        frame: u32,
        seed: u32,
        colour: Rgba,
    },
}
