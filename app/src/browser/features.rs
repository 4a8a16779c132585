//! What this browser lacks for a session.

use js_sys::Reflect;
use wasm_bindgen::JsValue;

/// Something that a session needs and not every browser has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feature {
    SecureContext,
    WebSocket,
    Worker,
    OffscreenCanvas,
    VideoDecoder,
}

impl Feature {
    const ALL: [Self; 5] =
        [Self::SecureContext, Self::WebSocket, Self::Worker, Self::OffscreenCanvas, Self::VideoDecoder];

    /// The property of the global object that shows it.
    const fn property(self) -> &'static str {
        match self {
            Self::SecureContext => "isSecureContext",
            Self::WebSocket => "WebSocket",
            Self::Worker => "Worker",
            Self::OffscreenCanvas => "OffscreenCanvas",
            Self::VideoDecoder => "VideoDecoder",
        }
    }

    fn is_there(self) -> bool {
        Reflect::get(&js_sys::global(), &JsValue::from_str(self.property())).is_ok_and(|value| value.is_truthy())
    }
}

/// The features that are missing here; none in Edge and other Chromium browsers over HTTPS.
pub fn missing() -> Vec<Feature> {
    Feature::ALL.into_iter().filter(|feature| !feature.is_there()).collect()
}
