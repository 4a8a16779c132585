//! The thread of one display: waits for damage and encodes it for everybody who watches.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::time::{Duration, Instant};

use protocol::control::PictureState;
use protocol::cursor::CursorUpdate;
use protocol::ids::DisplayId;
use protocol::video::{StreamConfig, Thumbnail};
use tokio::sync::mpsc;

use super::screen::{Coded, Screen, View};
use super::thumbnail::Thumbnails;
use super::watch::{Credit, Output, Picture, ThreadWaker, Watch};
use crate::platform::{Capture, Damage, Displays, PlatformError};

/// Requests that wait for the thread; it takes them at every turn, so more than a few mean that it hangs.
const REQUESTS_MAX: usize = 64;
/// Longest time without a look at the requests.
const TURN: Duration = Duration::from_secs(1);
/// How often a display that is not there is tried again.
const RETRY: Duration = Duration::from_millis(100);
const THUMBNAIL_INTERVAL: Duration = Duration::from_secs(1);
/// Room that cursors and states leave for the picture.
const RESERVED_OUTPUTS: usize = 2;

enum Request {
    Watch(Watcher),
    Thumbnails(mpsc::Sender<Thumbnail>),
}

/// Handle of a display's thread, which ends with it.
pub(super) struct DisplayThread {
    requests: SyncSender<Request>,
    waker: ThreadWaker,
}

impl DisplayThread {
    pub(super) fn start(display: DisplayId, displays: Arc<dyn Displays>) -> std::io::Result<Self> {
        let (requests, received) = sync_channel(REQUESTS_MAX);
        let waker = ThreadWaker::default();
        let worker = Worker {
            display,
            displays,
            requests: received,
            waker: waker.clone(),
            source: None,
            watchers: Vec::new(),
            thumbnails: ThumbnailList::default(),
            cursor: Cursor::default(),
        };
        std::thread::Builder::new().name(format!("{display:?}")).spawn(move || worker.run())?;
        Ok(Self { requests, waker })
    }

    pub(super) fn watch(&self) -> Option<Watch> {
        let (watch, outputs, credit) = Watch::new(self.waker.clone());
        let watcher = Watcher { outputs, credit, view: None, cursor_sent: 0, state_sent: None };
        self.request(Request::Watch(watcher))?;
        Some(watch)
    }

    pub(super) fn watch_thumbnails(&self, thumbnails: mpsc::Sender<Thumbnail>) -> Option<()> {
        self.request(Request::Thumbnails(thumbnails))
    }

    fn request(&self, request: Request) -> Option<()> {
        self.requests.try_send(request).ok()?;
        self.waker.wake();
        Some(())
    }
}

impl Drop for DisplayThread {
    fn drop(&mut self) {
        // Closes the channel before the wake, so that the thread finds it closed.
        let (closed, _) = sync_channel(0);
        self.requests = closed;
        self.waker.wake();
    }
}

/// One viewer.
struct Watcher {
    outputs: mpsc::Sender<Output>,
    credit: Arc<Credit>,
    view: Option<View>,
    cursor_sent: u64,
    state_sent: Option<PictureState>,
}

/// The display, while it can be captured.
struct Source {
    capture: Box<dyn Capture>,
    screen: Screen,
    epoch: u32,
    captured_at: Instant,
    /// There is a whole picture in the capture.
    is_complete: bool,
}

/// The cursor's shape and how often it changed.
#[derive(Default)]
struct Cursor {
    update: Option<CursorUpdate>,
    version: u64,
}

#[derive(Default)]
struct ThumbnailList {
    watchers: Vec<ThumbnailWatcher>,
    maker: Thumbnails,
    version: u64,
    made_at: Option<Instant>,
    last: Option<(u64, Thumbnail)>,
}

struct ThumbnailWatcher {
    sender: mpsc::Sender<Thumbnail>,
    sent: Option<u64>,
}

