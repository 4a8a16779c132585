//! When to try again after the connection was lost, and when to stop.

use std::time::Duration;

use protocol::api::ProblemCode;
use protocol::refusal::RefusalCode;
use protocol::time::Micros;

use crate::api::ApiError;

/// A console ends a session that lost its viewer after 15 s; the rest is for clocks and slow networks.
const PATIENCE: Micros = Micros::from_secs(45);
/// A device that restarts gets so long.
const PATIENCE_IN_RESTART: Micros = Micros::from_secs(11 * 60);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// What follows from a failed try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    TryAgain,
    GiveUp,
}

/// How long to wait before a try: at once first, then longer. `jitter` is between 0 and 1 and keeps many viewers
/// from coming back at the same moment.
pub fn pause(n_tries: u32, jitter: f64) -> Duration {
    if n_tries == 0 {
        return Duration::ZERO;
    }
    let full = Duration::from_millis(250).saturating_mul(1 << n_tries.min(10)).min(PAUSE_MAX);
    full.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0)
}

/// Whether to go on after `error`, `lost_for` after the connection was lost.
pub fn after(error: &ApiError, lost_for: Micros, restarting: bool) -> Next {
    let patience = if restarting { PATIENCE_IN_RESTART } else { PATIENCE };
    if is_passing(error) && lost_for < patience { Next::TryAgain } else { Next::GiveUp }
}

/// Whether the same request may succeed later. A console that restarts is not there for a while, and one that has just
/// come back may not be ready yet.
fn is_passing(error: &ApiError) -> bool {
    let is_console_away = matches!(
        error.refusal(),
        Some(RefusalCode::NotMonitored | RefusalCode::AgentRefused | RefusalCode::AuditUnavailable)
    );
    error.is_retryable() || is_console_away || error.is(ProblemCode::Conflict)
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::api::Problem;

    fn problem(code: ProblemCode, refusal: Option<RefusalCode>) -> ApiError {
        let (title, detail) = (String::new(), String::new());
        ApiError::Problem(Problem {
            r#type: "about:blank".into(),
            title,
            status: 409,
            detail,
            code,
            refusal,
            retry_after_s: None,
        })
    }

    #[test]
    fn pauses_grow_to_a_limit() {
        let pauses: Vec<_> = (0..8).map(|n_tries| pause(n_tries, 1.0).as_millis()).collect();
        assert_eq!(pauses, [0, 500, 1000, 2000, 4000, 5000, 5000, 5000]);
        assert_eq!(pause(1, 0.0).as_millis(), 250);
    }

    #[test]
    fn a_console_that_restarts_gets_minutes() {
        let away = problem(ProblemCode::Refused, Some(RefusalCode::NotMonitored));
        assert_eq!(after(&away, Micros::from_secs(60), false), Next::GiveUp);
        assert_eq!(after(&away, Micros::from_secs(60), true), Next::TryAgain);
        assert_eq!(after(&away, Micros::from_secs(660), true), Next::GiveUp);
    }

    #[test]
    fn what_will_not_change_is_not_tried_again() {
        for (code, refusal) in [
            (ProblemCode::NotFound, None),
            (ProblemCode::NotSignedIn, None),
            (ProblemCode::Refused, Some(RefusalCode::NoPermission)),
        ] {
            assert_eq!(after(&problem(code, refusal), Micros(0), false), Next::GiveUp, "{code:?}");
        }
    }
}
