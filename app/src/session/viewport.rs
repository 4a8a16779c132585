//! Where the display's pixels lie on the screen: pure arithmetic between CSS pixels and positions on the display.

use protocol::geometry::{PixelPoint, PixelSize};

/// The canvas on the page, in CSS pixels, and the display that it shows.
///
/// The picture keeps its shape and lies in the middle of the canvas; what is left over is not part of the display.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Viewport {
    pub width: f64,
    pub height: f64,
    pub display: PixelSize,
}

/// The end of the scale of [`protocol::input::PointerPosition`].
const SCALE_END: f64 = 65_535.0;

impl Viewport {
    /// The display's pixel under a point of the canvas; a point beside the picture leads to its nearest pixel.
    pub fn pixel(self, x: f64, y: f64) -> PixelPoint {
        let scale = self.scale();
        let along = |at: f64, canvas: f64, n_pixels: u16| {
            let margin = (canvas - f64::from(n_pixels) * scale) / 2.0;
            let pixel = ((at - margin) / scale).floor();
            pixel.clamp(0.0, f64::from(n_pixels.saturating_sub(1))) as u16
        };
        PixelPoint { x: along(x, self.width, self.display.width), y: along(y, self.height, self.display.height) }
    }

    /// The same as a position that does not depend on the display's size: `0` is the middle of the first pixel,
    /// `65535` that of the last.
    pub fn position(self, x: f64, y: f64) -> (u16, u16) {
        let PixelPoint { x, y } = self.pixel(x, y);
        let scaled = |at: u16, n_pixels: u16| match n_pixels {
            0 | 1 => 0,
            n => (f64::from(at) * SCALE_END / f64::from(n - 1)).round() as u16,
        };
        (scaled(x, self.display.width), scaled(y, self.display.height))
    }

    /// CSS pixels for one pixel of the display.
    fn scale(self) -> f64 {
        let across = self.width / f64::from(self.display.width.max(1));
        let down = self.height / f64::from(self.display.height.max(1));
        let scale = across.min(down);
        if scale.is_finite() && 0.0 < scale { scale } else { 1.0 }
    }
}

/// Where a position lies on its picture, in percent of width or height.
pub fn percent(position: u16) -> f64 {
    f64::from(position) * 100.0 / SCALE_END
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL_HD: PixelSize = PixelSize::new(1920, 1080);

    fn check(canvas: (f64, f64), point: (f64, f64), pixel: (u16, u16)) {
        let viewport = Viewport { width: canvas.0, height: canvas.1, display: FULL_HD };
        let PixelPoint { x, y } = viewport.pixel(point.0, point.1);
        assert_eq!((x, y), pixel, "{point:?} on {canvas:?}");
    }

    #[test]
    fn one_to_one_is_the_pixel_itself() {
        check((1920.0, 1080.0), (0.0, 0.0), (0, 0));
        check((1920.0, 1080.0), (0.9, 0.9), (0, 0));
        check((1920.0, 1080.0), (1919.5, 1079.5), (1919, 1079));
    }

    #[test]
    fn a_smaller_picture_is_scaled() {
        check((960.0, 540.0), (480.0, 270.0), (960, 540));
        check((960.0, 540.0), (959.9, 539.9), (1919, 1079));
    }

    #[test]
    fn what_is_left_over_is_taken_off() {
        // 60 CSS pixels above and below.
        check((1920.0, 1200.0), (100.0, 60.0), (100, 0));
        check((1920.0, 1200.0), (100.0, 10.0), (100, 0));
        check((1920.0, 1200.0), (100.0, 1199.0), (100, 1079));
        // 40 CSS pixels at each side.
        check((2000.0, 1080.0), (41.0, 5.0), (1, 5));
    }

    #[test]
    fn a_drag_beyond_the_canvas_stays_on_the_display() {
        check((1920.0, 1080.0), (-50.0, 5000.0), (0, 1079));
    }

    #[test]
    fn positions_lead_back_to_their_pixels() {
        let viewport = Viewport { width: 1280.0, height: 720.0, display: FULL_HD };
        for pixel in 0..1920_u16 {
            let (x, _) = viewport.position((f64::from(pixel) + 0.5) / 1.5, 0.0);
            let back = (f64::from(x) * 1919.0 / SCALE_END).round() as u16;
            assert_eq!(back, pixel);
        }
    }

    #[test]
    fn a_canvas_without_a_picture_does_no_harm() {
        let viewport = Viewport { width: 0.0, height: 0.0, display: PixelSize::default() };
        assert_eq!(viewport.position(10.0, 10.0), (0, 0));
    }
}
