//! Restarts the device with the command of the configuration. X11 has no call for it.

use crate::platform::{PlatformError, Power, command};

pub(super) struct X11Power {
    command: Vec<String>,
}

impl X11Power {
    pub(super) fn new(command: &[String]) -> Self {
        Self { command: command.to_vec() }
    }
}

impl Power for X11Power {
    fn can_restart(&self) -> bool {
        !self.command.is_empty()
    }

    fn restart(&mut self) -> Result<(), PlatformError> {
        match self.command.as_slice() {
            [program, arguments @ ..] => command::restart(program, arguments),
            [] => Err(PlatformError::Unavailable {
                what: "restarting the device",
                why: "no restart command is configured".to_owned(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_command_nothing_can_be_restarted() {
        let mut power = X11Power::new(&[]);
        assert!(!power.can_restart());
        assert!(matches!(power.restart(), Err(PlatformError::Unavailable { .. })));
        let mut missing = X11Power::new(&["/no/such/program".to_owned()]);
        assert!(missing.can_restart());
        assert!(matches!(missing.restart(), Err(PlatformError::Failed { .. })));
    }
}
