//! The clipboard, for copying only.

use wasm_bindgen_futures::JsFuture;

use super::page;

/// Puts `text` on the clipboard. Answers whether the browser allowed it.
pub async fn copy(text: &str) -> bool {
    let Some(window) = page::window() else { return false };
    if !window.is_secure_context() {
        return false;
    }
    JsFuture::from(window.navigator().clipboard().write_text(text)).await.is_ok()
}
