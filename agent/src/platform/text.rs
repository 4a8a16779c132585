//! Letters for the pictures that the agent draws itself: the ring's line and the simulated console.
//!
//! The fonts are part of the program, so a line looks the same on every console. Drawing asks for coverage only;
//! where the pixels live is the caller's business ([`draw`]), with one ready target for BGRA memory ([`Bgra`]).

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use ab_glyph::{Font as _, FontRef, GlyphId, PxScale};
use protocol::geometry::{PixelRect, PixelSize};

/// Steps in which a glyph may stand between two pixels.
const SUBPIXELS: u8 = 4;
/// Glyph pictures kept; beyond it the cache starts anew.
const CACHE_MAX: usize = 6000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Weight {
    Regular,
    SemiBold,
}

/// How letters look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Style {
    pub weight: Weight,
    /// Size of the em square.
    pub size_px: u16,
    /// All digits equally wide, so that a running clock stands still.
    pub tabular: bool,
}

impl Style {
    pub const fn regular(size_px: u16) -> Self {
        Self { weight: Weight::Regular, size_px, tabular: false }
    }

    pub const fn semi_bold(size_px: u16) -> Self {
        Self { weight: Weight::SemiBold, size_px, tabular: false }
    }

    #[must_use]
    pub const fn with_tabular_digits(self) -> Self {
        Self { tabular: true, ..self }
    }

    /// From the baseline up to the top of the highest letters.
    pub fn ascent_px(self) -> f32 {
        face(self.weight).ascent_unscaled() * self.em_scale()
    }

    /// From the baseline down to the bottom of the lowest letters.
    pub fn descent_px(self) -> f32 {
        -face(self.weight).descent_unscaled() * self.em_scale()
    }

    /// From the baseline up to the top of an `H`.
    pub fn cap_height_px(self) -> f32 {
        f32::from(self.size_px) * 0.727
    }

    fn em_scale(self) -> f32 {
        f32::from(self.size_px) / face(self.weight).units_per_em().unwrap_or(1000.0)
    }

    fn px_scale(self) -> PxScale {
        PxScale::from(face(self.weight).height_unscaled() * self.em_scale())
    }
}

/// Width of a line in pixels, with kerning.
pub fn measure(text: &str, style: Style) -> f32 {
    let mut pen = Pen::new(style);
    for c in text.chars() {
        pen.advance(c);
    }
    pen.x
}

/// Where the pen stands before each character and after the last: one value more than there are characters.
pub fn positions(chars: impl IntoIterator<Item = char>, style: Style) -> Vec<f32> {
    let mut pen = Pen::new(style);
    let mut positions = vec![0.0];
    for c in chars {
        pen.advance(c);
        positions.push(pen.x);
    }
    positions
}

/// The line as it is, or its beginning with `…` when it is wider than `width_px`.
pub fn fit(text: &str, style: Style, width_px: f32) -> Cow<'_, str> {
    if measure(text, style) <= width_px {
        return Cow::Borrowed(text);
    }
    let room = width_px - measure("…", style);
    let mut pen = Pen::new(style);
    let mut kept = String::new();
    for c in text.chars() {
        pen.advance(c);
        if room < pen.x {
            break;
        }
        kept.push(c);
    }
    kept.truncate(kept.trim_end().len());
    kept.push('…');
    Cow::Owned(kept)
}

/// Draws a line whose baseline starts at `x`, `baseline`; calls `cover` with column, row and coverage (1 to 255) for every
/// pixel that a letter touches. Pixels may lie anywhere: the target clips. Returns the width.
pub fn draw(text: &str, style: Style, x: f32, baseline: f32, mut cover: impl FnMut(i32, i32, u8)) -> f32 {
    let mut pen = Pen::new(style);
    let row = baseline.round() as i32;
    for c in text.chars() {
        let (glyph, at) = pen.advance(c);
        let picture = picture(glyph, style, x + at);
        picture.draw((x + at).floor() as i32, row, &mut cover);
    }
    pen.x
}

/// A picture in memory that letters are drawn into: BGRA, top row first.
pub struct Bgra<'a> {
    pub pixels: &'a mut [u8],
    pub stride_bytes: usize,
    pub size: PixelSize,
    /// Nothing is drawn outside.
    pub clip: PixelRect,
}

