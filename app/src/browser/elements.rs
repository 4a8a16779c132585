//! Names for the elements that the session screen handles, and what it asks of them.

use wasm_bindgen::JsCast as _;
use web_sys::{CanvasRenderingContext2d, ImageBitmap, ImageBitmapRenderingContext, ImageData};

use super::page;

pub type Canvas = web_sys::HtmlCanvasElement;
pub type DialogElement = web_sys::HtmlDialogElement;
pub type TextArea = web_sys::HtmlTextAreaElement;
pub type Bitmap = web_sys::ImageBitmap;
pub type Element = web_sys::Element;

/// Shows a bitmap on a canvas of its own; the bitmap is used up.
pub fn show_bitmap(canvas: &Canvas, bitmap: &ImageBitmap) {
    canvas.set_width(bitmap.width());
    canvas.set_height(bitmap.height());
    let context = canvas.get_context("bitmaprenderer").ok().flatten();
    if let Some(context) = context.and_then(|context| context.dyn_into::<ImageBitmapRenderingContext>().ok()) {
        context.transfer_from_image_bitmap(bitmap);
    }
}

/// Straight RGBA pixels as the address of a picture that a style sheet can use. `None` when they do not fit the size.
pub fn picture_address(width: u32, height: u32, rgba: &[u8]) -> Option<String> {
    let canvas = page::document()?.create_element("canvas").ok()?.dyn_into::<Canvas>().ok()?;
    canvas.set_width(width);
    canvas.set_height(height);
    let context = canvas.get_context("2d").ok()??.dyn_into::<CanvasRenderingContext2d>().ok()?;
    let pixels = ImageData::new_with_u8_clamped_array_and_sh(wasm_bindgen::Clamped(rgba), width, height).ok()?;
    // The bindings take whole numbers or fractions, depending on how they are built.
    context.put_image_data(&pixels, 0_u8.into(), 0_u8.into()).ok()?;
    canvas.to_data_url().ok()
}

/// Width and height of an element in CSS pixels.
pub fn size(element: &Element) -> (f64, f64) {
    let rect = element.get_bounding_client_rect();
    (rect.width(), rect.height())
}

/// Left and top of an element in CSS pixels of the window.
pub fn place(element: &Element) -> (f64, f64) {
    let rect = element.get_bounding_client_rect();
    (rect.left(), rect.top())
}

/// Whether a popover is open.
pub fn is_popover_open(element: &Element) -> bool {
    element.matches(":popover-open").unwrap_or(false)
}

/// Whether `element` has the focus.
pub fn has_focus(element: &Element) -> bool {
    let active = page::document().and_then(|document| document.active_element());
    active.as_ref() == Some(element)
}

/// Whether the focus may be moved without taking it from something that a person uses: it is nowhere, or on a dialog
/// itself.
pub fn focus_is_free() -> bool {
    let active = page::document().and_then(|document| document.active_element());
    active.is_none_or(|active| matches!(active.tag_name().as_str(), "BODY" | "DIALOG" | "CANVAS"))
}
