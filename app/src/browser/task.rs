//! Asynchronous work of the page.

use std::pin::Pin;

use web_sys::AbortSignal;

/// Runs `work` on the page's own thread. Boxed, so that what runs it is compiled once.
#[expect(clippy::disallowed_methods, reason = "the one place that starts work on the page")]
pub fn spawn(work: impl Future<Output = ()> + 'static) {
    let work: Pin<Box<dyn Future<Output = ()>>> = Box::pin(work);
    wasm_bindgen_futures::spawn_local(work);
}

/// Aborts a request that takes longer.
pub fn abort_after_ms(ms: u32) -> AbortSignal {
    AbortSignal::timeout_with_u32(ms)
}