struct Worker {
    display: DisplayId,
    displays: Arc<dyn Displays>,
    requests: Receiver<Request>,
    waker: ThreadWaker,
    source: Option<Source>,
    watchers: Vec<Watcher>,
    thumbnails: ThumbnailList,
    cursor: Cursor,
}

/// The handle is gone: the thread ends.
struct Closed;

impl Worker {
    fn run(mut self) {
        while self.turn().is_ok() {}
        self.waker.set(None);
    }

    fn turn(&mut self) -> Result<(), Closed> {
        self.take_requests()?;
        self.watchers.retain(|watcher| watcher.credit.is_open());
        self.thumbnails.watchers.retain(|watcher| !watcher.sender.is_closed());
        if self.watchers.is_empty() && self.thumbnails.watchers.is_empty() {
            self.release();
            return self.wait_for_request(None);
        }
        if self.source.is_none()
            && let Err(error) = self.open()
        {
            self.tell_state(&error);
            return self.wait_for_request(Some(RETRY));
        }
        self.capture_and_encode()
    }

    fn capture_and_encode(&mut self) -> Result<(), Closed> {
        if self.watchers.is_empty() {
            // Thumbnails alone: look once when one is due instead of at every change.
            if let Some(pause) = self.thumbnails.pause() {
                return self.wait_for_request(Some(pause));
            }
        }
        let Some(source) = &mut self.source else { return Ok(()) };
        let timeout = if self.watchers.is_empty() { Duration::ZERO } else { self.thumbnails.pause().unwrap_or(TURN) };
        match source.capture.wait(timeout) {
            Ok(damage) => self.take_damage(damage),
            Err(error) => {
                tracing::info!(display = ?self.display, %error, "a display can no longer be captured");
                self.release();
                self.tell_state(&error);
                return Ok(());
            }
        }
        self.encode();
        self.send_thumbnails();
        Ok(())
    }

    fn take_requests(&mut self) -> Result<(), Closed> {
        loop {
            match self.requests.try_recv() {
                Ok(request) => self.take_request(request),
                Err(TryRecvError::Empty) => return Ok(()),
                Err(TryRecvError::Disconnected) => return Err(Closed),
            }
        }
    }

    fn wait_for_request(&mut self, timeout: Option<Duration>) -> Result<(), Closed> {
        let request = match timeout {
            Some(timeout) => self.requests.recv_timeout(timeout),
            None => self.requests.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match request {
            Ok(request) => self.take_request(request),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(Closed),
        }
        Ok(())
    }

    fn take_request(&mut self, request: Request) {
        match request {
            Request::Watch(watcher) => self.watchers.push(watcher),
            Request::Thumbnails(sender) => self.thumbnails.add(sender),
        }
    }

    fn open(&mut self) -> Result<(), PlatformError> {
        // The epoch is read first: if the list changes meanwhile, the picture names the older one and its pointer
        // events are dropped until the capture has noticed.
        let (_, epoch) = self.displays.list();
        let capture = self.displays.capture(self.display)?;
        self.waker.set(Some(capture.waker()));
        let screen = Screen::new(capture.size());
        self.source = Some(Source { capture, screen, epoch, captured_at: Instant::now(), is_complete: false });
        for watcher in &mut self.watchers {
            watcher.view = None;
        }
        Ok(())
    }

    fn release(&mut self) {
        self.waker.set(None);
        self.source = None;
        self.cursor.update = None;
    }

    fn tell_state(&mut self, error: &PlatformError) {
        let state = match error {
            PlatformError::NoSuchDisplay(_) => PictureState::NoOutput,
            _ => PictureState::Starting,
        };
        for watcher in &mut self.watchers {
            watcher.tell_state(state);
        }
    }

    fn take_damage(&mut self, damage: Damage) {
        let Some(source) = &mut self.source else { return };
        if let Some(shape) = damage.cursor {
            self.cursor.version += 1;
            self.cursor.update = Some(shape.map_or(CursorUpdate::Hidden, |shape| CursorUpdate::Shape { shape }));
        }
        if damage.rects.is_empty() {
            return;
        }
        source.is_complete = true;
        source.captured_at = damage.captured_at.unwrap_or_else(Instant::now);
        self.thumbnails.version += 1;
        let views = self.watchers.iter_mut().filter_map(|watcher| watcher.view.as_mut());
        source.screen.damage(&damage.rects, views);
    }

    fn encode(&mut self) {
        let Some(source) = self.source.as_mut().filter(|source| source.is_complete) else { return };
        for watcher in &mut self.watchers {
            watcher.send_cursor(&self.cursor);
            watcher.encode(self.display, source);
        }
    }

    fn send_thumbnails(&mut self) {
        if let Some(source) = self.source.as_ref().filter(|source| source.is_complete) {
            self.thumbnails.send(self.display, source.capture.as_ref());
        }
    }
}

impl Watcher {
    fn encode(&mut self, id: DisplayId, source: &mut Source) {
        let view = self.view.get_or_insert_with(|| source.screen.view());
        if self.credit.take_wants_keys() {
            view.want_keys();
        }
        if !view.has_pending() || !self.credit.take() {
            return;
        }
        match source.screen.encode(&source.capture.pixels(), view) {
            Ok(Some(coded)) => self.send(id, source, coded),
            Ok(None) => self.credit.put_back(),
            Err(error) => {
                tracing::error!(?id, %error, "a picture could not be encoded");
                self.credit.put_back();
            }
        }
    }