impl Bgra<'_> {
    /// Draws a line in one colour (red, green, blue); the fourth byte becomes opaque. Returns the width.
    pub fn text(&mut self, text: &str, style: Style, x: f32, baseline: f32, rgb: [u8; 3]) -> f32 {
        draw(text, style, x, baseline, |column, row, coverage| self.blend(column, row, rgb, coverage))
    }

    /// Mixes a colour into one pixel, when the clip holds it.
    #[inline]
    pub fn blend(&mut self, column: i32, row: i32, rgb: [u8; 3], alpha: u8) {
        let Some(inside) = self.clip.intersection(self.size.bounds()) else { return };
        if column < i32::from(inside.x) || row < i32::from(inside.y) {
            return;
        }
        if inside.right() as i32 <= column || inside.bottom() as i32 <= row {
            return;
        }
        let at = row as usize * self.stride_bytes + column as usize * 4;
        if let Some(pixel) = self.pixels.get_mut(at..at + 4) {
            blend_pixel(pixel, rgb, alpha);
        }
    }
}

/// Mixes a colour into a BGRA pixel.
#[inline]
pub fn blend_pixel(pixel: &mut [u8], [red, green, blue]: [u8; 3], alpha: u8) {
    let mix = |below: u8, above: u8| {
        let (below, above, alpha) = (u32::from(below), u32::from(above), u32::from(alpha));
        ((below * (255 - alpha) + above * alpha + 127) / 255) as u8
    };
    pixel[0] = mix(pixel[0], blue);
    pixel[1] = mix(pixel[1], green);
    pixel[2] = mix(pixel[2], red);
    pixel[3] = 255;
}

/// Walks along a line.
struct Pen {
    style: Style,
    digit_px: f32,
    last: Option<GlyphId>,
    x: f32,
}

impl Pen {
    fn new(style: Style) -> Self {
        let face = face(style.weight);
        let digit_px = face.h_advance_unscaled(face.glyph_id('0')) * style.em_scale();
        Self { style, digit_px, last: None, x: 0.0 }
    }

    /// Steps over `c`; returns its glyph and where it stands.
    fn advance(&mut self, c: char) -> (GlyphId, f32) {
        let face = face(self.style.weight);
        let glyph = face.glyph_id(c);
        let advance = face.h_advance_unscaled(glyph) * self.style.em_scale();
        if self.style.tabular && c.is_ascii_digit() {
            let at = self.x + (self.digit_px - advance) / 2.0;
            self.x += self.digit_px;
            self.last = None;
            return (glyph, at);
        }
        if let Some(last) = self.last {
            self.x += face.kern_unscaled(last, glyph) * self.style.em_scale();
        }
        let at = self.x;
        self.x += advance;
        self.last = Some(glyph);
        (glyph, at)
    }
}

/// A glyph as coverage, relative to the pen's whole pixel on the baseline.
struct GlyphPicture {
    left: i32,
    top: i32,
    width: usize,
    coverage: Vec<u8>,
}

impl GlyphPicture {
    fn draw(&self, x: i32, row: i32, cover: &mut impl FnMut(i32, i32, u8)) {
        if self.width == 0 {
            return;
        }
        for (dy, line) in self.coverage.chunks_exact(self.width).enumerate() {
            for (dx, coverage) in line.iter().enumerate().filter(|(_, coverage)| **coverage != 0) {
                cover(x + self.left + dx as i32, row + self.top + dy as i32, *coverage);
            }
        }
    }
}

#[derive(PartialEq, Eq, Hash)]
struct GlyphKey {
    weight: Weight,
    size_px: u16,
    glyph: u16,
    subpixel: u8,
}

static CACHE: LazyLock<Mutex<HashMap<GlyphKey, Arc<GlyphPicture>>>> = LazyLock::new(Mutex::default);

fn picture(glyph: GlyphId, style: Style, x: f32) -> Arc<GlyphPicture> {
    let subpixel = ((x - x.floor()) * f32::from(SUBPIXELS)) as u8 % SUBPIXELS;
    let key = GlyphKey { weight: style.weight, size_px: style.size_px, glyph: glyph.0, subpixel };
    let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    if CACHE_MAX <= cache.len() {
        cache.clear();
    }
    Arc::clone(cache.entry(key).or_insert_with(|| Arc::new(rasterise(glyph, style, subpixel))))
}

