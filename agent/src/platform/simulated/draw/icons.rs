//! Icons as strokes on a grid of 24 by 24.

use super::super::super::text::Bgra;
use super::paint::{coverage, scaled};
use super::{Area, Rgba};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in super::super) enum Icon {
    Camera,
    CameraOff,
    Keypad,
    Present,
    Sliders,
    Lamp,
    Microphone,
    MicrophoneOff,
    HangUp,
    Back,
    Check,
    User,
    Network,
    Speaker,
    Calendar,
    Lock,
    Keyboard,
    Info,
    Screen,
    Note,
    Blinds,
    Thermometer,
    Power,
    Plus,
    Minus,
    Erase,
    SignOut,
}

/// A part of an icon.
enum Stroke {
    Line(f32, f32, f32, f32),
    /// Middle, radius, and the angles in degrees from and to, clockwise from the right.
    Arc(f32, f32, f32, f32, f32),
    /// Left, top, width, height, corner.
    Box(f32, f32, f32, f32, f32),
    /// Filled.
    Dot(f32, f32, f32),
}

use Stroke::{Arc, Box as Frame, Dot, Line};

const fn circle(x: f32, y: f32, radius: f32) -> Stroke {
    Arc(x, y, radius, 0.0, 360.0)
}

impl Icon {
    #[rustfmt::skip]
    fn strokes(self) -> &'static [Stroke] {
        match self {
            Self::Camera => const { &[Frame(2.5, 6.5, 12.5, 11.0, 2.6), Line(15.0, 10.6, 21.0, 7.4), Line(21.0, 7.4, 21.0, 16.6), Line(21.0, 16.6, 15.0, 13.4)] },
            Self::CameraOff => const { &[Frame(2.5, 6.5, 12.5, 11.0, 2.6), Line(15.0, 10.6, 21.0, 7.4), Line(21.0, 7.4, 21.0, 16.6), Line(21.0, 16.6, 15.0, 13.4), Line(3.0, 3.0, 21.0, 21.0)] },
            Self::Keypad => const { &[
                Dot(5.5, 5.5, 1.7), Dot(12.0, 5.5, 1.7), Dot(18.5, 5.5, 1.7), Dot(5.5, 12.0, 1.7), Dot(12.0, 12.0, 1.7), Dot(18.5, 12.0, 1.7),
                Dot(5.5, 18.5, 1.7), Dot(12.0, 18.5, 1.7), Dot(18.5, 18.5, 1.7)] },
            Self::Present => const { &[Frame(2.5, 4.0, 19.0, 13.0, 2.4), Line(12.0, 13.6, 12.0, 7.6), Line(9.2, 10.2, 12.0, 7.4), Line(14.8, 10.2, 12.0, 7.4), Line(8.0, 20.5, 16.0, 20.5)] },
            Self::Sliders => const { &[
                Line(3.0, 6.5, 12.6, 6.5), Line(18.4, 6.5, 21.0, 6.5), circle(15.5, 6.5, 2.7),
                Line(3.0, 17.5, 5.6, 17.5), Line(11.4, 17.5, 21.0, 17.5), circle(8.5, 17.5, 2.7)] },
            Self::Lamp => const { &[Arc(12.0, 9.6, 6.2, 125.0, 415.0), Line(8.5, 14.7, 9.2, 17.6), Line(15.5, 14.7, 14.8, 17.6), Line(9.2, 17.6, 14.8, 17.6), Line(10.2, 21.0, 13.8, 21.0)] },
            Self::Microphone => const { &[Frame(8.6, 2.8, 6.8, 11.4, 3.4), Arc(12.0, 11.0, 6.6, 5.0, 175.0), Line(12.0, 17.8, 12.0, 21.2)] },
            Self::MicrophoneOff => const { &[Frame(8.6, 2.8, 6.8, 11.4, 3.4), Arc(12.0, 11.0, 6.6, 5.0, 175.0), Line(12.0, 17.8, 12.0, 21.2), Line(3.2, 3.2, 20.8, 20.8)] },
            Self::HangUp => const { &[Arc(12.0, 21.6, 11.6, 222.0, 318.0), Arc(12.0, 21.6, 10.2, 222.0, 318.0), Frame(2.9, 13.6, 2.6, 2.4, 0.8), Frame(18.5, 13.6, 2.6, 2.4, 0.8)] },
            Self::Back => const { &[Line(14.5, 5.0, 7.5, 12.0), Line(7.5, 12.0, 14.5, 19.0)] },
            Self::Check => const { &[Line(4.5, 12.5, 9.8, 17.6), Line(9.8, 17.6, 19.5, 6.8)] },
            Self::User => const { &[circle(12.0, 8.0, 4.2), Arc(12.0, 22.4, 8.4, 205.0, 335.0)] },
            Self::Network => const { &[Arc(12.0, 19.0, 13.2, 227.0, 313.0), Arc(12.0, 19.0, 8.4, 227.0, 313.0), Dot(12.0, 18.2, 1.7)] },
            Self::Speaker => const { &[Line(3.0, 9.2, 3.0, 14.8), Line(3.0, 14.8, 6.6, 14.8), Line(3.0, 9.2, 6.6, 9.2), Line(6.6, 9.2, 11.2, 5.2), Line(11.2, 5.2, 11.2, 18.8), Line(11.2, 18.8, 6.6, 14.8), Arc(11.6, 12.0, 4.4, -48.0, 48.0), Arc(11.6, 12.0, 8.6, -48.0, 48.0)] },
            Self::Calendar => const { &[Frame(3.0, 4.8, 18.0, 16.2, 2.8), Line(3.0, 9.8, 21.0, 9.8), Line(8.0, 2.6, 8.0, 6.4), Line(16.0, 2.6, 16.0, 6.4)] },
            Self::Lock => const { &[Frame(5.0, 10.6, 14.0, 10.2, 2.4), Arc(12.0, 8.2, 4.4, 180.0, 360.0), Line(7.6, 8.2, 7.6, 10.6), Line(16.4, 8.2, 16.4, 10.6)] },
            Self::Keyboard => const { &[Frame(2.2, 6.0, 19.6, 12.4, 2.4), Dot(6.6, 10.2, 1.1), Dot(10.2, 10.2, 1.1), Dot(13.8, 10.2, 1.1), Dot(17.4, 10.2, 1.1), Line(8.0, 14.6, 16.0, 14.6)] },
            Self::Info => const { &[circle(12.0, 12.0, 9.0), Line(12.0, 11.2, 12.0, 16.6), Dot(12.0, 7.6, 1.2)] },
            Self::Screen => const { &[Frame(2.5, 4.0, 19.0, 13.0, 2.4), Line(8.0, 20.5, 16.0, 20.5), Line(12.0, 17.0, 12.0, 20.5)] },
            Self::Note => const { &[Line(5.0, 19.2, 5.6, 15.4), Line(5.6, 15.4, 15.8, 5.0), Line(15.8, 5.0, 19.0, 8.2), Line(19.0, 8.2, 8.8, 18.6), Line(8.8, 18.6, 5.0, 19.2)] },
            Self::Blinds => const { &[Line(3.0, 4.0, 21.0, 4.0), Line(5.0, 8.6, 19.0, 8.6), Line(5.0, 13.2, 19.0, 13.2), Line(5.0, 17.8, 19.0, 17.8), Line(5.0, 4.0, 5.0, 17.8), Line(19.0, 4.0, 19.0, 17.8)] },
            Self::Thermometer => const { &[Arc(12.0, 17.0, 4.0, -53.0, 233.0), Line(9.6, 13.8, 9.6, 5.4), Line(14.4, 13.8, 14.4, 5.4), Arc(12.0, 5.4, 2.4, 180.0, 360.0), Dot(12.0, 17.0, 1.9), Line(12.0, 17.0, 12.0, 9.6)] },
            Self::Power => const { &[Arc(12.0, 13.0, 8.0, -56.0, 236.0), Line(12.0, 3.0, 12.0, 12.0)] },
            Self::Plus => const { &[Line(12.0, 5.0, 12.0, 19.0), Line(5.0, 12.0, 19.0, 12.0)] },
            Self::Minus => const { &[Line(5.0, 12.0, 19.0, 12.0)] },
            Self::Erase => const { &[Line(9.0, 5.0, 21.0, 5.0), Line(21.0, 5.0, 21.0, 19.0), Line(21.0, 19.0, 9.0, 19.0), Line(9.0, 19.0, 2.6, 12.0), Line(2.6, 12.0, 9.0, 5.0), Line(11.6, 9.2, 17.2, 14.8), Line(17.2, 9.2, 11.6, 14.8)] },
            Self::SignOut => const { &[Line(13.0, 4.0, 5.0, 4.0), Line(5.0, 4.0, 5.0, 20.0), Line(5.0, 20.0, 13.0, 20.0), Line(10.0, 12.0, 20.0, 12.0), Line(16.4, 8.2, 20.2, 12.0), Line(16.4, 15.8, 20.2, 12.0)] },
        }
    }
}

