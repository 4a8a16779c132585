//! A listener is a value: dropping it removes it.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{AddEventListenerOptions, Event, EventTarget};

use super::page;

/// Listens to one kind of event on one target. Never passive, so that it may keep the browser from acting on the event.
pub struct Listener {
    target: EventTarget,
    kind: &'static str,
    callback: Closure<dyn FnMut(Event)>,
}

impl Listener {
    /// `E` is the type that the browser gives events of this kind.
    pub fn new<E: JsCast + 'static>(
        target: &EventTarget,
        kind: &'static str,
        mut take: impl FnMut(E) + 'static,
    ) -> Self {
        Self::begin(target, kind, Box::new(move |event| take(event.unchecked_into())))
    }

    fn begin(target: &EventTarget, kind: &'static str, take: Box<dyn FnMut(Event)>) -> Self {
        let callback = Closure::wrap(take);
        let options = AddEventListenerOptions::new();
        options.set_passive(false);
        let function = callback.as_ref().unchecked_ref();
        // Adding a listener fails only for a signal that is aborted already, and there is none.
        let _ = target.add_event_listener_with_callback_and_add_event_listener_options(kind, function, &options);
        Self { target: target.clone(), kind, callback }
    }

    pub fn on_window<E: JsCast + 'static>(kind: &'static str, take: impl FnMut(E) + 'static) -> Option<Self> {
        let window = page::window()?;
        Some(Self::new(&window, kind, take))
    }

    /// Tells when the person comes back to this window from another one or another tab.
    pub fn on_return(mut take: impl FnMut() + 'static) -> Option<Self> {
        Self::on_window("focus", move |_: Event| take())
    }

    pub fn on_document<E: JsCast + 'static>(kind: &'static str, take: impl FnMut(E) + 'static) -> Option<Self> {
        let document = page::document()?;
        Some(Self::new(&document, kind, take))
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let function = self.callback.as_ref().unchecked_ref();
        let _ = self.target.remove_event_listener_with_callback(self.kind, function);
    }
}
