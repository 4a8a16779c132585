//! A tenant's opt-in to remote access and the policies beside it: as people see them, what they may be changed to, and
//! a change together with its record.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::api::{self, ACKNOWLEDGEMENT, OutOfRange};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::audit::{Actor, Client, Event, FieldChange};
use crate::naming;
use crate::state::Core;
use crate::storage::{RemoteAccessSettings, Result, TenantScope};

const SECONDS_PER_DAY: u32 = 24 * 60 * 60;
/// Enough of a hash to tell the settings of one tenant apart.
const VERSION_BYTES: usize = 9;

/// Why settings cannot be had. The texts are sentences for people that name the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
    #[error("acknowledged_by: enabling remote access needs the e-mail address of the person who acknowledges it.")]
    NoAddress,
}

/// What came of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saved {
    Changed,
    /// They were so already: nothing is written.
    Unchanged,
    /// Somebody else changed them meanwhile: nothing is written.
    Stale,
}

/// As people see them.
pub fn shown(settings: &RemoteAccessSettings) -> api::RemoteAccessSettings {
    let mut shown = api::RemoteAccessSettings {
        enabled: settings.enabled,
        acknowledged_by: settings.acknowledged_by.clone().filter(|_| settings.enabled),
        when_call_starts: settings.call_policy,
        view_shortcuts: settings.view_shortcuts,
        idle_limit_s: seconds(settings.idle_limit),
        maximum_s: seconds(settings.maximum_duration),
        decline_within_s: settings.decline_within.map(seconds),
        room_may_end: settings.room_may_end,
        step_up: settings.step_up,
        audit_retention_days: seconds(settings.audit_retention) / SECONDS_PER_DAY,
        version: String::new(),
    };
    shown.version = version(&shown);
    shown
}

/// What `wanted` makes of the settings `before`.
///
/// # Errors
/// When a number is out of its range, or nobody acknowledges enabling.
pub fn changed(
    before: &RemoteAccessSettings,
    wanted: &api::RemoteAccessSettings,
) -> std::result::Result<RemoteAccessSettings, Unfit> {
    wanted.check()?;
    Ok(RemoteAccessSettings {
        call_policy: wanted.when_call_starts,
        view_shortcuts: wanted.view_shortcuts,
        idle_limit: duration(wanted.idle_limit_s),
        maximum_duration: duration(wanted.maximum_s),
        decline_within: wanted.decline_within_s.map(duration),
        room_may_end: wanted.room_may_end,
        step_up: wanted.step_up,
        audit_retention: duration(wanted.audit_retention_days * SECONDS_PER_DAY),
        ..switched(before, wanted.enabled, wanted.acknowledged_by.as_deref())?
    })
}

/// The settings `before` with remote access on or off.
///
/// # Errors
/// When it is to be on, and nobody acknowledges it or has done so.
pub fn switched(
    before: &RemoteAccessSettings,
    enabled: bool,
    acknowledged_by: Option<&str>,
) -> std::result::Result<RemoteAccessSettings, Unfit> {
    let acknowledged_by = match acknowledged_by {
        _ if !enabled => None,
        None if before.enabled => before.acknowledged_by.clone(),
        typed => Some(typed.and_then(naming::email).ok_or(Unfit::NoAddress)?),
    };
    Ok(RemoteAccessSettings { enabled, acknowledged_by, ..before.clone() })
}

/// Puts `after` in the place of `before`, and one event into the log that says what changed.
///
/// # Errors
/// When the storage fails.
pub async fn save(
    core: &Core,
    scope: &TenantScope,
    before: &RemoteAccessSettings,
    after: &RemoteAccessSettings,
    actor: &Actor,
    client: Client,
) -> Result<Saved> {
    if shown(before) == shown(after) {
        return Ok(Saved::Unchanged);
    }
    let event = core.auditor.event(actor, client, &event(before, after));
    let stored = core.storage.set_remote_access(scope, before, after, event).await?;
    Ok(if stored { Saved::Changed } else { Saved::Stale })
}

fn event(before: &RemoteAccessSettings, after: &RemoteAccessSettings) -> Event {
    let changes = FieldChange::between(&fields(before), &fields(after));
    let acknowledged_by = after.acknowledged_by.clone();
    match acknowledged_by {
        Some(address) if !before.enabled || before.acknowledged_by.as_ref() != Some(&address) => {
            let acknowledgement = ACKNOWLEDGEMENT.to_owned();
            Event::RemoteAccessEnabled { acknowledged_by: address, acknowledgement, changes }
        }
        _ if before.enabled && !after.enabled => Event::RemoteAccessDisabled { changes },
        acknowledged_by => Event::RemoteAccessChanged { acknowledged_by, changes },
    }
}

fn fields(settings: &RemoteAccessSettings) -> Map<String, Value> {
    let mut fields = match serde_json::to_value(shown(settings)) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    fields.remove("version");
    fields
}

/// Made from everything else: the same settings have the same version.
fn version(settings: &api::RemoteAccessSettings) -> String {
    let text = serde_json::to_vec(settings).unwrap_or_default();
    let hash = Sha256::new().chain_update(b"redring settings").chain_update(text).finalize();
    URL_SAFE_NO_PAD.encode(&hash[..VERSION_BYTES])
}

fn duration(seconds: u32) -> Duration {
    Duration::from_secs(seconds.into())
}

