//! The worker that the session engine runs in.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Uint8Array};
use protocol::wire::{Decode as _, Encode};
use viewer::ui::{FromEngine, ToEngine};
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use web_sys::{Event, ImageBitmap, MessageEvent};

use super::elements::Canvas;

/// Where the build puts the engine's loader.
const LOADER: &str = "/viewer_loader.js";
/// Messages kept for a listener that is not there yet; a waiting engine says nothing but its key.
const EARLY_MAX: usize = 16;

/// What a worker reports.
pub enum WorkerEvent {
    Message(FromEngine, Option<ImageBitmap>),
    /// It stopped and cannot go on.
    Failed,
}

type Listener = Box<dyn Fn(WorkerEvent)>;

#[derive(Default)]
struct Inbox {
    listener: RefCell<Option<Listener>>,
    early: RefCell<Vec<WorkerEvent>>,
}

impl Inbox {
    fn put(&self, event: WorkerEvent) {
        match &*self.listener.borrow() {
            Some(listener) => listener(event),
            None if self.early.borrow().len() < EARLY_MAX => self.early.borrow_mut().push(event),
            None => {}
        }
    }
}

/// What is said to an engine: kept until it can hear.
struct Outbox {
    worker: web_sys::Worker,
    /// A message and what is handed over with it. `None` once the engine hears.
    early: RefCell<Option<Vec<(Array, Array)>>>,
}

impl Outbox {
    fn put(&self, message: Array, transfer: Array) {
        match &mut *self.early.borrow_mut() {
            Some(early) => early.push((message, transfer)),
            None => self.send(&message, &transfer),
        }
    }

    fn open(&self) {
        for (message, transfer) in self.early.take().unwrap_or_default() {
            self.send(&message, &transfer);
        }
    }

    fn send(&self, message: &Array, transfer: &Array) {
        // Bytes and a canvas can always be sent, and there is nothing else.
        let _ = self.worker.post_message_with_transfer(message, transfer);
    }
}

/// A running engine. Dropping it ends the worker.
pub struct Worker {
    outbox: Rc<Outbox>,
    inbox: Rc<Inbox>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(Event)>,
}

impl Worker {
    /// Starts an engine. `None` when the browser has no workers.
    pub fn start() -> Option<Self> {
        let inner = web_sys::Worker::new(LOADER).ok()?;
        let inbox = Rc::new(Inbox::default());
        let outbox = Rc::new(Outbox { worker: inner.clone(), early: RefCell::new(Some(Vec::new())) });
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new({
            let (inbox, outbox) = (inbox.clone(), outbox.clone());
            move |event: MessageEvent| {
                let parts = Array::from(&event.data());
                let bytes = Uint8Array::new(&parts.get(0)).to_vec();
                match FromEngine::from_bytes(&bytes) {
                    Ok(FromEngine::Ready) => outbox.open(),
                    Ok(message) => inbox.put(WorkerEvent::Message(message, parts.get(1).dyn_into().ok())),
                    // Portal and engine are built together.
                    Err(_) => {}
                }
            }
        });
        let on_error = Closure::<dyn FnMut(Event)>::new({
            let inbox = inbox.clone();
            move |_| inbox.put(WorkerEvent::Failed)
        });
        inner.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        inner.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        Some(Self { outbox, inbox, _on_message: on_message, _on_error: on_error })
    }

    /// Hands everything the engine says, and has said, to `listener`.
    pub fn listen(&self, listener: impl Fn(WorkerEvent) + 'static) {
        let early = self.inbox.early.take();
        early.into_iter().for_each(&listener);
        self.inbox.listener.replace(Some(Box::new(listener)));
    }

    pub fn post(&self, message: &ToEngine) {
        let bytes = Uint8Array::from(message.to_bytes().as_slice());
        self.outbox.put(Array::of1(&bytes), Array::new());
    }

    /// Gives the canvas to the engine. Answers whether the browser allowed it, which it does once for each canvas.
    pub fn post_canvas(&self, canvas: &Canvas) -> bool {
        let Ok(offscreen) = canvas.transfer_control_to_offscreen() else { return false };
        let bytes = Uint8Array::from(ToEngine::Canvas.to_bytes().as_slice());
        self.outbox.put(Array::of2(&bytes, &offscreen), Array::of1(&offscreen));
        true
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let worker = &self.outbox.worker;
        worker.set_onmessage(None);
        worker.set_onerror(None);
        worker.terminate();
    }
}