/// Draws an icon into a square; strokes are two units wide on its grid of 24.
pub(super) fn draw(target: &mut Bgra<'_>, icon: Icon, area: Area, colour: Rgba) {
    let scale = area.width as f32 / 24.0;
    let parts = Flat::new(icon.strokes());
    let seen = Area::from(target.clip).intersection(area);
    for y in seen.y..seen.bottom() {
        for x in seen.x..seen.right() {
            let at = ((x - area.x) as f32 + 0.5, (y - area.y) as f32 + 0.5);
            let distance = parts.distance((at.0 / scale, at.1 / scale)) * scale;
            target.blend(x, y, colour.rgb(), scaled(colour.3, coverage(distance)));
        }
    }
}

/// An icon as straight segments and dots.
struct Flat {
    segments: Vec<[f32; 4]>,
    dots: Vec<[f32; 3]>,
}

const HALF_STROKE: f32 = 0.92;

impl Flat {
    fn new(strokes: &[Stroke]) -> Self {
        let mut flat = Self { segments: Vec::new(), dots: Vec::new() };
        for stroke in strokes {
            match *stroke {
                Line(x1, y1, x2, y2) => flat.segments.push([x1, y1, x2, y2]),
                Arc(x, y, radius, from, to) => flat.arc((x, y), radius, from, to),
                Frame(x, y, width, height, corner) => flat.frame(x, y, (x + width, y + height), corner),
                Dot(x, y, radius) => flat.dots.push([x, y, radius]),
            }
        }
        flat
    }

