//! From damage to access units: one thread per display that somebody watches.
//!
//! A thread waits for damage, notes for each viewer which regions are not up to date there, and encodes those for every
//! viewer that has credit ([`watch::Credit`]). What is encoded is sent; nothing is dropped afterwards. A display that
//! nobody watches is not captured.
//!
//! Reading order: [`regions`], [`convert`], [`encoder`], [`parallel`], [`screen`], [`watch`], [`display`].

pub mod convert;
pub mod display;
pub mod encoder;
pub mod openh264;
pub mod parallel;
pub mod regions;
pub mod screen;
mod sps;
pub mod thumbnail;
pub mod watch;

use std::collections::HashMap;
use std::sync::Arc;

use protocol::ids::DisplayId;
use protocol::video::Thumbnail;
use tokio::sync::mpsc;

use self::display::DisplayThread;
use self::encoder::{EncodeError, Encoder};
use self::openh264::{OpenH264, Quality};
use self::watch::Watch;
use crate::platform::Displays;

/// Makes an encoder for one region.
///
/// # Errors
/// When no codec library works here.
pub fn open_encoder(quality: Quality) -> Result<Box<dyn Encoder>, EncodeError> {
    Ok(Box::new(OpenH264::new(quality)?))
}

/// Where viewers get their pictures from.
pub trait PictureSource: Send {
    /// Watches a display until the answer is dropped. `None` when it cannot be watched now.
    fn watch(&mut self, display: DisplayId) -> Option<Watch>;

    /// Sends small pictures of a display, at most one a second, until the receiver is dropped.
    fn watch_thumbnails(&mut self, display: DisplayId, thumbnails: mpsc::Sender<Thumbnail>);
}

/// The pictures of all displays, from a thread for each. Dropping it ends every thread.
pub struct Pictures {
    displays: Arc<dyn Displays>,
    threads: HashMap<DisplayId, DisplayThread>,
}

impl Pictures {
    pub fn new(displays: Arc<dyn Displays>) -> Self {
        Self { displays, threads: HashMap::new() }
    }

    fn thread(&mut self, display: DisplayId) -> Option<&DisplayThread> {
        if !self.threads.contains_key(&display) {
            match DisplayThread::start(display, Arc::clone(&self.displays)) {
                Ok(thread) => _ = self.threads.insert(display, thread),
                Err(error) => tracing::error!(%error, "no thread for a display"),
            }
        }
        self.threads.get(&display)
    }
}

impl PictureSource for Pictures {
    fn watch(&mut self, display: DisplayId) -> Option<Watch> {
        self.thread(display)?.watch()
    }

    fn watch_thumbnails(&mut self, id: DisplayId, thumbnails: mpsc::Sender<Thumbnail>) {
        if self.thread(id).and_then(|thread| thread.watch_thumbnails(thumbnails)).is_none() {
            tracing::warn!(?id, "no thumbnails of a display");
        }
    }
}
