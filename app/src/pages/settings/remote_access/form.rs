//! Changing the settings.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use protocol::api::{
    ACKNOWLEDGEMENT, AUDIT_RETENTION_DAYS, CallPolicy, DECLINE_WITHIN_S, IDLE_LIMIT_S, MAXIMUM_S, ProblemCode,
    RemoteAccessSettings, ShortcutPolicy,
};

use super::facts::{call_policy, facts, shortcut_policy};
use super::quantity::{as_minutes, in_words, minutes_typed, whole_typed};
use crate::api::{self, ApiError};
use crate::browser::{page, task};
use crate::components::{
    Choice, Choices, Field, Notice, NoticeTone, NumberField, SubmitButton, Switch, When, computed, effect,
};
use crate::pages::settings::fetched::{Fetched, plain_sentence};
use crate::pages::settings::unsaved::UnsavedGuard;
use crate::pages::setup::looks_like_email;
use crate::state::login::Login;
use crate::state::toasts::Toasts;

mod text {
    pub(super) const OPT_IN: &str = "Opt-in";
    pub(super) const ENABLE: &str = "Enable remote access";
    pub(super) const ENABLE_HINT: &str = "While it is off nobody can start a session, whatever their roles say.";
    pub(super) const ENDS: &str =
        "When you save, every live session of your organisation ends at once, and no new one can start.";
    pub(super) const ACKNOWLEDGEMENT: &str = "By enabling, this person states:";
    pub(super) const ADDRESS: &str = "E-mail address of the person who acknowledges";
    pub(super) const ADDRESS_EXAMPLE: &str = "name@example.com";
    pub(super) const NO_ADDRESS: &str =
        "Enter the e-mail address of the person who answers for this, like name@example.com.";
    pub(super) const DURING: &str = "During a session";
    pub(super) const WHEN_CALL: &str = "When a call starts in the room";
    pub(super) const PAUSE: &str = "No picture and no input until the call is over; then the session goes on.";
    pub(super) const END: &str = "The session ends at once. It can be started again after the call.";
    pub(super) const CONTINUE: &str =
        "The session goes on during the call. People in the call may be seen. No session starts during a call.";
    pub(super) const SHORTCUTS: &str = "Shortcut commands for people with View";
    pub(super) const ALL: &str = "Every command of the list, keys such as Ctrl+Alt+Del included.";
    pub(super) const SAFE: &str = "Those that change nothing: wake the display, refresh the picture.";
    pub(super) const NONE: &str = "People with View only watch.";
    pub(super) const LIMITS: &str = "Limits";
    pub(super) const IDLE: &str = "End a session without input after";
    pub(super) const MAXIMUM: &str = "End every session after";
    pub(super) const MINUTES: &str = "minutes";
    pub(super) const SECONDS: &str = "seconds";
    pub(super) const DAYS: &str = "days";
    pub(super) const WHEN: &str = "What you change here holds for sessions that start after saving.";
    pub(super) const ROOM: &str = "People in the room";
    pub(super) const DECLINE: &str = "May decline a session before it starts";
    pub(super) const DECLINE_HINT: &str =
        "With Decline in a line at the top of every display. Whoever starts a session waits until this time is over.";
    pub(super) const DECLINE_WITHIN: &str = "Time to decline";
    pub(super) const MAY_END: &str = "May end a session";
    pub(super) const MAY_END_HINT: &str = "With End in the line of the red ring: every session in the room ends.";
    pub(super) const CONFIRMATION: &str = "Confirmation";
    pub(super) const STEP_UP: &str = "Ask people to confirm that it is they";
    pub(super) const STEP_UP_HINT: &str = "Before a session starts, and before settings, roles, people or consoles are changed: with a passkey; who has none, with the password or at the identity provider. It counts for five minutes.";
    pub(super) const AUDIT: &str = "Audit log";
    pub(super) const RETENTION: &str = "Keep records for";
    pub(super) const RETENTION_HINT: &str = "Older records are deleted for good. What stays is a hash of each, which tells nothing of its content and proves that the rest was not changed.";
    pub(super) const SAVE: &str = "Save";
    pub(super) const SAVING: &str = "Saving";
    pub(super) const DISCARD: &str = "Discard changes";
    pub(super) const UNSAVED: &str = "Not saved yet";
    pub(super) const NOTHING: &str = "There is nothing to save: no setting was changed.";
    pub(super) const SAVED: &str = "The settings are saved.";
    pub(super) const SAVED_ON: &str = "Remote access is enabled for your organisation.";
    pub(super) const SAVED_OFF: &str = "Remote access is off. Live sessions were ended.";
    pub(super) const STALE: &str = "Somebody else changed these settings meanwhile. What you entered is still here.";
    pub(super) const STALE_DIFFERENCES: &str = "They saved:";
    pub(super) const TAKE_THEIRS: &str = "Load theirs, drop mine";
    pub(super) const KEEP_MINE: &str = "Keep mine to save over theirs";

