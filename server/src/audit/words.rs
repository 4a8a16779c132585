//! Events in words, for people who read the log.

use protocol::api::{AuditCategory, AuditDetail};
use serde_json::Value;

use super::Category;

/// Longest value of a detail in bytes; more is cut, and the export has all of it.
const VALUE_MAX_BYTES: usize = 1000;

/// What stands in an event's own fields, or says nothing to people.
const ELSEWHERE: &[&str] = &["actor", "at", "event", "room", "seq", "session", "tenant", "version"];

/// What happened; the name of an event that this version does not know is all that can be said about it.
pub fn title(kind: &str) -> &str {
    match kind {
        "tenant.created" => "Organisation added",
        "tenant.renamed" => "Organisation renamed",
        "remote_access.enabled" => "Remote access enabled",
        "remote_access.disabled" => "Remote access disabled",
        "remote_access.changed" => "Remote access policies changed",
        "user.created" => "Person added",
        "user.renamed" => "Person renamed",
        "user.disabled" => "Account disabled",
        "user.enabled" => "Account enabled",
        "user.invited" => "Invitation made",
        "user.identity_linked" => "Identity linked",
        "user.passkey_added" => "Passkey added",
        "user.passkey_removed" => "Passkey removed",
        "user.password_changed" => "Password changed",
        "group.created" => "Group added",
        "group.changed" => "Group changed",
        "group.deleted" => "Group deleted",
        "group.joined" => "Person added to a group",
        "group.left" => "Person removed from a group",
        "role.created" => "Role created",
        "role.changed" => "Role changed",
        "role.deleted" => "Role deleted",
        "assignment.created" => "Assignment added",
        "assignment.changed" => "Assignment changed",
        "assignment.deleted" => "Assignment deleted",
        "room.created" => "Room added",
        "room.changed" => "Room changed",
        "console.enrolment_offered" => "Enrolment string made",
        "console.enrolled" => "Console enrolled",
        "console.approved" => "Console approved",
        "console.refused" => "Console refused",
        "console.revoked" => "Console revoked",
        "console.clone_suspected" => "Console set aside: two machines have its key",
        "console.released" => "Console trusted again",
        "console.signing_key_learned" => "Signing key of the console learned",
        "console.signing_key_refused" => "Another signing key refused",
        "console.receipt_refused" => "Receipt of a session refused",
        "console.receipts_missing" => "Receipts of sessions missing",
        "console.enrolment_failed" => "Enrolment failed",
        "console.connected" => "Console connected",
        "console.disconnected" => "Console disconnected",
        "login.succeeded" => "Signed in",
        "login.confirmed" => "Confirmed that it is they",
        "login.failed" => "Sign-in failed",
        "login.ended" => "Signed out",
        "session.start" => "Session started",
        "session.refused" => "Session refused",
        "session.reconnect" => "Connecting again",
        "session.end" => "Session ended",
        "session.end.confirmed" => "End confirmed by the console",
        "session.indicator_shown" => "Red ring shown",
        "session.indicator_hidden" => "Red ring taken away",
        "session.viewer_connected" => "Connected",
        "session.viewer_reconnected" => "Connected again",
        "session.display_selected" => "Display chosen",
        "session.restart_on_end_set" => "Restart at end changed",
        "session.shortcut_used" => "Shortcut used",
        "session.restart_requested" => "Restart of the device asked for",
        "session.restarted" => "Device restarted",
        "session.input_taken" => "Input taken over",
        "session.paused" => "Paused by a call",
        "session.resumed" => "Went on after a call",
        "session.policy_violation" => "Session broke its rules",
        "session.user_switched" => "Another user signed in at the console",
        "session.sign_out_requested" => "Sign out and restart asked for",
        "audit.begun" => "Tamper-evident log begun",
        "audit.purge" => "Old entries deleted",
        "audit.exported" => "Log downloaded",
        "audit.clock_set_back" => "The server's clock was set back",
        unknown => unknown,
    }
}

/// Where people look for it.
pub fn place(category: Category) -> AuditCategory {
    match category {
        Category::Tenant => AuditCategory::Organisation,
        Category::User | Category::Group => AuditCategory::People,
        Category::Role | Category::Assignment => AuditCategory::Roles,
        Category::Room | Category::Console => AuditCategory::Rooms,
        Category::Login => AuditCategory::SignIns,
        Category::RemoteAccessSetting => AuditCategory::RemoteAccess,
        Category::RemoteAccessSession => AuditCategory::Sessions,
        Category::AuditLog => AuditCategory::AuditLog,
    }
}

/// The fields of a stored event that do not stand elsewhere. A change is one line: `restart_on_end: true → false`.
pub fn details(body: &Value) -> Vec<AuditDetail> {
    let Some(fields) = body.as_object() else { return Vec::new() };
    let mut details = Vec::new();
    for (name, value) in fields.iter().filter(|(name, _)| !ELSEWHERE.contains(&name.as_str())) {
        match value {
            Value::Array(changes) if name == "changes" => details.extend(changes.iter().map(change)),
            Value::Null => {}
            value => details.push(detail(name, words(value))),
        }
    }
    details
}

fn change(change: &Value) -> AuditDetail {
    let before_and_after = format!("{} → {}", words(&change["before"]), words(&change["after"]));
    detail(change["field"].as_str().unwrap_or("change"), before_and_after)
}

fn detail(name: &str, mut value: String) -> AuditDetail {
    if VALUE_MAX_BYTES < value.len() {
        value.truncate(value.floor_char_boundary(VALUE_MAX_BYTES));
        value.push('…');
    }
    AuditDetail { name: name.to_owned(), value }
}

fn words(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(values) if values.is_empty() => "none".to_owned(),
        Value::Array(values) => values.iter().map(words).collect::<Vec<_>>().join(", "),
        Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Event;
    use serde_json::json;

    #[test]
    fn every_event_has_words() {
        for (kind, ..) in Event::all() {
            assert_ne!(title(kind), *kind);
        }
        assert_eq!(title("of.a.newer.version"), "of.a.newer.version");
    }

    #[test]
    fn details_are_what_stands_nowhere_else() {
        let body = json!({
            "actor": {"type": "operator"}, "event": "role.changed", "version": "1", "name": "Technicians",
            "gives_self_access": false, "rooms": ["aurora", "fjord"], "users": [], "provider": null,
            "changes": [{"field": "permissions", "before": ["room.view"], "after": null}],
        });
        let details: Vec<_> =
            details(&body).into_iter().map(|detail| format!("{}: {}", detail.name, detail.value)).collect();
        assert_eq!(
            details,
            [
                "permissions: room.view → nothing",
                "gives_self_access: no",
                "name: Technicians",
                "rooms: aurora, fjord",
                "users: none"
            ]
        );
    }

    #[test]
    fn a_long_value_is_cut_between_characters() {
        let details = details(&json!({"name": "é".repeat(2000)}));
        assert!(details[0].value.len() <= VALUE_MAX_BYTES + "…".len());
        assert!(details[0].value.ends_with("é…"));
    }
}
