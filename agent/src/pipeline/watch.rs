//! Between a display's thread and a viewer's connection: credit one way, pictures the other.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use protocol::control::PictureState;
use protocol::cursor::CursorUpdate;
use protocol::video::{AccessUnit, StreamConfig};
use tokio::sync::mpsc;

use crate::platform::Waker;

/// What waits for a viewer's connection. One picture at most is among them ([`Credit`]); cursors and states are sent
/// only while there is room left for it.
const OUTPUTS_MAX: usize = 16;

/// From a display's thread to a viewer.
#[derive(Debug)]
pub enum Output {
    Picture(Picture),
    Cursor(CursorUpdate),
    /// There is no live picture, and why; the next picture ends it.
    State(PictureState),
}

/// One picture, encoded for one viewer.
#[derive(Debug)]
pub struct Picture {
    /// With the first picture, and with the first after the display's size changed.
    pub config: Option<StreamConfig>,
    pub captured_at: Instant,
    pub encoded_at: Instant,
    pub units: Vec<AccessUnit>,
}

/// A viewer's end: dropping it ends the watching.
pub struct Watch {
    pub outputs: mpsc::Receiver<Output>,
    pub credit: Arc<Credit>,
}

impl Watch {
    /// With the end that makes the pictures: where they go, and the leave to encode them.
    pub fn new(thread: ThreadWaker) -> (Self, mpsc::Sender<Output>, Arc<Credit>) {
        let (sender, outputs) = mpsc::channel(OUTPUTS_MAX);
        let credit = Arc::new(Credit::new(thread));
        (Self { outputs, credit: Arc::clone(&credit) }, sender, credit)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.credit.is_open.store(false, Ordering::SeqCst);
        self.credit.thread.wake();
    }
}

const NONE: u8 = 0;
const GIVEN: u8 = 1;
const TAKEN: u8 = 2;

/// Leave to encode one picture. The connection gives it while the send window has room; the thread takes it when it
/// encodes; the connection settles it when it has counted the picture. So what is being encoded is never more than
/// one picture beyond what the window knows.
#[derive(Debug)]
pub struct Credit {
    state: AtomicU8,
    /// The thread has something to encode and no credit: giving it has to wake the thread.
    is_hungry: AtomicBool,
    wants_keys: AtomicBool,
    is_open: AtomicBool,
    thread: ThreadWaker,
}

impl Credit {
    fn new(thread: ThreadWaker) -> Self {
        Self {
            state: AtomicU8::new(NONE),
            is_hungry: AtomicBool::new(false),
            wants_keys: AtomicBool::new(false),
            is_open: AtomicBool::new(true),
            thread,
        }
    }

    /// The window has room for a picture.
    pub fn give(&self) {
        let given = self.state.compare_exchange(NONE, GIVEN, Ordering::SeqCst, Ordering::SeqCst).is_ok();
        if given && self.is_hungry.swap(false, Ordering::SeqCst) {
            self.thread.wake();
        }
    }

    /// The window is full: takes back what was not used yet.
    pub fn withdraw(&self) {
        _ = self.state.compare_exchange(GIVEN, NONE, Ordering::SeqCst, Ordering::SeqCst);
    }

    /// The picture that was encoded has been counted.
    pub fn settle(&self) {
        self.state.store(NONE, Ordering::SeqCst);
    }

    /// Every region begins anew.
    pub fn request_keys(&self) {
        self.wants_keys.store(true, Ordering::SeqCst);
        self.thread.wake();
    }

    /// Takes the leave to encode one picture, if there is one.
    pub fn take(&self) -> bool {
        if self.try_take() {
            return true;
        }
        // Asked again after saying so: credit may have been given in between, without a wake.
        self.is_hungry.store(true, Ordering::SeqCst);
        self.try_take()
    }

    fn try_take(&self) -> bool {
        self.state.compare_exchange(GIVEN, TAKEN, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    pub(super) fn put_back(&self) {
        _ = self.state.compare_exchange(TAKEN, GIVEN, Ordering::SeqCst, Ordering::SeqCst);
    }

    pub(super) fn take_wants_keys(&self) -> bool {
        self.wants_keys.swap(false, Ordering::SeqCst)
    }

    /// The viewer still watches.
    pub fn is_open(&self) -> bool {
        self.is_open.load(Ordering::SeqCst)
    }
}

/// Wakes a display's thread out of its capture, once it has one.
#[derive(Clone, Default)]
pub struct ThreadWaker(Arc<Mutex<Option<Waker>>>);

impl ThreadWaker {
    pub(super) fn set(&self, waker: Option<Waker>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = waker;
    }

    pub(super) fn wake(&self) {
        let waker = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl std::fmt::Debug for ThreadWaker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ThreadWaker")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_credit_is_one_picture() {
        let credit = Credit::new(ThreadWaker::default());
        assert!(!credit.take(), "none was given");
        credit.give();
        credit.give();
        assert!(credit.take());
        credit.give();
        assert!(!credit.take(), "the first picture is not counted yet");
        credit.settle();
        assert!(!credit.take(), "counting gives nothing");
        credit.give();
        credit.withdraw();
        assert!(!credit.take(), "the window filled up");
        credit.give();
        assert!(credit.take());
        credit.put_back();
        assert!(credit.take(), "nothing was made of it");
    }

    #[test]
    fn giving_wakes_a_thread_that_waits_for_it_and_no_other() {
        let n_wakes = Arc::new(AtomicU8::new(0));
        let counter = Arc::clone(&n_wakes);
        let thread = ThreadWaker::default();
        thread.set(Some(Waker::new(move || _ = counter.fetch_add(1, Ordering::SeqCst))));
        let credit = Credit::new(thread);
        credit.give();
        assert_eq!(n_wakes.load(Ordering::SeqCst), 0);
        assert!(credit.take());
        credit.settle();
        assert!(!credit.take());
        credit.give();
        assert_eq!(n_wakes.load(Ordering::SeqCst), 1);
    }
}