fn seconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_secs()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use protocol::api::{CallPolicy, ShortcutPolicy};
    use serde_json::json;

    use super::*;

    fn off() -> RemoteAccessSettings {
        RemoteAccessSettings::default()
    }

    fn on(address: &str) -> RemoteAccessSettings {
        RemoteAccessSettings { enabled: true, acknowledged_by: Some(address.to_owned()), ..off() }
    }

    /// Settings of which every field differs from the usual ones.
    fn other() -> RemoteAccessSettings {
        RemoteAccessSettings {
            call_policy: CallPolicy::Continue,
            view_shortcuts: ShortcutPolicy::None,
            idle_limit: Duration::from_mins(1),
            maximum_duration: Duration::from_mins(5),
            decline_within: Some(Duration::from_secs(20)),
            room_may_end: false,
            step_up: true,
            audit_retention: Duration::from_hours(24 * 3650),
            ..on("ada@example.com")
        }
    }

    #[test]
    fn what_is_shown_can_be_had_again() {
        for settings in [off(), on("ada@example.com"), other()] {
            assert_eq!(changed(&settings, &shown(&settings)), Ok(settings.clone()));
            assert_eq!(changed(&on("eve@example.com"), &shown(&settings)), Ok(settings));
        }
    }

    #[test]
    fn every_change_is_another_version_and_no_change_is_none() {
        let mut wanted = Vec::new();
        for (field, value) in fields(&other()) {
            let mut fields = fields(&on("eve@example.com"));
            fields.insert(field, value);
            fields.insert("version".to_owned(), "".into());
            let settings: api::RemoteAccessSettings = serde_json::from_value(fields.into()).expect("settings");
            wanted.push(settings);
        }
        let mut versions: Vec<String> = wanted.iter().map(version).collect();
        versions.sort_unstable();
        versions.dedup();
        // `enabled` is the same in both.
        assert_eq!(versions.len(), wanted.len());
        assert_eq!(shown(&off()).version, shown(&off()).version);
        assert_eq!(shown(&off()).version.len(), 12);
    }

    #[test]
    fn enabling_needs_an_address_in_the_same_request() {
        let left_over = RemoteAccessSettings { enabled: false, ..on("ada@example.com") };
        for before in [off(), left_over.clone()] {
            for address in [None, Some(""), Some("ada"), Some("ada@"), Some("a b@example.com")] {
                assert_eq!(switched(&before, true, address), Err(Unfit::NoAddress), "{address:?}");
            }
            let after = switched(&before, true, Some(" eve@example.com ")).expect("enabled");
            assert_eq!(after.acknowledged_by.as_deref(), Some("eve@example.com"));
        }
        assert_eq!(shown(&left_over).acknowledged_by, None, "an old address acknowledges nothing");
        assert!(Unfit::NoAddress.to_string().starts_with("acknowledged_by: "));
    }

    #[test]
    fn an_address_stays_while_it_is_on_and_goes_with_the_switch() {
        let before = on("ada@example.com");
        assert_eq!(switched(&before, true, None), Ok(before.clone()));
        assert_eq!(switched(&before, true, Some("eve@example.com")), Ok(on("eve@example.com")));
        assert_eq!(switched(&before, true, Some("eve")), Err(Unfit::NoAddress));
        assert_eq!(switched(&before, false, Some("ada@example.com")), Ok(off()));
    }

    #[test]
    fn the_event_says_what_changed_from_what_to_what() {
        let Event::RemoteAccessEnabled { acknowledged_by, acknowledgement, changes } = event(&off(), &other()) else {
            panic!("enabled")
        };
        assert_eq!((acknowledged_by.as_str(), acknowledgement.as_str()), ("ada@example.com", ACKNOWLEDGEMENT));
        let changes: Vec<_> = changes.into_iter().map(|change| (change.field, change.before, change.after)).collect();
        let expected = [
            ("acknowledged_by", json!(null), json!("ada@example.com")),
            ("audit_retention_days", json!(180), json!(3650)),
            ("decline_within_s", json!(null), json!(20)),
            ("enabled", json!(false), json!(true)),
            ("idle_limit_s", json!(900), json!(60)),
            ("maximum_s", json!(14_400), json!(300)),
            ("room_may_end", json!(true), json!(false)),
            ("step_up", json!(false), json!(true)),
            ("view_shortcuts", json!("all"), json!("none")),
            ("when_call_starts", json!("pause"), json!("continue")),
        ];
        assert_eq!(changes, expected.map(|(field, before, after)| (field.to_owned(), before, after)));
    }

    #[test]
    fn each_kind_of_change_has_its_event() {
        let longer = RemoteAccessSettings { idle_limit: Duration::from_mins(30), ..off() };
        for (before, after, kind) in [
            (off(), on("a@b"), "remote_access.enabled"),
            (on("a@b"), on("c@d"), "remote_access.enabled"),
            (on("a@b"), off(), "remote_access.disabled"),
            (on("a@b"), RemoteAccessSettings { room_may_end: false, ..off() }, "remote_access.disabled"),
            (off(), longer, "remote_access.changed"),
            (on("a@b"), RemoteAccessSettings { room_may_end: false, ..on("a@b") }, "remote_access.changed"),
        ] {
            assert_eq!(event(&before, &after).kind(), kind, "{before:?} {after:?}");
        }
    }
}
