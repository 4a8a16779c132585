//! A console that waits for approval: its key, to be compared with what the console shows.

use leptos::prelude::*;
use protocol::access::Permission;
use protocol::api::{ApproveConsole, ConsoleDetail, ThisConsole};
use protocol::ids::ConsoleId;

use super::loaded::Loaded;
use super::trust::{Decision, FingerprintGroups};
use crate::api;
use crate::browser::page;
use crate::components::{ConfirmDialog, Icon, Notice, NoticeTone, Symbol};
use crate::state::clock::Clock;

mod text {
    pub(super) const TITLE: &str = "A console waits for approval";
    pub(super) const COMPARE: &str = "Compare its key with what the console shows";
    pub(super) const WHERE: &str =
        "The console shows the same eight groups: on its own screen while it waits, and with “redring-agent status”.";
    pub(super) const SAME: &str = "The console shows exactly these eight groups";
    pub(super) const SAME_WHY: &str = "If a single one differs, another machine used the string: refuse it.";
    pub(super) const NOT_COMPARED: &str =
        "Compare the groups with the console first, then tick that they are the same.";
    pub(super) const APPROVE: &str = "Approve";
    pub(super) const APPROVED: &str = "The console is approved.";
    pub(super) const REFUSE: &str = "Refuse";
    pub(super) const REFUSE_ASK: &str = "Refuse this console?";
    pub(super) const REFUSE_ENDS: &str =
        "It is told that it is not wanted, and stops. To connect a console after all, make a new string.";
    pub(super) const REFUSE_CONFIRM: &str = "Refuse console";
    pub(super) const REFUSED: &str = "The console is refused.";
    pub(super) const ADMINISTRATOR: &str =
        "An administrator of the room compares its key and approves it. Until then no session can start.";

    pub(super) fn who(host: &str, since: &str) -> String {
        if host.is_empty() {
            format!("A console used the enrolment string of this room {since}.")
        } else {
            format!("“{host}” used the enrolment string of this room {since}.")
        }
    }
}

const CHECKBOX: &str = "approval-same";

/// What there is to decide, and how; the same panel as long as the same console waits.
#[component]
pub(super) fn Approval(loaded: Loaded, console: ConsoleDetail) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let ConsoleDetail { id, fingerprint, host_name, enrolled_at, .. } = console;
    let may_decide = loaded.may(Permission::RoomModify);
    let shown = fingerprint.clone();
    view! {
        <section class="panel approval" aria-labelledby="approval">
            <div class="panel-head"><h2 id="approval" tabindex="-1">{text::TITLE}</h2></div>
            <div class="panel-body decision">
                <p>{move || text::who(&host_name, &clock.ago(enrolled_at))}</p>
                <h3>{text::COMPARE}</h3>
                <FingerprintGroups fingerprint=shown/>
                <p class="fine-print">{text::WHERE}</p>
                {if may_decide {
                    view! { <Decide loaded console=id fingerprint/> }.into_any()
                } else {
                    view! { <Notice tone=NoticeTone::Info text=text::ADMINISTRATOR/> }.into_any()
                }}
            </div>
        </section>
    }
}

#[component]
fn Decide(loaded: Loaded, console: ConsoleId, fingerprint: String) -> impl IntoView {
    let decision = Decision::new(loaded);
    let same = RwSignal::new(false);
    let not_compared = RwSignal::new(false);
    let refusal = Decision::new(loaded);
    let approve = move |_| {
        not_compared.set(!same.get_untracked());
        if !same.get_untracked() {
            page::focus(&format!("#{CHECKBOX}"));
            return;
        }
        let room = loaded.id.get_value();
        let request = ApproveConsole { console, fingerprint: fingerprint.clone() };
        decision.make(async move { api::approve_console(&room, &request).await }, text::APPROVED);
    };
    let refuse = Callback::new(move |()| {
        let room = loaded.id.get_value();
        refusal.make(async move { api::refuse_console(&room, &ThisConsole { console }).await }, text::REFUSED);
    });
    let tick = move |event| {
        same.set(event_target_checked(&event));
        not_compared.set(false);
    };
    view! {
        <label class="choice">
            <input
                type="checkbox"
                id=CHECKBOX
                prop:checked=same
                aria-labelledby="approval-same-name"
                aria-describedby="approval-same-why approval-error"
                aria-invalid=move || not_compared.get().then_some("true")
                on:change=tick
            />
            <span class="choice-name" id="approval-same-name">{text::SAME}</span>
            <span class="choice-meaning" id="approval-same-why">{text::SAME_WHY}</span>
        </label>
        <p class="field-error" id="approval-error" role="alert">
            {move || not_compared.get().then(|| view! { <Icon symbol=Symbol::Alert/> {text::NOT_COMPARED} })}
        </p>
        {move || decision.error.get().map(|text| view! { <Notice tone=NoticeTone::Failed text urgent=true/> })}
        <div class="trust-actions">
            <button
                type="button"
                class="button button-primary"
                aria-busy=move || decision.busy.get().then_some("true")
                on:click=approve
            >
                <Icon symbol=Symbol::Check/>
                {text::APPROVE}
            </button>
            <button type="button" class="button" aria-haspopup="dialog" on:click=move |_| refusal.asking.set(true)>{text::REFUSE}</button>
        </div>
        <ConfirmDialog
            open=refusal.asking title=text::REFUSE_ASK confirm=text::REFUSE_CONFIRM danger=true
            busy=refusal.busy error=refusal.error on_confirm=refuse
        >
            <p>{text::REFUSE_ENDS}</p>
        </ConfirmDialog>
    }
}
