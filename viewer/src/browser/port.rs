//! The worker's end of the conversation with the portal.

use js_sys::{Array, Uint8Array};
use protocol::wire::{Decode as _, Encode as _};
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use web_sys::{ImageBitmap, MessageEvent, OffscreenCanvas};

use super::scope;
use crate::ui::{FromEngine, ToEngine};

/// Takes the portal's messages for the life of the worker. What is not understood is passed over: portal and engine
/// are built together.
pub fn listen(mut take: impl FnMut(ToEngine, Option<OffscreenCanvas>) + 'static) {
    let callback = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let parts = Array::from(&event.data());
        let bytes = Uint8Array::new(&parts.get(0)).to_vec();
        if let Ok(message) = ToEngine::from_bytes(&bytes) {
            take(message, parts.get(1).dyn_into().ok());
        }
    });
    scope().set_onmessage(Some(callback.as_ref().unchecked_ref()));
    // The worker's whole life.
    callback.forget();
}

/// Sends a message to the portal.
pub fn post(message: &FromEngine) {
    let bytes = Uint8Array::from(message.to_bytes().as_slice());
    // Only a message that cannot be cloned is refused, and bytes can.
    let _ = scope().post_message(&Array::of1(&bytes));
}

/// Sends a message with a bitmap, which is handed over.
pub fn post_bitmap(message: &FromEngine, bitmap: &ImageBitmap) {
    let bytes = Uint8Array::from(message.to_bytes().as_slice());
    let _ = scope().post_message_with_transfer(&Array::of2(&bytes, bitmap), &Array::of1(bitmap));
}