    pub(super) fn recorded(name: &str) -> String {
        format!("The audit log keeps it together with these words, and with you, {name}, who saves.")
    }

    pub(super) fn range(least: &str, most: &str) -> String {
        format!("{least} to {most}.")
    }

    pub(super) fn out_of_range(least: &str, most: &str) -> String {
        format!("Enter a number from {least} to {most}.")
    }
}

const ADDRESS: &str = "acknowledged-by";
const IDLE: &str = "idle-limit";
const MAXIMUM: &str = "maximum";
const DECLINE: &str = "decline-within";
const RETENTION: &str = "audit-retention";
/// What is offered when people in the room may decline from now on.
const DECLINE_USUALLY_S: u32 = 20;

/// What stands in the form.
#[expect(clippy::struct_excessive_bools, reason = "one for each switch")]
#[derive(Debug, Clone, PartialEq, Eq)]
struct Typed {
    enabled: bool,
    address: String,
    when_call_starts: CallPolicy,
    view_shortcuts: ShortcutPolicy,
    idle_min: String,
    maximum_min: String,
    may_decline: bool,
    decline_s: String,
    room_may_end: bool,
    step_up: bool,
    retention_days: String,
}

impl From<&RemoteAccessSettings> for Typed {
    fn from(settings: &RemoteAccessSettings) -> Self {
        Self {
            enabled: settings.enabled,
            address: settings.acknowledged_by.clone().unwrap_or_default(),
            when_call_starts: settings.when_call_starts,
            view_shortcuts: settings.view_shortcuts,
            idle_min: as_minutes(settings.idle_limit_s),
            maximum_min: as_minutes(settings.maximum_s),
            may_decline: settings.decline_within_s.is_some(),
            decline_s: settings.decline_within_s.unwrap_or(DECLINE_USUALLY_S).to_string(),
            room_may_end: settings.room_may_end,
            step_up: settings.step_up,
            retention_days: settings.audit_retention_days.to_string(),
        }
    }
}

