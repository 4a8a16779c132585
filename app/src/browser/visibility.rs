//! Tells when an element comes into view.

use js_sys::Array;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, IntersectionObserver, IntersectionObserverEntry};

/// Watches one element. Dropping it ends the watch.
pub struct Visibility {
    inner: IntersectionObserver,
    _on_change: Closure<dyn FnMut(Array)>,
}

impl Visibility {
    /// Calls `on_seen` whenever `element` comes into view. `None` when the browser has no such thing.
    pub fn watch(element: &Element, on_seen: impl Fn() + 'static) -> Option<Self> {
        let on_change = Closure::new(move |entries: Array| {
            let seen = |entry: &IntersectionObserverEntry| entry.is_intersecting();
            if entries.iter().any(|entry| entry.dyn_ref().is_some_and(seen)) {
                on_seen();
            }
        });
        let inner = IntersectionObserver::new(on_change.as_ref().unchecked_ref()).ok()?;
        inner.observe(element);
        Some(Self { inner, _on_change: on_change })
    }
}

impl Drop for Visibility {
    fn drop(&mut self) {
        self.inner.disconnect();
    }
}
