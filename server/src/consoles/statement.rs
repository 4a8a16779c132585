//! What an agent says about itself, in the server's terms.

use protocol::api::{CallStatus, UnixMillis};
use protocol::link::{CallState, ConsoleInfo};
use protocol::reason::EndReason;
use protocol::refusal::RefusalCode;
use protocol::signals::Signals;
use protocol::time::Micros;

use super::limits::DISPLAY_SIDE_MAX_PX;

/// A call that began earlier than this is said to have begun then: no date from an agent goes back without bound.
const CALL_AGE_MAX_MS: u64 = 7 * 24 * 60 * 60 * 1000;

/// Whether what an agent says about its displays can be true.
pub(super) fn is_plausible(info: &ConsoleInfo) -> bool {
    let side = 1..=DISPLAY_SIDE_MAX_PX;
    info.displays.iter().enumerate().all(|(index, display)| {
        side.contains(&display.size.width)
            && side.contains(&display.size.height)
            && info.displays[..index].iter().all(|earlier| earlier.id != display.id)
    })
}

/// Whether an agent says one thing about each device.
pub(super) fn are_plausible(signals: &Signals) -> bool {
    let list = &signals.list;
    list.iter().enumerate().all(|(index, signal)| list[..index].iter().all(|earlier| earlier.kind != signal.kind))
}

/// The call as people see it, with its start on our clock.
///
/// `sent_at` is the agent's clock when it spoke, the one that `call` uses; without it, the call is said to have begun
/// now until the agent's next pulse tells more.
pub(super) fn call_status(call: CallState, sent_at: Option<Micros>, now: UnixMillis) -> CallStatus {
    match call {
        CallState::Idle => CallStatus::Idle,
        CallState::Unknown => CallStatus::Unknown,
        CallState::InCall { since } => {
            let age_ms = sent_at.map_or(0, |sent_at| sent_at.since(since).as_millis().min(CALL_AGE_MAX_MS));
            CallStatus::InCall { since: now - age_ms as UnixMillis }
        }
    }
}

/// The refusals that are an agent's to give; it has no say in the others, so it cannot mislead with them.
pub(super) fn refusal(code: RefusalCode) -> RefusalCode {
    match code {
        RefusalCode::InCall | RefusalCode::IndicatorFailed | RefusalCode::DeclinedInRoom => code,
        _ => RefusalCode::AgentRefused,
    }
}

/// The reasons that are an agent's to give for an end; the server's own are not.
pub(super) fn end_reason(reason: EndReason) -> EndReason {
    match reason {
        EndReason::AgentLost
        | EndReason::Disabled
        | EndReason::Revoked
        | EndReason::ConsoleRemoved
        | EndReason::SignedOut
        | EndReason::ServerStopped => EndReason::ProtocolError,
        _ => reason,
    }
}

#[cfg(test)]
mod tests {
    use protocol::access::Access;
    use protocol::geometry::PixelSize;
    use protocol::ids::{DisplayId, DisplayInfo};
    use protocol::signals::{Signal, SignalKind, SignalState, SystemUser};
    use protocol::wire::{List, Text};

    use super::*;

    fn info(displays: &[(DisplayId, u16, u16)]) -> ConsoleInfo {
        let displays =
            displays.iter().map(|&(id, width, height)| DisplayInfo { id, size: PixelSize::new(width, height) });
        ConsoleInfo {
            agent_version: Text::default(),
            platform: Text::default(),
            host_name: Text::default(),
            operating_system: Text::default(),
            displays: List::fitted(displays.collect()),
            highest_access: Access::Modify,
            can_restart: false,
        }
    }

    #[test]
    fn displays_have_a_size_and_appear_once() {
        use DisplayId::{Console, FrontOfRoom1};
        assert!(is_plausible(&info(&[])));
        assert!(is_plausible(&info(&[(Console, 1280, 800), (FrontOfRoom1, 8192, 1)])));
        assert!(!is_plausible(&info(&[(Console, 0, 800)])));
        assert!(!is_plausible(&info(&[(Console, 1280, 8193)])));
        assert!(!is_plausible(&info(&[(Console, 1, 1), (Console, 1, 1)])));
    }

    #[test]
    fn a_device_is_spoken_of_once() {
        let signal = |kind| Signal { kind, state: SignalState::Ok, detail: Text::default() };
        let signals = |kinds: &[SignalKind]| Signals {
            list: List::fitted(kinds.iter().copied().map(signal).collect()),
            user: SystemUser::Unknown,
        };
        assert!(are_plausible(&signals(&[])));
        assert!(are_plausible(&signals(&SignalKind::ALL)));
        assert!(!are_plausible(&signals(&[SignalKind::Camera, SignalKind::Speaker, SignalKind::Camera])));
    }

    #[test]
    fn a_call_begins_on_our_clock() {
        let in_call = CallState::InCall { since: Micros::from_secs(100) };
        let now = 1_000_000_000;
        let since = |sent_at| call_status(in_call, sent_at, now);
        assert_eq!(since(Some(Micros::from_secs(160))), CallStatus::InCall { since: now - 60_000 });
        assert_eq!(since(Some(Micros::from_secs(1))), CallStatus::InCall { since: now }, "a start in the future");
        assert_eq!(since(Some(Micros(u64::MAX))), CallStatus::InCall { since: now - CALL_AGE_MAX_MS as i64 });
        assert_eq!(since(None), CallStatus::InCall { since: now });
    }

    #[test]
    fn an_agent_cannot_refuse_in_the_servers_name() {
        assert_eq!(refusal(RefusalCode::NoPermission), RefusalCode::AgentRefused);
        assert_eq!(refusal(RefusalCode::IndicatorFailed), RefusalCode::IndicatorFailed);
        assert_eq!(end_reason(EndReason::Revoked), EndReason::ProtocolError);
        assert_eq!(end_reason(EndReason::AgentStopped), EndReason::AgentStopped);
    }
}
