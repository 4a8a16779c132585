use std::sync::Arc;

use super::super::{PlatformError, Power};
use super::device::Device;

pub(super) struct SimulatedPower(pub(super) Arc<Device>);

impl Power for SimulatedPower {
    fn can_restart(&self) -> bool {
        true
    }

    fn restart(&mut self) -> Result<(), PlatformError> {
        self.0.with(|inner| inner.scene.restart());
        Ok(())
    }
}
