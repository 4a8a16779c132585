//! The session's WebSocket: binary messages only.

use std::rc::Rc;

use js_sys::{ArrayBuffer, Uint8Array};
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use web_sys::{BinaryType, CloseEvent, MessageEvent, WebSocket};

use super::BrowserError;
use super::error::refused;

/// What a socket reports.
pub enum SocketEvent {
    Open,
    Message(Vec<u8>),
    /// The last event.
    Closed {
        code: u16,
    },
}

/// Dropping it closes the connection and silences it.
pub struct Socket {
    inner: WebSocket,
    _on_open: Closure<dyn FnMut()>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_close: Closure<dyn FnMut(CloseEvent)>,
}

impl Socket {
    /// Begins to connect.
    ///
    /// # Errors
    /// When the address is none, or the page may not connect to it.
    pub fn open(url: &str, report: Rc<dyn Fn(SocketEvent)>) -> Result<Self, BrowserError> {
        let socket = WebSocket::new(url).map_err(refused)?;
        socket.set_binary_type(BinaryType::Arraybuffer);

        let on_open = Closure::<dyn FnMut()>::new({
            let report = report.clone();
            move || report(SocketEvent::Open)
        });
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new({
            let report = report.clone();
            move |event: MessageEvent| {
                // A text message is none of ours: an empty one is refused by the session.
                let bytes = event.data().dyn_into::<ArrayBuffer>().map(|buffer| Uint8Array::new(&buffer).to_vec());
                report(SocketEvent::Message(bytes.unwrap_or_default()));
            }
        });
        let on_close = Closure::<dyn FnMut(CloseEvent)>::new(move |event: CloseEvent| {
            report(SocketEvent::Closed { code: event.code() });
        });
        socket.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        Ok(Self { inner: socket, _on_open: on_open, _on_message: on_message, _on_close: on_close })
    }

    pub fn is_open(&self) -> bool {
        self.inner.ready_state() == WebSocket::OPEN
    }

    /// Sends a message; nothing happens when the socket is not open, which its last event tells.
    pub fn send(&self, message: &[u8]) {
        let _ = self.inner.send_with_u8_array(message);
    }

    /// What was sent and has not left the machine.
    pub fn buffered_bytes(&self) -> u32 {
        self.inner.buffered_amount()
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.inner.set_onopen(None);
        self.inner.set_onmessage(None);
        self.inner.set_onclose(None);
        let _ = self.inner.close();
    }
}
