//! What happens when the page is left.

use js_sys::{Object, Reflect};
use wasm_bindgen::JsValue;
use web_sys::{BeforeUnloadEvent, Headers, MouseEvent, RequestInit};

use super::listener::Listener;
use super::page;

/// While it lives, the browser asks before it leaves the page.
pub struct LeaveGuard {
    _listener: Option<Listener>,
}

impl LeaveGuard {
    pub fn begin() -> Self {
        let listener = Listener::on_window("beforeunload", |event: BeforeUnloadEvent| event.prevent_default());
        Self { _listener: listener }
    }
}

/// While it lives, links of the portal that lead away are told instead of followed.
pub struct LinkGuard {
    _listener: Option<Listener>,
}

impl LinkGuard {
    /// `ask` gets the address. The router follows links at the window, which comes after the document.
    pub fn begin(ask: impl Fn(String) + 'static) -> Self {
        let listener = Listener::on_document("click", move |event: MouseEvent| {
            if let Some(path) = page::followed_link(&event) {
                event.prevent_default();
                ask(path);
            }
        });
        Self { _listener: listener }
    }
}

/// Sends `DELETE` to a path in a way that outlives the page. Nobody waits for the answer.
pub fn delete_outliving(path: &str, header: &str) {
    let Some(window) = page::window() else { return };
    let init = RequestInit::new();
    init.set_method("DELETE");
    if let Ok(headers) = Headers::new()
        && headers.set(header, "1").is_ok()
    {
        init.set_headers(&headers);
    }
    // Setting a property of a plain object of our own cannot fail.
    let object: &Object = &init;
    let _ = Reflect::set(object, &JsValue::from_str("keepalive"), &JsValue::TRUE);
    let _ = window.fetch_with_str_and_init(path, &init);
}
