use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::terms::{CallPolicy, ShortcutPolicy};

/// What whoever enables remote access for an organisation acknowledges, in English: shown before the switch is turned
/// on, and kept in the audit log beside the address.
pub const ACKNOWLEDGEMENT: &str = "I enable remote access to the consoles of this organisation's meeting rooms. People \
    whose roles allow it can then see a room's displays and, with Modify, type and click there. A red ring around every \
    display shows people in the room when somebody is connected. No sound is carried and nothing is recorded; who \
    connected, where, when and how it ended is kept in the audit log. I answer for this decision.";

/// Seconds for [`RemoteAccessSettings::idle_limit_s`].
pub const IDLE_LIMIT_S: RangeInclusive<u32> = 60..=28_800;
/// Seconds for [`RemoteAccessSettings::maximum_s`].
pub const MAXIMUM_S: RangeInclusive<u32> = 300..=86_400;
/// Seconds for [`RemoteAccessSettings::decline_within_s`]: whoever starts a session waits so long.
pub const DECLINE_WITHIN_S: RangeInclusive<u32> = 5..=30;
/// Days for [`RemoteAccessSettings::audit_retention_days`].
pub const AUDIT_RETENTION_DAYS: RangeInclusive<u32> = 30..=3650;

/// `GET` and `PUT /settings/remote-access`: an organisation's opt-in to remote access and the policies beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RemoteAccessSettings {
    /// While it is off no session can start; switching it off ends those that live.
    pub enabled: bool,
    /// The e-mail address of who acknowledged enabling; null while it is off. A request that enables needs it. While it
    /// is on, null keeps the address, and another address acknowledges anew.
    pub acknowledged_by: Option<String>,
    /// What happens to a session when a call starts in the room.
    pub when_call_starts: CallPolicy,
    /// Which shortcut commands a View session may use.
    pub view_shortcuts: ShortcutPolicy,
    /// Seconds without a key, button, wheel, text or command after which a session ends: 60 (a minute) to 28800 (8
    /// hours).
    #[cfg_attr(feature = "openapi", schema(minimum = 60, maximum = 28_800))]
    pub idle_limit_s: u32,
    /// Seconds after which a session ends in any case: 300 (5 minutes) to 86400 (a day).
    #[cfg_attr(feature = "openapi", schema(minimum = 300, maximum = 86_400))]
    pub maximum_s: u32,
    /// Seconds that people in the room have to decline a session before it starts, 5 to 30; null asks nobody.
    #[cfg_attr(feature = "openapi", schema(minimum = 5, maximum = 30))]
    pub decline_within_s: Option<u32>,
    /// People in the room may end a session.
    pub room_may_end: bool,
    /// Whoever starts a session or changes settings, roles, people or consoles confirms first that it is they who are at
    /// the browser, unless they did so in the last five minutes.
    pub step_up: bool,
    /// Days for which the audit log is kept: 30 to 3650 (ten years).
    #[cfg_attr(feature = "openapi", schema(minimum = 30, maximum = 3650))]
    pub audit_retention_days: u32,
    /// Names the present settings. A change is made with the version that it is based on, and refused when there is
    /// another one by then.
    pub version: String,
}

impl RemoteAccessSettings {
    /// # Errors
    /// When a number is out of its range: the first one.
    pub fn check(&self) -> Result<(), OutOfRange> {
        let numbers = [
            ("idle_limit_s", Some(self.idle_limit_s), IDLE_LIMIT_S, "seconds"),
            ("maximum_s", Some(self.maximum_s), MAXIMUM_S, "seconds"),
            ("decline_within_s", self.decline_within_s, DECLINE_WITHIN_S, "seconds"),
            ("audit_retention_days", Some(self.audit_retention_days), AUDIT_RETENTION_DAYS, "days"),
        ];
        for (field, number, range, unit) in numbers {
            if number.is_some_and(|number| !range.contains(&number)) {
                return Err(OutOfRange { field, least: *range.start(), most: *range.end(), unit });
            }
        }
        Ok(())
    }
}

/// A number that a setting cannot have. Its text is a sentence for people that names the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{field}: take {least} to {most} {unit}.")]
pub struct OutOfRange {
    pub field: &'static str,
    pub least: u32,
    pub most: u32,
    unit: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: RemoteAccessSettings = RemoteAccessSettings {
        enabled: false,
        acknowledged_by: None,
        when_call_starts: CallPolicy::Pause,
        view_shortcuts: ShortcutPolicy::All,
        idle_limit_s: 900,
        maximum_s: 14_400,
        decline_within_s: None,
        room_may_end: true,
        step_up: false,
        audit_retention_days: 180,
        version: String::new(),
    };

    #[test]
    fn numbers_stay_in_their_ranges_and_the_sentence_names_the_field() {
        let idle = |number| RemoteAccessSettings { idle_limit_s: number, ..SETTINGS };
        let maximum = |number| RemoteAccessSettings { maximum_s: number, ..SETTINGS };
        let decline = |number| RemoteAccessSettings { decline_within_s: Some(number), ..SETTINGS };
        let retention = |number| RemoteAccessSettings { audit_retention_days: number, ..SETTINGS };
        let ranges: [(&dyn Fn(u32) -> RemoteAccessSettings, _, _); 4] = [
            (&idle, IDLE_LIMIT_S, "idle_limit_s: take 60 to 28800 seconds."),
            (&maximum, MAXIMUM_S, "maximum_s: take 300 to 86400 seconds."),
            (&decline, DECLINE_WITHIN_S, "decline_within_s: take 5 to 30 seconds."),
            (&retention, AUDIT_RETENTION_DAYS, "audit_retention_days: take 30 to 3650 days."),
        ];
        assert_eq!(SETTINGS.check(), Ok(()));
        for (with, range, sentence) in ranges {
            for good in [*range.start(), *range.end()] {
                assert_eq!(with(good).check(), Ok(()), "{good}");
            }
            for bad in [0, range.start() - 1, range.end() + 1, u32::MAX] {
                assert_eq!(with(bad).check().map_err(|error| error.to_string()), Err(sentence.to_owned()), "{bad}");
            }
        }
    }
}