/// A field that cannot be had so: its id, and a sentence.
type Fault = (&'static str, String);

impl Typed {
    /// The settings that were typed, based on those of `version`.
    fn settings(&self, version: String) -> Result<RemoteAccessSettings, Vec<Fault>> {
        let mut faults = Vec::new();
        let address = self.address.trim();
        if self.enabled && !looks_like_email(address) {
            faults.push((ADDRESS, text::NO_ADDRESS.to_owned()));
        }
        let mut number = |field, typed: Option<u32>, least: String, most: String| {
            typed.unwrap_or_else(|| {
                faults.push((field, text::out_of_range(&least, &most)));
                0
            })
        };
        let [least, most] = idle_bounds();
        let idle_limit_s = number(IDLE, minutes_typed(&self.idle_min, &IDLE_LIMIT_S), least, most);
        let [least, most] = maximum_bounds();
        let maximum_s = number(MAXIMUM, minutes_typed(&self.maximum_min, &MAXIMUM_S), least, most);
        let decline_within_s = self.may_decline.then(|| {
            let [least, most] = decline_bounds();
            number(DECLINE, whole_typed(&self.decline_s, &DECLINE_WITHIN_S), least, most)
        });
        let [least, most] = retention_bounds();
        let audit_retention_days =
            number(RETENTION, whole_typed(&self.retention_days, &AUDIT_RETENTION_DAYS), least, most);
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(RemoteAccessSettings {
            enabled: self.enabled,
            acknowledged_by: self.enabled.then(|| address.to_owned()),
            when_call_starts: self.when_call_starts,
            view_shortcuts: self.view_shortcuts,
            idle_limit_s,
            maximum_s,
            decline_within_s,
            room_may_end: self.room_may_end,
            step_up: self.step_up,
            audit_retention_days,
            version,
        })
    }
}

fn idle_bounds() -> [String; 2] {
    [IDLE_LIMIT_S.start(), IDLE_LIMIT_S.end()].map(|bound| minutes_and_hours(*bound))
}

fn maximum_bounds() -> [String; 2] {
    [MAXIMUM_S.start(), MAXIMUM_S.end()].map(|bound| minutes_and_hours(*bound))
}

fn decline_bounds() -> [String; 2] {
    [DECLINE_WITHIN_S.start(), DECLINE_WITHIN_S.end()].map(ToString::to_string)
}

fn retention_bounds() -> [String; 2] {
    [AUDIT_RETENTION_DAYS.start(), AUDIT_RETENTION_DAYS.end()].map(ToString::to_string)
}

/// A bound as it is typed, and as people think of it when that differs: `480 (8 hours)`.
fn minutes_and_hours(seconds: u32) -> String {
    let minutes = as_minutes(seconds);
    if seconds < 3600 { minutes } else { format!("{minutes} ({})", in_words(seconds)) }
}

#[derive(Clone, Copy)]
pub(super) struct Form {
    enabled: RwSignal<bool>,
    address: RwSignal<String>,
    when_call_starts: RwSignal<CallPolicy>,
    view_shortcuts: RwSignal<ShortcutPolicy>,
    idle_min: RwSignal<String>,
    maximum_min: RwSignal<String>,
    may_decline: RwSignal<bool>,
    decline_s: RwSignal<String>,
    room_may_end: RwSignal<bool>,
    step_up: RwSignal<bool>,
    retention_days: RwSignal<String>,
    /// What the form is based on.
    base: RwSignal<RemoteAccessSettings>,
    /// What somebody else saved while this form was being filled in.
    theirs: RwSignal<Option<RemoteAccessSettings>>,
    /// Errors are shown beside the fields from the first try on.
    tried: RwSignal<bool>,
    error: RwSignal<Option<String>>,
    /// An address that the server refused, and why.
    refused_address: RwSignal<Option<(String, String)>>,
    busy: RwSignal<bool>,
    settings: Fetched<RemoteAccessSettings>,
    login: Login,
    toasts: Toasts,
}

impl Form {
    /// A form of the settings that follows what others save.
    pub(super) fn new(present: RemoteAccessSettings, settings: Fetched<RemoteAccessSettings>) -> Self {
        let typed = Typed::from(&present);
        let form = Self {
            enabled: RwSignal::new(typed.enabled),
            address: RwSignal::new(typed.address),
            when_call_starts: RwSignal::new(typed.when_call_starts),
            view_shortcuts: RwSignal::new(typed.view_shortcuts),
            idle_min: RwSignal::new(typed.idle_min),
            maximum_min: RwSignal::new(typed.maximum_min),
            may_decline: RwSignal::new(typed.may_decline),
            decline_s: RwSignal::new(typed.decline_s),
            room_may_end: RwSignal::new(typed.room_may_end),
            step_up: RwSignal::new(typed.step_up),
            retention_days: RwSignal::new(typed.retention_days),
            base: RwSignal::new(present),
            theirs: RwSignal::new(None),
            tried: RwSignal::new(false),
            error: RwSignal::new(None),
            refused_address: RwSignal::new(None),
            busy: RwSignal::new(false),
            settings,
            login: expect_context(),
            toasts: expect_context(),
        };
        effect(move || {
            if let Some(latest) = settings.value.get() {
                form.notice(latest);
            }
        });
        form
    }

    fn typed(self) -> Typed {
        Typed {
            enabled: self.enabled.get(),
            address: self.address.get(),
            when_call_starts: self.when_call_starts.get(),
            view_shortcuts: self.view_shortcuts.get(),
            idle_min: self.idle_min.get(),
            maximum_min: self.maximum_min.get(),
            may_decline: self.may_decline.get(),
            decline_s: self.decline_s.get(),
            room_may_end: self.room_may_end.get(),
            step_up: self.step_up.get(),
            retention_days: self.retention_days.get(),
        }
    }

    fn is_changed(self) -> bool {
        self.base.with(|base| self.typed() != Typed::from(base))
    }

    /// Takes what is in force now: quietly when nothing was typed, otherwise beside what was typed.
    fn notice(self, latest: RemoteAccessSettings) {
        let is_known = self.base.with_untracked(|base| base.version == latest.version);
        if is_known || self.busy.get_untracked() {
            return;
        }
        if untrack(|| self.is_changed()) { self.theirs.set(Some(latest)) } else { self.fill(latest) }
    }

    fn fill(self, settings: RemoteAccessSettings) {
        let typed = Typed::from(&settings);
        self.enabled.set(typed.enabled);
        self.address.set(typed.address);
        self.when_call_starts.set(typed.when_call_starts);
        self.view_shortcuts.set(typed.view_shortcuts);
        self.idle_min.set(typed.idle_min);
        self.maximum_min.set(typed.maximum_min);
        self.may_decline.set(typed.may_decline);
        self.decline_s.set(typed.decline_s);
        self.room_may_end.set(typed.room_may_end);
        self.step_up.set(typed.step_up);
        self.retention_days.set(typed.retention_days);
        self.base.set(settings);
        self.theirs.set(None);
        self.tried.set(false);
        self.error.set(None);
    }

    fn fault(self, field: &'static str) -> Option<String> {
        if !self.tried.get() {
            return None;
        }
        let refused = self.refused_address.get().filter(|(address, _)| self.address.with(|typed| typed == address));
        if let Some((_, sentence)) = refused.filter(|_| field == ADDRESS) {
            return Some(sentence);
        }
        let faults = self.typed().settings(String::new()).err()?;
        faults.into_iter().find(|(id, _)| *id == field).map(|(_, sentence)| sentence)
    }

    fn save(self) {
        if self.busy.get_untracked() {
            return;
        }
        self.tried.set(true);
        self.error.set(None);
        if !untrack(|| self.is_changed()) {
            self.toasts.done(text::NOTHING);
            return;
        }
        let version = self.base.with_untracked(|base| base.version.clone());
        match untrack(|| self.typed()).settings(version) {
            Ok(wanted) => self.send(wanted),
            Err(faults) => {
                if let Some((field, _)) = faults.first() {
                    page::focus(&format!("#{field}"));
                }
            }
        }
    }

    fn send(self, wanted: RemoteAccessSettings) {
        self.busy.set(true);
        task::spawn(async move {
            let answer = self.login.noticing(api::save_remote_access_settings(&wanted).await);
            self.busy.try_set(false);
            match answer {
                Ok(saved) => self.saved(saved),
                Err(error) => self.refused(error),
            }
        });
    }

    fn saved(self, saved: RemoteAccessSettings) {
        self.login.ask_again();
        let was_enabled = self.base.try_with_untracked(|base| base.enabled);
        self.toasts.done(match (was_enabled, saved.enabled) {
            (Some(false), true) => text::SAVED_ON,
            (Some(true), false) => text::SAVED_OFF,
            _ => text::SAVED,
        });
        if was_enabled.is_some() {
            self.fill(saved);
        }
    }

    fn refused(self, error: ApiError) {
        if error.is(ProblemCode::Conflict) && !self.settings.value.is_disposed() {
            // What is in force comes beside what was typed.
            self.settings.take(api::remote_access_settings());
        } else if error.is(ProblemCode::BadRequest) && error.sentence().starts_with("acknowledged_by") {
            let address = self.address.try_get_untracked().unwrap_or_default();
            self.refused_address.try_set(Some((address, plain_sentence(&error))));
            page::focus(&format!("#{ADDRESS}"));
        } else {
            self.error.try_set(Some(plain_sentence(&error)));
        }
    }
}

#[component]
pub(super) fn FormView(form: Form) -> impl IntoView {
    let changed = Memo::new(move |_| form.is_changed());
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        form.save();
    };
    let discard = move |_| {
        form.fill(form.base.get_untracked());
        page::focus("#enabled");
    };
    view! {
        <form class="stack" novalidate=true on:submit=submit>
            <OptIn form/>
            <During form/>
            <Limits form/>
            <Room form/>
            <Confirmation form/>
                <Audit form/>
            <Stale form/>
            {move || form.error.get().map(|error| view! { <Notice tone=NoticeTone::Failed text=error urgent=true/> })}
            <div class="form-foot">
                <p class="form-foot-words" role="status">{move || changed.get().then_some(text::UNSAVED)}</p>
                <When condition=changed>
                    <button type="button" class="button button-quiet" on:click=discard>{text::DISCARD}</button>
                </When>
                <SubmitButton label=text::SAVE busy_label=text::SAVING busy=form.busy/>
            </div>
        </form>
        <UnsavedGuard unsaved=changed/>
    }
}

