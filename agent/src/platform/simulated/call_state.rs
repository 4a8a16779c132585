use std::sync::Arc;

use super::super::{CallObservation, CallStateSource, command};
use super::device::Device;

pub(super) struct SimulatedCallState {
    pub(super) device: Arc<Device>,
    /// Knows better than the scene; empty: the scene knows.
    pub(super) command: Vec<String>,
}

impl CallStateSource for SimulatedCallState {
    fn look(&mut self) -> CallObservation {
        if let [program, arguments @ ..] = self.command.as_slice() {
            return command::ask(program, arguments);
        }
        let in_call = self.device.with(|inner| inner.scene.in_call());
        if in_call { CallObservation::InCall } else { CallObservation::Idle }
    }
}
