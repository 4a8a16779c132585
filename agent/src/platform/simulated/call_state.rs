use std::sync::Arc;

use super::super::{CallObservation, CallStateSource, Program};
use super::device::Device;

pub(super) struct SimulatedCallState {
    pub(super) device: Arc<Device>,
    /// Knows better than the scene, if there is one.
    pub(super) program: Program,
}

impl CallStateSource for SimulatedCallState {
    fn look(&mut self) -> CallObservation {
        if self.program.is_configured() {
            return CallObservation::told_by(&self.program);
        }
        let in_call = self.device.with(|inner| inner.scene.in_call());
        if in_call { CallObservation::InCall } else { CallObservation::Idle }
    }
}
