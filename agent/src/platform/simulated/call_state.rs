use std::sync::Arc;

use super::super::{CallObservation, CallStateSource};
use super::device::Device;

pub(super) struct SimulatedCallState(pub(super) Arc<Device>);

impl CallStateSource for SimulatedCallState {
    fn look(&mut self) -> CallObservation {
        let in_call = self.0.with(|inner| inner.scene.in_call());
        if in_call { CallObservation::InCall } else { CallObservation::Idle }
    }
}
