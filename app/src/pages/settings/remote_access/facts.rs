//! The settings in words: for those who may only read them, and for telling what somebody else changed.

use leptos::prelude::*;
use protocol::api::{CallPolicy, RemoteAccessSettings, ShortcutPolicy};

use super::quantity::{counted, in_words};
use crate::components::{Notice, NoticeTone};

mod text {
    pub(super) const TITLE: &str = "Settings in force";
    pub(super) const READ_ONLY: &str = "You may look at these settings. Global Administrators and Rooms Managers of the whole organisation change them.";
    pub(super) const ON: &str = "Enabled";
    pub(super) const OFF: &str = "Not enabled";
    pub(super) const NOBODY: &str = "Nobody";
    pub(super) const YES: &str = "Yes";
    pub(super) const NO: &str = "No";
}

/// One setting in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fact {
    pub(super) name: &'static str,
    pub(super) value: String,
}

/// Every setting, in the order of the form.
pub(super) fn facts(settings: &RemoteAccessSettings) -> [Fact; 10] {
    let yes_no = |yes: bool| if yes { text::YES } else { text::NO }.to_owned();
    let fact = |name, value| Fact { name, value };
    let decline = settings.decline_within_s.map_or_else(|| text::NO.to_owned(), |s| format!("Within {}", in_words(s)));
    [
        fact("Remote access", if settings.enabled { text::ON } else { text::OFF }.to_owned()),
        fact("Acknowledged by", settings.acknowledged_by.clone().unwrap_or_else(|| text::NOBODY.to_owned())),
        fact("When a call starts", call_policy(settings.when_call_starts).1.to_owned()),
        fact("Shortcut commands with View", shortcut_policy(settings.view_shortcuts).1.to_owned()),
        fact("Idle limit", in_words(settings.idle_limit_s)),
        fact("Longest duration", in_words(settings.maximum_s)),
        fact("People in the room may decline", decline),
        fact("People in the room may end", yes_no(settings.room_may_end)),
        fact("People confirm that it is they", yes_no(settings.step_up)),
        fact("Audit log is kept", counted(settings.audit_retention_days, "day")),
    ]
}

/// Id and name.
pub(super) const fn call_policy(policy: CallPolicy) -> (&'static str, &'static str) {
    match policy {
        CallPolicy::Pause => ("pause", "Pause the session"),
        CallPolicy::End => ("end", "End the session"),
        CallPolicy::Continue => ("continue", "Continue"),
    }
}

/// Id and name.
pub(super) const fn shortcut_policy(policy: ShortcutPolicy) -> (&'static str, &'static str) {
    match policy {
        ShortcutPolicy::All => ("all", "All commands"),
        ShortcutPolicy::Safe => ("safe", "Only safe ones"),
        ShortcutPolicy::None => ("none", "None"),
    }
}

#[component]
pub(super) fn Facts(settings: RemoteAccessSettings) -> impl IntoView {
    let row = |Fact { name, value }| {
        view! {
            <div>
                <dt>{name}</dt>
                <dd>{value}</dd>
            </div>
        }
        .into_any()
    };
    view! {
        <div class="stack">
            <Notice tone=NoticeTone::Info text=text::READ_ONLY/>
            <section class="panel" aria-labelledby="facts">
                <div class="panel-head"><h2 id="facts">{text::TITLE}</h2></div>
                <dl class="facts facts-wide panel-body">{facts(&settings).into_iter().map(row).collect_view()}</dl>
            </section>
        </div>
    }
}
