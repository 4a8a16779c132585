use serde::{Deserialize, Serialize};

use super::UnixMillis;
use crate::signals::{Signal, SignalKind, SignalState, Signals, SystemUser};

/// What the console last said about its devices. Its texts come from the console and are shown as text only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConsoleSignals {
    /// When it said so. It looks every few seconds and says what changed, so while it is connected this still holds.
    pub reported_at: UnixMillis,
    /// Every kind once, in the order in which people read them.
    pub list: Vec<SignalReport>,
    pub system_user: SystemUserReport,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignalReport {
    pub kind: SignalKind,
    pub state: SignalState,
    /// The device's name, a version, or why; often empty.
    pub detail: String,
}

/// Who is signed in at the console's system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum SystemUserReport {
    /// The console cannot tell.
    Unknown,
    /// The sign-in screen is up.
    Nobody,
    SignedIn {
        name: String,
    },
}

impl ConsoleSignals {
    /// What an agent said at `reported_at`; kinds that it left out are unknown.
    pub fn new(signals: &Signals, reported_at: UnixMillis) -> Self {
        let report = |kind| {
            let said = signals.list.iter().find(|signal| signal.kind == kind);
            said.map_or_else(|| SignalReport { kind, state: SignalState::Unknown, detail: String::new() }, report)
        };
        Self {
            reported_at,
            list: SignalKind::ALL.into_iter().map(report).collect(),
            system_user: match &signals.user {
                SystemUser::Unknown => SystemUserReport::Unknown,
                SystemUser::Nobody => SystemUserReport::Nobody,
                SystemUser::SignedIn { name } => SystemUserReport::SignedIn { name: name.to_string() },
            },
        }
    }
}

fn report(signal: &Signal) -> SignalReport {
    SignalReport { kind: signal.kind, state: signal.state, detail: signal.detail.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{List, Text};

    #[test]
    fn what_a_console_leaves_out_is_unknown() {
        let camera = Signal { kind: SignalKind::Camera, state: SignalState::Ok, detail: Text::fitted("Huddle") };
        let signals = Signals { list: List::fitted(vec![camera]), user: SystemUser::Nobody };
        let report = ConsoleSignals::new(&signals, 7);
        assert_eq!(report.list.iter().map(|signal| signal.kind).collect::<Vec<_>>(), SignalKind::ALL);
        let known: Vec<_> = report.list.iter().filter(|signal| signal.state != SignalState::Unknown).collect();
        assert_eq!(known.len(), 1);
        assert_eq!((known[0].kind, known[0].detail.as_str()), (SignalKind::Camera, "Huddle"));
        assert_eq!(report.system_user, SystemUserReport::Nobody);
    }
}
