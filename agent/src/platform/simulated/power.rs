use std::sync::Arc;

use super::super::{PlatformError, Power, Program};
use super::device::Device;

pub(super) struct SimulatedPower {
    pub(super) device: Arc<Device>,
    /// Runs besides the restart that is acted, if there is one.
    pub(super) program: Program,
}

impl Power for SimulatedPower {
    fn can_restart(&self) -> bool {
        true
    }

    fn restart(&mut self) -> Result<(), PlatformError> {
        if self.program.is_configured() {
            self.program.start("restarting the device")?;
        }
        self.device.with(|inner| inner.scene.restart());
        Ok(())
    }
}
