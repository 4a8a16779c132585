//! A console's device: what outlives the agent's process, and the platform that the agent sees of it.

use std::sync::{Arc, Mutex, PoisonError};

use agent::pipeline::PictureSource;
use agent::pipeline::watch::{Credit, Output, ThreadWaker, Watch};
use agent::platform::{
    CallObservation, Capture, Displays, Injector, Key, KeySign, PlatformError, Power, Ring, RingButton, RingLine,
};
use protocol::geometry::{PixelPoint, PixelSize};
use protocol::ids::{DisplayId, DisplayInfo};
use protocol::input::{LockKeys, PointerButton};
use protocol::keycode::KeyCode;
use protocol::video::Thumbnail;
use tokio::sync::mpsc;

use super::plant::Plant;

/// What the device did since somebody looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    /// A key or a button went down, or the pointer moved.
    Injected,
    Restart,
}

/// The device.
#[derive(Debug)]
pub(super) struct Device {
    pub(super) ring: Option<RingLine>,
    /// Showing the ring fails.
    pub(super) ring_fails: bool,
    pub(super) keys: Vec<KeyCode>,
    pub(super) buttons: Vec<PointerButton>,
    pub(super) n_displays: usize,
    epoch: u32,
    pub(super) call: CallObservation,
    pub(super) deeds: Vec<Deed>,
    pub(super) watchers: Vec<Watcher>,
    plant: Option<Plant>,
}

/// Somebody who watches a display.
#[derive(Debug)]
pub(super) struct Watcher {
    pub(super) display: DisplayId,
    pub(super) outputs: mpsc::Sender<Output>,
    pub(super) credit: Arc<Credit>,
    pub(super) is_configured: bool,
}

/// The device as its parts share it.
#[derive(Debug, Clone)]
pub(super) struct Hardware(Arc<Mutex<Device>>);

impl Hardware {
    pub(super) fn new(plant: Option<Plant>) -> Self {
        Self(Arc::new(Mutex::new(Device {
            ring: None,
            ring_fails: false,
            keys: Vec::new(),
            buttons: Vec::new(),
            n_displays: 2,
            epoch: 1,
            call: CallObservation::Idle,
            deeds: Vec::new(),
            watchers: Vec::new(),
            plant,
        })))
    }

    pub(super) fn with<T>(&self, act: impl FnOnce(&mut Device) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The agent's process is gone, and with it its windows; its guard lets go of what was down.
    pub(super) fn process_gone(&self) {
        self.with(|device| {
            if device.plant != Some(Plant::RingStays) {
                device.ring = None;
            }
            device.watchers.clear();
            device.let_go();
        });
    }

    pub(super) fn plug(&self, n_displays: usize) {
        self.with(|device| {
            device.n_displays = n_displays;
            device.epoch += 1;
        });
    }
}

impl Device {
    fn let_go(&mut self) {
        if self.plant != Some(Plant::KeysStay) {
            self.keys.clear();
            self.buttons.clear();
        }
    }

    fn displays(&self) -> Vec<DisplayInfo> {
        let size = PixelSize::new(640, 480);
        DisplayId::ALL.into_iter().take(self.n_displays).map(|id| DisplayInfo { id, size }).collect()
    }
}

impl Displays for Hardware {
    fn list(&self) -> (Vec<DisplayInfo>, u32) {
        self.with(|device| (device.displays(), device.epoch))
    }

    /// The simulation says so itself.
    fn on_change(&self, _changed: Box<dyn Fn() + Send + Sync>) {}

    fn capture(&self, display: DisplayId) -> Result<Box<dyn Capture>, PlatformError> {
        Err(PlatformError::NoSuchDisplay(display))
    }
}

impl PictureSource for Hardware {
    fn watch(&mut self, display: DisplayId) -> Option<Watch> {
        let (watch, outputs, credit) = Watch::new(ThreadWaker::default());
        self.with(|device| device.watchers.push(Watcher { display, outputs, credit, is_configured: false }));
        Some(watch)
    }

    /// Thumbnails take the same way as pictures; nobody here looks at them.
    fn watch_thumbnails(&mut self, _display: DisplayId, _thumbnails: mpsc::Sender<Thumbnail>) {}
}

impl Ring for Hardware {
    fn show(&mut self, line: &RingLine) -> Result<(), PlatformError> {
        self.with(|device| match device.plant {
            _ if device.ring_fails => Err(PlatformError::Disconnected),
            Some(Plant::RingNotShown) => Ok(()),
            _ => {
                device.ring = Some(line.clone());
                Ok(())
            }
        })
    }

    fn hide(&mut self) {
        self.with(|device| {
            if device.plant != Some(Plant::RingStays) {
                device.ring = None;
            }
        });
    }

    /// The simulation presses by itself.
    fn on_press(&mut self, _pressed: Box<dyn Fn(RingButton) + Send + Sync>) {}

    fn button_at(&self, _display: DisplayId, _point: PixelPoint) -> Option<RingButton> {
        None
    }
}

impl KeySign for Hardware {
    fn set(&mut self, _key: &Key) {}
}

impl Power for Hardware {
    fn can_restart(&self) -> bool {
        true
    }

    fn restart(&mut self) -> Result<(), PlatformError> {
        self.with(|device| device.deeds.push(Deed::Restart));
        Ok(())
    }
}

impl Injector for Hardware {
    fn key(&mut self, code: KeyCode, down: bool) -> Result<(), PlatformError> {
        self.with(|device| {
            if down {
                device.keys.push(code);
                device.deeds.push(Deed::Injected);
            } else if device.plant != Some(Plant::KeysStay) {
                device.keys.retain(|other| *other != code);
            }
        });
        Ok(())
    }

    fn pointer(&mut self, _display: DisplayId, _point: PixelPoint) -> Result<(), PlatformError> {
        self.with(|device| device.deeds.push(Deed::Injected));
        Ok(())
    }

    fn button(&mut self, button: PointerButton, down: bool) -> Result<(), PlatformError> {
        self.with(|device| {
            if down {
                device.buttons.push(button);
                device.deeds.push(Deed::Injected);
            } else {
                device.buttons.retain(|other| *other != button);
            }
        });
        Ok(())
    }

    fn wheel(&mut self, _horizontal: i16, _vertical: i16) -> Result<(), PlatformError> {
        self.with(|device| device.deeds.push(Deed::Injected));
        Ok(())
    }

    fn text(&mut self, _text: &str) -> Result<(), PlatformError> {
        self.with(|device| device.deeds.push(Deed::Injected));
        Ok(())
    }

    fn locks(&mut self, _locks: LockKeys) -> Result<(), PlatformError> {
        Ok(())
    }

    fn wake_displays(&mut self) -> Result<(), PlatformError> {
        Ok(())
    }
}
