//! The system that the browser runs on.

use js_sys::Reflect;
use wasm_bindgen::JsValue;

use super::page;

/// Its name: `Windows`, `macOS`, `Linux x86_64`.
pub fn name() -> String {
    let Some(window) = page::window() else { return String::new() };
    let navigator = window.navigator();
    let hint = Reflect::get(&navigator, &JsValue::from_str("userAgentData"))
        .and_then(|data| Reflect::get(&data, &JsValue::from_str("platform")));
    let hint = hint.ok().and_then(|platform| platform.as_string()).filter(|name| !name.is_empty());
    hint.or_else(|| navigator.platform().ok()).unwrap_or_default()
}