    fn arc(&mut self, (x, y): (f32, f32), radius: f32, from: f32, to: f32) {
        let steps = ((to - from) / 15.0).ceil().max(1.0) as u16;
        let at = |step: u16| {
            let angle = (from + (to - from) * f32::from(step) / f32::from(steps)).to_radians();
            (x + radius * angle.cos(), y + radius * angle.sin())
        };
        for step in 0..steps {
            let (a, b) = (at(step), at(step + 1));
            self.segments.push([a.0, a.1, b.0, b.1]);
        }
    }

    fn frame(&mut self, left: f32, top: f32, (right, bottom): (f32, f32), corner: f32) {
        self.segments.push([left + corner, top, right - corner, top]);
        self.segments.push([left + corner, bottom, right - corner, bottom]);
        self.segments.push([left, top + corner, left, bottom - corner]);
        self.segments.push([right, top + corner, right, bottom - corner]);
        self.arc((left + corner, top + corner), corner, 180.0, 270.0);
        self.arc((right - corner, top + corner), corner, 270.0, 360.0);
        self.arc((right - corner, bottom - corner), corner, 0.0, 90.0);
        self.arc((left + corner, bottom - corner), corner, 90.0, 180.0);
    }

    /// How far a point lies outside the strokes, on the grid.
    fn distance(&self, (x, y): (f32, f32)) -> f32 {
        let strokes = self.segments.iter().map(|segment| segment_distance(*segment, x, y) - HALF_STROKE);
        let dots = self.dots.iter().map(|[dot_x, dot_y, radius]| (x - dot_x).hypot(y - dot_y) - radius);
        strokes.chain(dots).fold(f32::MAX, f32::min)
    }
}

/// Distance of a point to a segment.
pub(in super::super) fn segment_distance([x1, y1, x2, y2]: [f32; 4], x: f32, y: f32) -> f32 {
    let (dx, dy) = (x2 - x1, y2 - y1);
    let length_squared = dx * dx + dy * dy;
    let along =
        if length_squared == 0.0 { 0.0 } else { (((x - x1) * dx + (y - y1) * dy) / length_squared).clamp(0.0, 1.0) };
    (x - x1 - along * dx).hypot(y - y1 - along * dy)
}
