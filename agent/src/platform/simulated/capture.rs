use std::sync::Arc;
use std::time::{Duration, Instant};

use protocol::geometry::PixelSize;
use protocol::ids::DisplayId;

use super::super::{Capture, Damage, Pixels, PlatformError, Waker};
use super::device::{Device, Look, News, WatcherId, copy};
use super::scene::DISPLAY_SIZE;

/// A copy of one simulated display, brought up to date at each wait.
pub(super) struct SimulatedCapture {
    device: Arc<Device>,
    watcher: WatcherId,
    pixels: Vec<u8>,
}

impl SimulatedCapture {
    pub(super) fn new(device: &Arc<Device>, display: DisplayId) -> Result<Self, PlatformError> {
        let watcher = device.with(|inner| inner.watch(display)).ok_or(PlatformError::NoSuchDisplay(display))?;
        let bytes = usize::from(DISPLAY_SIZE.width) * usize::from(DISPLAY_SIZE.height) * 4;
        Ok(Self { device: Arc::clone(device), watcher, pixels: vec![0; bytes] })
    }
}

impl Capture for SimulatedCapture {
    fn size(&self) -> PixelSize {
        DISPLAY_SIZE
    }

    fn wait(&mut self, timeout: Duration) -> Result<Damage, PlatformError> {
        let deadline = Instant::now() + timeout;
        let mut inner = self.device.lock();
        loop {
            if self.device.settle(&mut inner) {
                drop(inner);
                self.device.wake_all();
                self.device.tell_listeners();
                inner = self.device.lock();
            }
            match inner.look(self.watcher) {
                Look::Gone => return Err(PlatformError::NoSuchDisplay(self.watcher.display)),
                Look::Woken => return Ok(Damage::default()),
                Look::News(News { rects, cursor }) => {
                    if let Some(screen) = inner.screen(self.watcher.display) {
                        copy(screen.pixels(), &mut self.pixels, DISPLAY_SIZE, &rects);
                    }
                    let captured_at = (!rects.is_empty()).then(Instant::now);
                    return Ok(Damage { rects, captured_at, cursor: cursor.map(|kind| Some(kind.shape())) });
                }
                Look::Nothing { until } => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Ok(Damage::default());
                    }
                    let next = until.saturating_sub(self.device.now());
                    inner = self.device.sleep(inner, left.min(next));
                }
            }
        }
    }

    fn pixels(&self) -> Pixels<'_> {
        Pixels { bgra: &self.pixels, stride_bytes: usize::from(DISPLAY_SIZE.width) * 4, size: DISPLAY_SIZE }
    }

    fn waker(&self) -> Waker {
        let (device, watcher) = (Arc::downgrade(&self.device), self.watcher);
        Waker::new(move || {
            if let Some(device) = device.upgrade() {
                device.lock().wake(watcher);
                device.wake_all();
            }
        })
    }
}

impl Drop for SimulatedCapture {
    fn drop(&mut self) {
        self.device.lock().unwatch(self.watcher);
    }
}
