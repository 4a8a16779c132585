//! Server-sent events.

use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use web_sys::{Event, MessageEvent};

/// What happens to a stream of events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamEvent {
    Open,
    /// The `data` of one event.
    Message(String),
    /// Broken off; the browser tries again by itself.
    Interrupted,
    /// Refused; nothing more comes.
    Closed,
}

/// An open stream. Dropping it closes it.
pub struct EventSource {
    inner: web_sys::EventSource,
    _on_open: Closure<dyn FnMut(Event)>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(Event)>,
}

impl EventSource {
    /// Opens the stream at `url`, with the login cookie. `None` when the browser has no such thing.
    pub fn open(url: &str, on_event: impl Fn(StreamEvent) + Clone + 'static) -> Option<Self> {
        let inner = web_sys::EventSource::new(url).ok()?;
        let listener = on_event.clone();
        let on_open = Closure::new(move |_| listener(StreamEvent::Open));
        let listener = on_event.clone();
        let on_message = Closure::new(move |event: MessageEvent| {
            if let Some(data) = event.data().as_string() {
                listener(StreamEvent::Message(data));
            }
        });
        let source = inner.clone();
        let on_error = Closure::new(move |_| on_event(broken(&source)));
        inner.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        inner.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        inner.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        Some(Self { inner, _on_open: on_open, _on_message: on_message, _on_error: on_error })
    }
}

impl Drop for EventSource {
    fn drop(&mut self) {
        self.inner.set_onopen(None);
        self.inner.set_onmessage(None);
        self.inner.set_onerror(None);
        self.inner.close();
    }
}

fn broken(source: &web_sys::EventSource) -> StreamEvent {
    if source.ready_state() == web_sys::EventSource::CLOSED { StreamEvent::Closed } else { StreamEvent::Interrupted }
}
