use std::sync::Arc;

use super::super::{PlatformError, Power, command};
use super::device::Device;

pub(super) struct SimulatedPower {
    pub(super) device: Arc<Device>,
    /// Runs besides the restart that is acted; empty: nothing does.
    pub(super) command: Vec<String>,
}

impl Power for SimulatedPower {
    fn can_restart(&self) -> bool {
        true
    }

    fn restart(&mut self) -> Result<(), PlatformError> {
        if let [program, arguments @ ..] = self.command.as_slice() {
            command::restart(program, arguments)?;
        }
        self.device.with(|inner| inner.scene.restart());
        Ok(())
    }
}