#[component]
fn OptIn(form: Form) -> impl IntoView {
    let login = form.login;
    let was_on = move || form.base.with(|base| base.enabled);
    let recorded = move || text::recorded(&login.me().map(|me| me.user.name).unwrap_or_default());
    view! {
        <section class="panel" aria-labelledby="opt-in">
            <div class="panel-head"><h2 id="opt-in">{text::OPT_IN}</h2></div>
            <div class="panel-body form">
                <Switch
                    id="enabled"
                    label=text::ENABLE
                    hint=text::ENABLE_HINT
                    on=form.enabled
                    on_toggle=Callback::new(move |on| form.enabled.set(on))
                />
                <When condition=move || was_on() && !form.enabled.get()>
                    <Notice tone=NoticeTone::Warning text=text::ENDS urgent=true/>
                </When>
                <When condition=form.enabled>
                    <figure class="statement">
                        <figcaption>{text::ACKNOWLEDGEMENT}</figcaption>
                        <blockquote>{ACKNOWLEDGEMENT}</blockquote>
                    </figure>
                    <Field
                        id=ADDRESS
                        label=text::ADDRESS
                        kind="email"
                        hint=recorded()
                        placeholder=text::ADDRESS_EXAMPLE
                        value=form.address
                        error=move || form.fault(ADDRESS)
                        required=true
                    />
                </When>
            </div>
        </section>
    }
}

