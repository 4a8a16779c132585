//! The simulated console as its parts share it: one scene behind one lock.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use protocol::geometry::{PixelPoint, PixelRect, PixelSize};
use protocol::ids::{DisplayId, DisplayInfo};
use protocol::input::{LockKeys, PointerButton};
use protocol::keycode::KeyCode;

use super::super::{RingButton, RingLine};
use super::clock::{Clock, LocalTime};
use super::cursor::CursorKind;
use super::draw::{Screen, joined};
use super::scene::{DISPLAY_SIZE, Scene};

/// Rectangles that a capture may fall behind before they are joined.
const PENDING_MAX: usize = 24;

/// Something that the injector did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TraceEvent {
    Key { code: KeyCode, down: bool },
    Pointer { display: DisplayId, point: PixelPoint },
    Button { button: PointerButton, down: bool },
    Wheel { horizontal: i16, vertical: i16 },
    Text(String),
    Locks(LockKeys),
    WakeDisplays,
}

type Listener = Arc<dyn Fn() + Send + Sync>;

pub(super) struct Device {
    inner: Mutex<Inner>,
    changed: Condvar,
    clock: Arc<dyn Clock>,
    listeners: Mutex<Vec<Listener>>,
}

pub(super) struct Inner {
    pub(super) scene: Scene,
    shown: [Shown; DisplayId::ALL.len()],
    list: Vec<DisplayId>,
    epoch: u32,
    pub(super) ring: Option<RingLine>,
    pub(super) on_ring_press: Option<Arc<dyn Fn(RingButton) + Send + Sync>>,
    pub(super) ring_fails: bool,
    pub(super) trace: VecDeque<TraceEvent>,
    pub(super) trace_max: usize,
    restart_is_watched: bool,
}

/// One display. Its pixels exist only while somebody captures it.
#[derive(Default)]
struct Shown {
    plugged_in: bool,
    /// Grows when the display comes (back).
    connection: u32,
    screen: Option<Screen>,
    watchers: Vec<Watcher>,
    last_id: u64,
}

/// A capture, as the device sees it.
struct Watcher {
    id: u64,
    pending: Vec<PixelRect>,
    cursor: Option<CursorKind>,
    woken: bool,
}

/// Names one capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WatcherId {
    pub(super) display: DisplayId,
    connection: u32,
    id: u64,
}

/// What a capture has not seen yet.
pub(super) struct News {
    pub(super) rects: Vec<PixelRect>,
    pub(super) cursor: Option<CursorKind>,
}

/// How a look at a display came out.
pub(super) enum Look {
    Gone,
    News(News),
    Woken,
    /// Nothing new before this time.
    Nothing {
        until: Duration,
    },
}

impl Device {
    pub(super) fn new(scene: Scene, clock: Arc<dyn Clock>, displays: usize, trace_max: usize) -> Arc<Self> {
        let mut shown: [Shown; DisplayId::ALL.len()] = Default::default();
        for shown in shown.iter_mut().take(displays) {
            shown.plugged_in = true;
        }
        let mut inner = Inner {
            scene,
            shown,
            list: Vec::new(),
            epoch: 0,
            ring: None,
            on_ring_press: None,
            ring_fails: false,
            trace: VecDeque::new(),
            trace_max,
            restart_is_watched: false,
        };
        inner.renew_list();
        Arc::new(Self { inner: Mutex::new(inner), changed: Condvar::new(), clock, listeners: Mutex::default() })
    }

    /// Looks at the clock, does something, and wakes everybody who waits.
    pub(super) fn with<T>(self: &Arc<Self>, act: impl FnOnce(&mut Inner) -> T) -> T {
        let mut inner = self.lock();
        inner.settle(&*self.clock);
        let result = act(&mut inner);
        let list_changed = inner.renew_list();
        let watch = inner.scene.is_restarting() && !std::mem::replace(&mut inner.restart_is_watched, true);
        inner.restart_is_watched = inner.scene.is_restarting();
        drop(inner);
        self.changed.notify_all();
        if list_changed {
            self.tell_listeners();
        }
        if watch {
            self.watch_restart();
        }
        result
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the clock on behalf of a capture that holds the lock; `true` when listeners must hear of it.
    pub(super) fn settle(&self, inner: &mut Inner) -> bool {
        inner.settle(&*self.clock);
        inner.renew_list()
    }

    /// Gives the lock back until something happens, or for so long.
    pub(super) fn sleep<'a>(&self, inner: MutexGuard<'a, Inner>, at_most: Duration) -> MutexGuard<'a, Inner> {
        self.changed.wait_timeout(inner, at_most).unwrap_or_else(PoisonError::into_inner).0
    }

    pub(super) fn now(&self) -> Duration {
        self.clock.now()
    }

    pub(super) fn add_listener(&self, listener: Box<dyn Fn() + Send + Sync>) {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner).push(listener.into());
    }

    pub(super) fn tell_listeners(&self) {
        let listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for listener in listeners {
            listener();
        }
    }

    pub(super) fn wake_all(&self) {
        self.changed.notify_all();
    }

    /// A restart goes on when nobody looks: its thread lives as long as the restart.
    fn watch_restart(self: &Arc<Self>) {
        let device = Arc::downgrade(self);
        let watch = move || {
            while let Some(pause) = restart_pause(&device) {
                std::thread::sleep(pause);
            }
        };
        if let Err(error) = std::thread::Builder::new().name("restart".to_owned()).spawn(watch) {
            tracing::warn!(%error, "no thread for the simulated restart: it goes on when somebody looks");
        }
    }
}

