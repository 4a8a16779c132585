//! Everything that a wizard is about to save, in sentences.

use leptos::prelude::*;

use super::draft::{Draft, Step};
use super::steps::NarrowNote;
use super::wizard::Wizard;
use super::words::{joined, members, places, sentence};
use crate::components::{Icon, PickerOption, Symbol, computed};
use crate::pages::settings::fetched::capitalised;
use crate::pages::settings::permissions::{AREAS, allows, counting_in_rooms};

mod text {
    pub(super) const EDIT: &str = "Edit";
    pub(super) const NO_DESCRIPTION: &str = "Without a description.";
    pub(super) const LATER: &str = "Without an assignment: the role gives nobody anything until you add one.";
    pub(super) const EVERYWHERE: &str = "the whole organisation";
    pub(super) const AT_ONCE: &str =
        "This takes effect at once. Who is connected and loses access is disconnected at once.";
    pub(super) const AUDITED: &str = "The audit log records the change with your name.";

    pub(super) fn unassigned(role: &str) -> String {
        format!("The role {role} will be saved without an assignment. Nobody has it yet.")
    }
}

/// A part with a link to its step.
#[component]
fn Part(wizard: Wizard, step: Step, children: Children) -> impl IntoView {
    let name = step.name();
    view! {
        <div class="review-part">
            <h3>{name}</h3>
            <button
                type="button"
                class="button button-quiet button-small"
                aria-label=format!("{} {name}", text::EDIT)
                on:click=move |_| wizard.go(Step::Review, step)
            >
                <Icon symbol=Symbol::Edit/>
                {text::EDIT}
            </button>
            <div class="review-words">{children()}</div>
        </div>
    }
}

#[component]
pub(super) fn Review(wizard: Wizard) -> impl IntoView {
    let draft = wizard.draft;
    let part = move |step: Step| match step {
        Step::General => named(wizard, step, draft.name.get_untracked(), draft.description.get_untracked()),
        Step::Permissions => view! { <Part wizard step><PermissionList draft/></Part> }.into_any(),
        Step::Assignment if !draft.assigns.get_untracked() => {
            view! { <Part wizard step><p>{text::LATER}</p></Part> }.into_any()
        }
        Step::Assignment => {
            named(wizard, step, draft.assignment_name.get_untracked(), draft.assignment_description.get_untracked())
        }
        Step::Members | Step::Scope if !draft.assigns.get_untracked() => ().into_any(),
        Step::Members => {
            let options = draft.members.get_untracked();
            view! { <Part wizard step><Names options/></Part> }.into_any()
        }
        Step::Scope if draft.everywhere.get_untracked() => {
            view! { <Part wizard step><p>{capitalised(text::EVERYWHERE)}</p></Part> }.into_any()
        }
        Step::Scope => {
            let options = draft.scope.get_untracked();
            view! { <Part wizard step><Names options/><NarrowNote draft/></Part> }.into_any()
        }
        Step::Review => ().into_any(),
    };
    wizard.steps.iter().copied().map(part).collect_view()
}

fn named(wizard: Wizard, step: Step, name: String, description: String) -> AnyView {
    let is_empty = description.trim().is_empty();
    let description = if is_empty { text::NO_DESCRIPTION.to_owned() } else { description };
    view! {
        <Part wizard step>
            <p><strong>{name}</strong></p>
            <p class="review-faint">{description}</p>
        </Part>
    }
    .into_any()
}

/// Members, or parts of a scope.
#[component]
pub(super) fn Names(options: Vec<PickerOption>) -> impl IntoView {
    let name = |option: PickerOption| {
        view! {
            <li>
                <Icon symbol=option.symbol/>
                <span>{option.name}</span>
                <span class="name-detail">{option.kind} {(!option.detail.is_empty()).then_some(", ")} {option.detail}</span>
            </li>
        }
        .into_any()
    };
    view! { <ul class="names">{options.into_iter().map(name).collect_view()}</ul> }
}

#[component]
fn PermissionList(draft: Draft) -> impl IntoView {
    let permissions = draft.permissions.get_untracked();
    let lines = AREAS.iter().filter_map(|area| {
        let allowed = area.entries.iter().filter(|entry| allows(&permissions, entry.permission));
        let names: Vec<String> = allowed.map(|entry| entry.name.to_owned()).collect();
        (!names.is_empty())
            .then(|| view! { <li data-area=area.id><strong>{area.name}</strong> ": " {joined(&names)}</li> }.into_any())
    });
    view! { <ul class="review-permissions">{lines.collect_view()}</ul> }
}

/// One sentence about what saving means.
#[component]
pub(super) fn Confirm(wizard: Wizard) -> impl IntoView {
    let draft = wizard.draft;
    computed(move || {
        if !draft.assigns.get() {
            return view! { <p class="confirm">{text::unassigned(draft.name.get().trim())}</p> }.into_any();
        }
        let location =
            if draft.everywhere.get() { text::EVERYWHERE.to_owned() } else { draft.scope.with(|scope| places(scope)) };
        let who = draft.members.with(|options| members(options));
        let permissions = draft.permissions.get();
        let counting = if draft.everywhere.get() { permissions } else { counting_in_rooms(&permissions) };
        let words = sentence(&who, &counting, &location);
        view! {
            <p class="confirm">{words}</p>
            <NarrowNote draft/>
            <p>{text::AT_ONCE}</p>
            <p class="fine-print">{text::AUDITED}</p>
        }
        .into_any()
    })
}