#[component]
fn During(form: Form) -> impl IntoView {
    let choice = |(id, name), meaning| Choice { id, name, meaning };
    let calls = vec![
        choice(call_policy(CallPolicy::Pause), text::PAUSE),
        choice(call_policy(CallPolicy::End), text::END),
        choice(call_policy(CallPolicy::Continue), text::CONTINUE),
    ];
    let shortcuts = vec![
        choice(shortcut_policy(ShortcutPolicy::All), text::ALL),
        choice(shortcut_policy(ShortcutPolicy::Safe), text::SAFE),
        choice(shortcut_policy(ShortcutPolicy::None), text::NONE),
    ];
    let choose_call = move |id| {
        let policies = [CallPolicy::Pause, CallPolicy::End, CallPolicy::Continue];
        let chosen = policies.into_iter().find(|policy| call_policy(*policy).0 == id);
        if let Some(policy) = chosen {
            form.when_call_starts.set(policy);
        }
    };
    let choose_shortcuts = move |id| {
        let policies = [ShortcutPolicy::All, ShortcutPolicy::Safe, ShortcutPolicy::None];
        let chosen = policies.into_iter().find(|policy| shortcut_policy(*policy).0 == id);
        if let Some(policy) = chosen {
            form.view_shortcuts.set(policy);
        }
    };
    view! {
        <section class="panel" aria-labelledby="during">
            <div class="panel-head"><h2 id="during">{text::DURING}</h2></div>
            <div class="panel-body form">
                <div class="policy">
                    <Choices
                        group="when-call-starts"
                        legend=text::WHEN_CALL
                        choices=calls
                        chosen=move || call_policy(form.when_call_starts.get()).0
                        on_choose=Callback::new(choose_call)
                    />
                </div>
                <div class="policy">
                    <Choices
                        group="view-shortcuts"
                        legend=text::SHORTCUTS
                        choices=shortcuts
                        chosen=move || shortcut_policy(form.view_shortcuts.get()).0
                        on_choose=Callback::new(choose_shortcuts)
                    />
                </div>
                <p class="fine-print">{text::WHEN}</p>
            </div>
        </section>
    }
}