    fn send(&mut self, display: DisplayId, source: &Source, coded: Coded) {
        let size = source.screen.size();
        let config = coded.regions.map(|regions| StreamConfig { display, epoch: source.epoch, size, regions });
        let picture =
            Picture { config, captured_at: source.captured_at, encoded_at: Instant::now(), units: coded.units };
        self.state_sent = None;
        // Room is kept for the one picture that there can be; only a closed channel refuses it.
        _ = self.outputs.try_send(Output::Picture(picture));
    }

    fn send_cursor(&mut self, cursor: &Cursor) {
        let Some(update) = &cursor.update else { return };
        if self.cursor_sent != cursor.version && self.send_aside(Output::Cursor(update.clone())) {
            self.cursor_sent = cursor.version;
        }
    }

    fn tell_state(&mut self, state: PictureState) {
        if self.state_sent != Some(state) && self.send_aside(Output::State(state)) {
            self.state_sent = Some(state);
        }
    }

    fn send_aside(&self, output: Output) -> bool {
        RESERVED_OUTPUTS < self.outputs.capacity() && self.outputs.try_send(output).is_ok()
    }
}

impl ThumbnailList {
    fn add(&mut self, sender: mpsc::Sender<Thumbnail>) {
        self.watchers.push(ThumbnailWatcher { sender, sent: None });
        self.made_at = None;
    }

    /// Time until the next thumbnail is due; `None` when one is due now or nobody wants any.
    fn pause(&self) -> Option<Duration> {
        let pause = THUMBNAIL_INTERVAL.saturating_sub(self.made_at?.elapsed());
        (!self.watchers.is_empty() && !pause.is_zero()).then_some(pause)
    }

    fn send(&mut self, id: DisplayId, capture: &dyn Capture) {
        if self.watchers.is_empty() || self.pause().is_some() {
            return;
        }
        self.made_at = Some(Instant::now());
        if self.last.as_ref().is_none_or(|(version, _)| *version != self.version) {
            match self.maker.make(id, &capture.pixels()) {
                Ok(thumbnail) => self.last = Some((self.version, thumbnail)),
                Err(error) => return tracing::error!(?id, %error, "a thumbnail could not be made"),
            }
        }
        let Some((version, thumbnail)) = &self.last else { return };
        for watcher in &mut self.watchers {
            if watcher.sent != Some(*version) && watcher.sender.try_send(thumbnail.clone()).is_ok() {
                watcher.sent = Some(*version);
            }
        }
    }
}