fn rasterise(glyph: GlyphId, style: Style, subpixel: u8) -> GlyphPicture {
    let shift = f32::from(subpixel) / f32::from(SUBPIXELS);
    let placed = glyph.with_scale_and_position(style.px_scale(), ab_glyph::point(shift, 0.0));
    let Some(outline) = face(style.weight).outline_glyph(placed) else {
        return GlyphPicture { left: 0, top: 0, width: 0, coverage: Vec::new() };
    };
    let bounds = outline.px_bounds();
    let (width, height) = (bounds.width() as usize, bounds.height() as usize);
    let mut coverage = vec![0; width * height];
    outline.draw(|x, y, amount| {
        if let Some(pixel) = coverage.get_mut(y as usize * width + x as usize) {
            *pixel = (amount.clamp(0.0, 1.0) * 255.0).round() as u8;
        }
    });
    GlyphPicture { left: bounds.min.x as i32, top: bounds.min.y as i32, width, coverage }
}

fn face(weight: Weight) -> &'static FontRef<'static> {
    static REGULAR: LazyLock<FontRef<'static>> =
        LazyLock::new(|| load(include_bytes!("../../assets/Inter-Regular.otf")));
    static SEMI_BOLD: LazyLock<FontRef<'static>> =
        LazyLock::new(|| load(include_bytes!("../../assets/Inter-SemiBold.otf")));
    match weight {
        Weight::Regular => &REGULAR,
        Weight::SemiBold => &SEMI_BOLD,
    }
}

fn load(bytes: &'static [u8]) -> FontRef<'static> {
    FontRef::try_from_slice(bytes).expect("the embedded font is a font")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_covers_pixels_and_stays_within_its_measure() {
        let style = Style::regular(32);
        let (mut left, mut right, mut count) = (i32::MAX, i32::MIN, 0);
        let width = draw("Aurora ÄÖÜ €", style, 100.0, 50.0, |x, y, coverage| {
            assert!(0 < coverage && (10..60).contains(&y));
            left = left.min(x);
            right = right.max(x);
            count += 1;
        });
        assert!((width - measure("Aurora ÄÖÜ €", style)).abs() < 0.01);
        assert!(500 < count, "{count}");
        assert!(99 <= left && f64::from(right) <= 101.0 + f64::from(width), "{left}..{right} of {width}");
    }

    #[test]
    fn kerning_draws_a_and_v_together() {
        let style = Style::semi_bold(64);
        assert!(measure("AV", style) + 1.0 < measure("A", style) + measure("V", style));
    }

    #[test]
    fn tabular_digits_are_equally_wide() {
        let style = Style::regular(40).with_tabular_digits();
        assert!((measure("11:11", style) - measure("08:08", style)).abs() < 0.01);
        assert!((measure("11:11", Style::regular(40)) - measure("08:08", Style::regular(40))).abs() > 1.0);
    }

    #[test]
    fn fitting_shortens_only_what_is_too_wide() {
        let style = Style::regular(20);
        assert_eq!(fit("short", style, 400.0), "short");
        let fitted = fit("a rather long name of a person in the room", style, 120.0);
        assert!(fitted.ends_with('…') && measure(&fitted, style) <= 120.0, "{fitted}");
    }

    #[test]
    fn the_clip_holds() {
        let mut pixels = vec![0; 40 * 20 * 4];
        let clip = PixelRect::new(5, 5, 10, 10);
        let mut target = Bgra { pixels: &mut pixels, stride_bytes: 160, size: PixelSize::new(40, 20), clip };
        target.text("MMM", Style::semi_bold(24), -4.0, 18.0, [255, 255, 255]);
        let touched: Vec<(usize, usize)> =
            pixels.chunks_exact(4).enumerate().filter(|(_, p)| p[3] != 0).map(|(i, _)| (i % 40, i / 40)).collect();
        assert!(!touched.is_empty());
        assert!(touched.iter().all(|(x, y)| (5..15).contains(x) && (5..15).contains(y)));
    }
}
