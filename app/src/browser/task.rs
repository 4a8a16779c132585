//! Asynchronous work of the page.

use std::pin::Pin;

use js_sys::Array;
use web_sys::{AbortController, AbortSignal};

/// Runs `work` on the page's own thread. Boxed, so that what runs it is compiled once.
#[expect(clippy::disallowed_methods, reason = "the one place that starts work on the page")]
pub fn spawn(work: impl Future<Output = ()> + 'static) {
    let work: Pin<Box<dyn Future<Output = ()>>> = Box::pin(work);
    wasm_bindgen_futures::spawn_local(work);
}

/// Aborts a request that takes longer, or that is taken back.
pub fn abort_after_ms(ms: u32, taken_back: Option<&TakingBack>) -> AbortSignal {
    let timeout = AbortSignal::timeout_with_u32(ms);
    match taken_back {
        Some(TakingBack(controller)) => AbortSignal::any(&Array::of2(&timeout, &controller.signal())),
        None => timeout,
    }
}

/// Takes a request back that nobody waits for any more.
#[derive(Clone)]
pub struct TakingBack(AbortController);

impl TakingBack {
    /// `None` in a browser that cannot take anything back.
    pub fn new() -> Option<Self> {
        AbortController::new().ok().map(Self)
    }

    pub fn now(&self) {
        self.0.abort();
    }
}