#[component]
fn Limits(form: Form) -> impl IntoView {
    let hint = |[least, most]: [String; 2]| text::range(&least, &most);
    view! {
        <section class="panel" aria-labelledby="limits">
            <div class="panel-head"><h2 id="limits">{text::LIMITS}</h2></div>
            <div class="panel-body form">
                <NumberField id=IDLE label=text::IDLE unit=text::MINUTES hint=hint(idle_bounds()) value=form.idle_min error=move || form.fault(IDLE)/>
                <NumberField id=MAXIMUM label=text::MAXIMUM unit=text::MINUTES hint=hint(maximum_bounds()) value=form.maximum_min error=move || form.fault(MAXIMUM)/>
                <p class="fine-print">{text::WHEN}</p>
            </div>
        </section>
    }
}

#[component]
fn Room(form: Form) -> impl IntoView {
    let [least, most] = decline_bounds();
    let range = text::range(&least, &most);
    view! {
        <section class="panel" aria-labelledby="people-in-the-room">
            <div class="panel-head"><h2 id="people-in-the-room">{text::ROOM}</h2></div>
            <div class="panel-body form">
                <div class="policy">
                    <Switch
                        id="may-decline"
                        label=text::DECLINE
                        hint=text::DECLINE_HINT
                        on=form.may_decline
                        on_toggle=Callback::new(move |on| form.may_decline.set(on))
                    />
                    <When condition=form.may_decline>
                        <NumberField id=DECLINE label=text::DECLINE_WITHIN unit=text::SECONDS hint=range.clone() value=form.decline_s error=move || form.fault(DECLINE)/>
                    </When>
                </div>
                <div class="policy">
                    <Switch
                        id="room-may-end"
                        label=text::MAY_END
                        hint=text::MAY_END_HINT
                        on=form.room_may_end
                        on_toggle=Callback::new(move |on| form.room_may_end.set(on))
                    />
                </div>
                <p class="fine-print">{text::WHEN}</p>
            </div>
        </section>
    }
}

