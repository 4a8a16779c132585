//! The canvas, drawn from the worker; and a small one for thumbnails.

use protocol::geometry::{PixelRect, PixelSize};
use wasm_bindgen::JsCast as _;
use web_sys::{ImageBitmap, OffscreenCanvas, OffscreenCanvasRenderingContext2d};

use super::BrowserError;
use super::error::refused;
use super::video_decoder::DecodedFrame;

/// A canvas of the page, handed over.
pub type Canvas = OffscreenCanvas;

/// What is drawn reaches the screen with the next animation frame; nobody has to wait for it.
pub struct Surface {
    canvas: OffscreenCanvas,
    context: OffscreenCanvasRenderingContext2d,
}

impl Surface {
    /// # Errors
    /// When the browser cannot draw on it.
    pub fn new(canvas: OffscreenCanvas) -> Result<Self, BrowserError> {
        let options = js_sys::Object::new();
        js_sys::Reflect::set(&options, &"alpha".into(), &false.into()).map_err(refused)?;
        let context = canvas.get_context_with_context_options("2d", &options).map_err(refused)?;
        let context = context.ok_or(BrowserError::Missing)?.unchecked_into();
        Ok(Self { canvas, context })
    }

    /// A surface of its own, for pictures that are taken off it.
    ///
    /// # Errors
    /// As [`Surface::new`].
    pub fn detached(size: PixelSize) -> Result<Self, BrowserError> {
        Self::new(OffscreenCanvas::new(size.width.into(), size.height.into()).map_err(refused)?)
    }

    /// Takes a size; what was drawn is lost when it is a new one.
    pub fn resize(&self, size: PixelSize) {
        let (width, height) = (u32::from(size.width), u32::from(size.height));
        if self.canvas.width() != width || self.canvas.height() != height {
            self.canvas.set_width(width);
            self.canvas.set_height(height);
        }
    }

    pub fn draw(&self, frame: &DecodedFrame, rect: PixelRect) {
        let [x, y, width, height] = [rect.x, rect.y, rect.width, rect.height].map(f64::from);
        // A frame that is closed or broken is not drawn; the decoder's own failure is reported by itself.
        let _ = self.context.draw_image_with_video_frame_and_dw_and_dh(frame.as_video_frame(), x, y, width, height);
    }

    /// What is drawn, which is gone from the surface after it.
    ///
    /// # Errors
    /// When the surface is empty.
    pub fn take_bitmap(&self) -> Result<ImageBitmap, BrowserError> {
        self.canvas.transfer_to_image_bitmap().map_err(refused)
    }
}
