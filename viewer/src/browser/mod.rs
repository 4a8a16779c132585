//! The browser as the engine needs it: the only room of this crate that names `web_sys`, `js_sys` or `wasm_bindgen`.

pub mod clock;
mod error;
pub mod port;
pub mod random;
pub mod socket;
pub mod surface;
pub mod timer;
pub mod video_decoder;

pub use error::BrowserError;

use wasm_bindgen::JsCast as _;
use web_sys::DedicatedWorkerGlobalScope;

fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}
