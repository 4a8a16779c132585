//! Full screen of an element, and the keyboard that goes with it.

use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Element;

use super::page;

/// Whether an element of the page fills the screen.
pub fn is_on() -> bool {
    page::document().is_some_and(|document| document.fullscreen_element().is_some())
}

/// Asks for full screen; `fullscreenchange` tells whether it came.
pub fn enter(element: &Element) {
    let _ = element.request_fullscreen();
}

pub fn leave() {
    if let Some(document) = page::document() {
        document.exit_fullscreen();
    }
}

/// Asks for keys that the browser or the system would keep; they come only in full screen. Answers whether this browser
/// can.
pub async fn lock_keyboard() -> bool {
    let Some(promise) = call_keyboard("lock") else { return false };
    JsFuture::from(promise).await.is_ok()
}

pub fn unlock_keyboard() {
    let _: Option<Promise> = call_keyboard("unlock");
}

/// `navigator.keyboard` is not in every browser, nor in the bindings.
fn call_keyboard(method: &str) -> Option<Promise> {
    let navigator = page::window()?.navigator();
    let keyboard = Reflect::get(&navigator, &JsValue::from_str("keyboard")).ok()?;
    let function = Reflect::get(&keyboard, &JsValue::from_str(method)).ok()?.dyn_into::<Function>().ok()?;
    function.call0(&keyboard).ok()?.dyn_into().ok()
}