#[component]
fn Confirmation(form: Form) -> impl IntoView {
    view! {
        <section class="panel" aria-labelledby="confirmation">
            <div class="panel-head"><h2 id="confirmation">{text::CONFIRMATION}</h2></div>
            <div class="panel-body form">
                <Switch
                    id="step-up"
                    label=text::STEP_UP
                    hint=text::STEP_UP_HINT
                    on=form.step_up
                    on_toggle=Callback::new(move |on| form.step_up.set(on))
                />
            </div>
        </section>
    }
}

#[component]
fn Audit(form: Form) -> impl IntoView {
    let [least, most] = retention_bounds();
    view! {
        <section class="panel" aria-labelledby="audit-log">
            <div class="panel-head"><h2 id="audit-log">{text::AUDIT}</h2></div>
            <div class="panel-body form">
                <div class="policy">
                    <NumberField id=RETENTION label=text::RETENTION unit=text::DAYS hint=text::range(&least, &most) value=form.retention_days error=move || form.fault(RETENTION)/>
                    <p class="policy-note">{text::RETENTION_HINT}</p>
                </div>
            </div>
        </section>
    }
}

/// Somebody else was faster: what they saved, and the choice between theirs and one's own.
#[component]
fn Stale(form: Form) -> impl IntoView {
    let take_theirs = move || {
        form.theirs.get_untracked().into_iter().for_each(|theirs| form.fill(theirs));
        page::focus("#enabled");
    };
    let keep_mine = move || {
        form.theirs.get_untracked().into_iter().for_each(|theirs| form.base.set(theirs));
        form.theirs.set(None);
        page::focus(".form-foot [type=submit]");
    };
    computed(move || {
        let theirs = form.theirs.get()?;
        let before = form.base.with_untracked(facts);
        let differences = facts(&theirs).into_iter().zip(before).filter(|(theirs, before)| theirs != before);
        let differences =
            differences.map(|(fact, _)| view! { <li>{fact.name} ": " {fact.value}</li> }.into_any()).collect_view();
        let panel = view! {
            <div class="notice stale" data-tone="warning" role="alert">
                <div>
                    <p>{text::STALE}</p>
                    <p>{text::STALE_DIFFERENCES}</p>
                    <ul>{differences}</ul>
                    <div class="stale-actions">
                        <button type="button" class="button" on:click=move |_| take_theirs()>{text::TAKE_THEIRS}</button>
                        <button type="button" class="button" on:click=move |_| keep_mine()>{text::KEEP_MINE}</button>
                    </div>
                </div>
            </div>
        };
        Some(panel.into_any())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> RemoteAccessSettings {
        RemoteAccessSettings {
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
            version: "v".to_owned(),
        }
    }

    #[test]
    fn a_form_that_nobody_touched_gives_the_same_settings() {
        let enabled = RemoteAccessSettings {
            enabled: true,
            acknowledged_by: Some("a@b.c".into()),
            decline_within_s: Some(7),
            ..settings()
        };
        for settings in [settings(), enabled] {
            assert_eq!(Typed::from(&settings).settings(settings.version.clone()), Ok(settings));
        }
    }

    #[test]
    fn what_cannot_be_had_is_named_in_the_order_of_the_form() {
        let typed = Typed {
            enabled: true,
            address: "nobody".into(),
            idle_min: "0".into(),
            maximum_min: "a lot".into(),
            may_decline: true,
            decline_s: "31".into(),
            retention_days: String::new(),
            ..Typed::from(&settings())
        };
        let faults = typed.settings(String::new()).expect_err("faults");
        let fields: Vec<_> = faults.iter().map(|(field, _)| *field).collect();
        assert_eq!(fields, [ADDRESS, IDLE, MAXIMUM, DECLINE, RETENTION]);
        assert_eq!(faults[1].1, "Enter a number from 1 to 480 (8 hours).");
    }

    #[test]
    fn what_does_not_hold_is_not_checked() {
        let typed = Typed { address: "nobody".into(), decline_s: "x".into(), ..Typed::from(&settings()) };
        assert_eq!(typed.settings("v".into()), Ok(settings()));
    }
}
