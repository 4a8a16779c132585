//! One alarm that can be moved.

use std::rc::Rc;

use protocol::time::Micros;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;

use super::{clock, scope};

/// Rings once at a time; dropping it stops it.
pub struct Timer {
    callback: Closure<dyn FnMut()>,
    armed: Option<(Micros, i32)>,
}

impl Timer {
    pub fn new(ring: Rc<dyn Fn()>) -> Self {
        Self { callback: Closure::new(move || ring()), armed: None }
    }

    /// Rings at `at`, or earlier when it was set to an earlier time before: an early ring does no harm, and this way
    /// the alarm is not set anew for every message.
    pub fn set(&mut self, at: Micros) {
        if self.armed.is_some_and(|(armed_at, _)| armed_at <= at) {
            return;
        }
        self.clear();
        // Rounded up, so that it does not ring just before its time and has to be set again.
        let delay_ms = at.since(clock::now()).0.div_ceil(1000).min(i32::MAX as u64) as i32;
        let callback = self.callback.as_ref().unchecked_ref();
        if let Ok(handle) = scope().set_timeout_with_callback_and_timeout_and_arguments_0(callback, delay_ms) {
            self.armed = Some((at, handle));
        }
    }

    /// It rang.
    pub fn rang(&mut self) {
        self.armed = None;
    }

    fn clear(&mut self) {
        if let Some((_, handle)) = self.armed.take() {
            scope().clear_timeout_with_handle(handle);
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.clear();
    }
}