/// Lets a restart go on and says how long it rests; `None` when it is over.
fn restart_pause(device: &Weak<Device>) -> Option<Duration> {
    let device = device.upgrade()?;
    let next = device.with(|inner| inner.scene.next_restart_step())?;
    Some(next.saturating_sub(device.now()).clamp(Duration::from_millis(2), Duration::from_millis(50)))
}

impl Inner {
    pub(super) fn list(&self) -> (Vec<DisplayInfo>, u32) {
        let infos = self.list.iter().map(|id| DisplayInfo { id: *id, size: DISPLAY_SIZE }).collect();
        (infos, self.epoch)
    }

    pub(super) fn plug(&mut self, display: DisplayId, plugged_in: bool) {
        self.shown[display as usize].plugged_in = plugged_in;
    }

    pub(super) fn note(&mut self, event: TraceEvent) {
        if self.trace_max == 0 {
            return;
        }
        if self.trace_max <= self.trace.len() {
            self.trace.pop_front();
        }
        self.trace.push_back(event);
    }

    /// `None` when the display is not there.
    pub(super) fn watch(&mut self, display: DisplayId) -> Option<WatcherId> {
        if !self.list.contains(&display) {
            return None;
        }
        let shown = &mut self.shown[display as usize];
        shown.last_id += 1;
        let whole = DISPLAY_SIZE.bounds();
        shown.watchers.push(Watcher { id: shown.last_id, pending: vec![whole], cursor: None, woken: false });
        Some(WatcherId { display, connection: shown.connection, id: shown.last_id })
    }

    pub(super) fn unwatch(&mut self, watcher: WatcherId) {
        let shown = &mut self.shown[watcher.display as usize];
        shown.watchers.retain(|other| other.id != watcher.id);
        if shown.watchers.is_empty() {
            shown.screen = None;
        }
    }

    pub(super) fn wake(&mut self, watcher: WatcherId) {
        if let Some(watcher) = self.shown[watcher.display as usize].watchers.iter_mut().find(|w| w.id == watcher.id) {
            watcher.woken = true;
        }
    }

    /// Draws what changed and says what `id` has not seen yet.
    pub(super) fn look(&mut self, id: WatcherId) -> Look {
        let shown = &mut self.shown[id.display as usize];
        if !self.list.contains(&id.display) || shown.connection != id.connection {
            return Look::Gone;
        }
        let screen = shown.screen.get_or_insert_with(|| Screen::new(DISPLAY_SIZE));
        let damage = screen.show(self.scene.view(id.display).items);
        for watcher in &mut shown.watchers {
            watcher.fall_behind(&damage);
        }
        let Some(watcher) = shown.watchers.iter_mut().find(|watcher| watcher.id == id.id) else { return Look::Gone };
        let cursor = Some(self.scene.cursor(id.display)).filter(|cursor| watcher.cursor != Some(*cursor));
        watcher.cursor = cursor.or(watcher.cursor);
        if !watcher.pending.is_empty() || cursor.is_some() {
            watcher.woken = false;
            return Look::News(News { rects: joined(std::mem::take(&mut watcher.pending)), cursor });
        }
        if std::mem::take(&mut watcher.woken) {
            return Look::Woken;
        }
        Look::Nothing { until: self.scene.next_change(id.display) }
    }

    /// The pixels of a display that is captured, as of the last [`Inner::look`].
    pub(super) fn screen(&self, display: DisplayId) -> Option<&Screen> {
        self.shown[display as usize].screen.as_ref()
    }

    fn settle(&mut self, clock: &dyn Clock) {
        self.scene.settle(clock.now(), LocalTime(clock.local_seconds()));
    }

    /// Compares the list of displays with what is there; `true` when it changed.
    fn renew_list(&mut self) -> bool {
        let has_power = self.scene.is_lit();
        let connected = |id: &DisplayId| has_power && self.shown[*id as usize].plugged_in;
        let list: Vec<DisplayId> = DisplayId::ALL.into_iter().filter(connected).collect();
        if list == self.list {
            return false;
        }
        for id in list.iter().filter(|id| !self.list.contains(id)) {
            self.shown[*id as usize].connection += 1;
        }
        self.list = list;
        self.epoch += 1;
        true
    }
}

impl Watcher {
    fn fall_behind(&mut self, damage: &[PixelRect]) {
        self.pending.extend_from_slice(damage);
        if PENDING_MAX < self.pending.len() {
            self.pending = joined(std::mem::take(&mut self.pending));
        }
    }
}

/// Copies rectangles from one picture to another of the same size.
pub(super) fn copy(from: &[u8], to: &mut [u8], size: PixelSize, rects: &[PixelRect]) {
    let stride = usize::from(size.width) * 4;
    for rect in rects {
        let width = usize::from(rect.width) * 4;
        for row in usize::from(rect.y)..rect.bottom() as usize {
            let start = row * stride + usize::from(rect.x) * 4;
            to[start..start + width].copy_from_slice(&from[start..start + width]);
        }
    }
}
