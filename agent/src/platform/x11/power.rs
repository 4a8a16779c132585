//! Restarts the device with the command of the configuration. X11 has no call for it.

use crate::platform::{PlatformError, Power, Program};

pub(super) struct X11Power {
    pub(super) program: Program,
}

impl Power for X11Power {
    fn can_restart(&self) -> bool {
        self.program.is_configured()
    }

    fn restart(&mut self) -> Result<(), PlatformError> {
        const WHAT: &str = "restarting the device";
        if !self.can_restart() {
            return Err(PlatformError::Unavailable { what: WHAT, why: "no restart command is configured".to_owned() });
        }
        self.program.start(WHAT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_command_nothing_can_be_restarted() {
        let mut power = X11Power { program: Program::default() };
        assert!(!power.can_restart());
        assert!(matches!(power.restart(), Err(PlatformError::Unavailable { .. })));
        let mut missing = X11Power { program: vec!["/no/such/program".to_owned()].into() };
        assert!(missing.can_restart());
        assert!(matches!(missing.restart(), Err(PlatformError::Failed { .. })));
    }
}
