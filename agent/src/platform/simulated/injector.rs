use std::sync::Arc;

use protocol::geometry::PixelPoint;
use protocol::ids::DisplayId;
use protocol::input::{LockKeys, PointerButton};
use protocol::keycode::KeyCode;

use super::super::{Injector, PlatformError};
use super::device::{Device, TraceEvent};

pub(super) struct SimulatedInjector(pub(super) Arc<Device>);

impl Injector for SimulatedInjector {
    fn key(&mut self, code: KeyCode, down: bool) -> Result<(), PlatformError> {
        self.0.with(|inner| {
            inner.note(TraceEvent::Key { code, down });
            inner.scene.key(code, down);
        });
        Ok(())
    }

    fn pointer(&mut self, display: DisplayId, point: PixelPoint) -> Result<(), PlatformError> {
        self.0.with(|inner| {
            if !inner.list().0.iter().any(|info| info.id == display) {
                return Err(PlatformError::NoSuchDisplay(display));
            }
            inner.note(TraceEvent::Pointer { display, point });
            inner.scene.pointer(display, point);
            Ok(())
        })
    }

    fn button(&mut self, button: PointerButton, down: bool) -> Result<(), PlatformError> {
        self.0.with(|inner| {
            inner.note(TraceEvent::Button { button, down });
            inner.scene.button(button, down);
        });
        Ok(())
    }

    fn wheel(&mut self, horizontal: i16, vertical: i16) -> Result<(), PlatformError> {
        self.0.with(|inner| {
            inner.note(TraceEvent::Wheel { horizontal, vertical });
            inner.scene.wheel(vertical);
        });
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), PlatformError> {
        self.0.with(|inner| {
            inner.note(TraceEvent::Text(text.to_owned()));
            inner.scene.text(text);
        });
        Ok(())
    }

    fn locks(&mut self, locks: LockKeys) -> Result<(), PlatformError> {
        self.0.with(|inner| {
            inner.note(TraceEvent::Locks(locks));
            inner.scene.locks(locks);
        });
        Ok(())
    }

    fn wake_displays(&mut self) -> Result<(), PlatformError> {
        self.0.with(|inner| {
            inner.note(TraceEvent::WakeDisplays);
            inner.scene.wake();
        });
        Ok(())
    }
}
