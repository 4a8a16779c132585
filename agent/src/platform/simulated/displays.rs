use std::sync::Arc;

use protocol::ids::{DisplayId, DisplayInfo};

use super::super::{Capture, Displays, PlatformError};
use super::capture::SimulatedCapture;
use super::device::Device;

pub(super) struct SimulatedDisplays(pub(super) Arc<Device>);

impl Displays for SimulatedDisplays {
    fn list(&self) -> (Vec<DisplayInfo>, u32) {
        self.0.with(|inner| inner.list())
    }

    fn on_change(&self, changed: Box<dyn Fn() + Send + Sync>) {
        self.0.add_listener(changed);
    }

    fn capture(&self, display: DisplayId) -> Result<Box<dyn Capture>, PlatformError> {
        Ok(Box::new(SimulatedCapture::new(&self.0, display)?))
    }
}
