//! A form in steps: going back loses nothing, and what is saved is said in sentences before.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};

use super::draft::{Draft, Step};
use super::review::{Confirm, Review};
use super::steps::{AssignmentFields, GeneralFields, MemberFields, PermissionFields, ScopeFields, WhenToAssign};
use crate::browser::page;
use crate::components::{Icon, Notice, NoticeTone, Symbol, When, computed, effect};
use crate::pages::settings::unsaved::UnsavedGuard;

mod text {
    pub(super) const STEPS: &str = "Steps";
    pub(super) const BACK: &str = "Back";
    pub(super) const NEXT: &str = "Next";
    pub(super) const FINISH: &str = "Finish";
    pub(super) const SAVE: &str = "Save";
    pub(super) const SAVING: &str = "Saving";
    pub(super) const CANCEL: &str = "Cancel";
    pub(super) const LEFT_OUT: &str = "Left out";
    pub(super) const DONE: &str = "Filled in";
    pub(super) const CONFIRM: &str = "Ready to save";

    pub(super) fn leads(step: super::Step) -> &'static str {
        match step {
            super::Step::General => "What the role is called.",
            super::Step::Permissions => "What people with this role may do.",
            super::Step::Assignment => "An assignment says who has the role, and where.",
            super::Step::Members => "Who has the role.",
            super::Step::Scope => "The rooms in which it counts.",
            super::Step::Review => "Look through everything once more. Nothing is saved yet.",
        }
    }
}

/// What a wizard makes, and how far it is.
#[derive(Clone, Copy)]
pub(super) struct Wizard {
    pub(super) draft: Draft,
    pub(super) steps: &'static [Step],
    /// The page itself.
    path: StoredValue<String>,
    /// Where Cancel leads.
    back: StoredValue<String>,
    /// After Finish, before Save.
    pub(super) finishing: RwSignal<bool>,
    pub(super) busy: RwSignal<bool>,
    pub(super) error: RwSignal<Option<String>>,
    /// The draft is what it was at the beginning, or it is saved.
    pub(super) settled: RwSignal<bool>,
    /// What gets the focus in the next step; its heading otherwise.
    focus: StoredValue<Option<&'static str>>,
    navigate: StoredValue<Navigate, LocalStorage>,
}

type Navigate = Box<dyn Fn(&str, NavigateOptions)>;

impl Wizard {
    pub(super) fn new(draft: Draft, steps: &'static [Step], path: String, back: String) -> Self {
        let navigate: Navigate = Box::new(use_navigate());
        Self {
            draft,
            steps,
            path: StoredValue::new(path),
            back: StoredValue::new(back),
            finishing: RwSignal::new(false),
            busy: RwSignal::new(false),
            error: RwSignal::new(None),
            settled: RwSignal::new(false),
            focus: StoredValue::new(None),
            navigate: StoredValue::new_local(navigate),
        }
    }

    /// Whether a step takes part.
    fn counts(self, step: Step) -> bool {
        self.draft.assigns.get() || !matches!(step, Step::Members | Step::Scope)
    }

    /// The first step before `step` that is not filled in well.
    fn first_faulty(self, before: Step) -> Option<(Step, &'static str)> {
        let steps = self.steps.iter().copied().filter(|step| *step < before);
        steps.into_iter().find_map(|step| self.draft.faults(step).first().map(|(control, _)| (step, *control)))
    }

    /// Goes to a step; to the first one on the way that lacks something when the way leads forward.
    pub(super) fn go(self, present: Step, wanted: Step) {
        self.look_again();
        let faulty = untrack(|| self.first_faulty(wanted)).filter(|(step, _)| present <= *step);
        let (target, control) = faulty.map_or((wanted, None), |(step, control)| (step, Some(control)));
        if control.is_some() {
            self.draft.show_faults(target);
        }
        self.focus.set_value(control);
        if target == present {
            self.focus_step();
        } else {
            let path = self.path.with_value(|path| format!("{path}?step={}", target.id()));
            self.leave_to(&path);
        }
    }

    /// Back from the last look.
    fn look_again(self) {
        if self.finishing.get_untracked() {
            self.finishing.set(false);
        }
    }

    /// The step beside `present` that counts.
    fn neighbour(self, present: Step, forward: bool) -> Option<Step> {
        let counts = |step: &Step| untrack(|| self.counts(*step));
        let mut steps = self.steps.iter().copied().filter(counts);
        if forward { steps.find(|step| present < *step) } else { steps.rfind(|step| *step < present) }
    }

    /// Shows a page of the portal.
    pub(super) fn leave_to(self, path: &str) {
        self.navigate.try_with_value(|navigate| navigate(path, NavigateOptions::default()));
    }

    fn focus_step(self) {
        let control = self.focus.get_value();
        self.focus.set_value(None);
        request_animation_frame(move || {
            match control {
                Some("permissions") => page::focus("#permissions input:not(:disabled)"),
                Some(control) => page::focus(&format!("#{control}")),
                None => page::focus(".wizard-step h2"),
            };
        });
    }
}

/// The steps, the one on show, and the way to the next. `on_save` runs when everything was filled in and confirmed.
#[component]
pub(super) fn WizardView(wizard: Wizard, on_save: Callback<()>) -> impl IntoView {
    // Of the address itself: the query of a route stays behind when only its parameters change (leptos_router 0.9).
    let query = use_location().query;
    let first = wizard.steps.first().copied().unwrap_or(Step::Review);
    let current = Memo::new(move |_| {
        let wanted = query.with(|query| query.get_str("step").and_then(step_of)).unwrap_or(first).max(first);
        wizard.first_faulty(wanted).map_or(wanted, |(step, _)| step)
    });
    effect(move || {
        current.track();
        wizard.look_again();
    });
    let is_first = StoredValue::new(true);
    effect(move || {
        current.track();
        wizard.finishing.track();
        if is_first.get_value() {
            is_first.set_value(false);
        } else {
            wizard.focus_step();
        }
    });
    let initially = untrack(|| wizard.draft.entered());
    let unsaved = Memo::new(move |_| !wizard.settled.get() && wizard.draft.entered() != initially);
    let body = computed(move || {
        let step = current.get();
        let fields = match step {
            Step::General => view! { <GeneralFields draft=wizard.draft/> }.into_any(),
            Step::Permissions => view! { <PermissionFields draft=wizard.draft/> }.into_any(),
            Step::Assignment => view! { <AssignmentStep wizard/> }.into_any(),
            Step::Members => view! { <MemberFields draft=wizard.draft/> }.into_any(),
            Step::Scope => view! { <ScopeFields draft=wizard.draft/> }.into_any(),
            Step::Review if wizard.finishing.get() => return view! { <Finishing wizard on_save/> }.into_any(),
            Step::Review => view! { <Review wizard/> }.into_any(),
        };
        view! { <StepForm wizard step>{fields}</StepForm> }.into_any()
    });
    view! {
        <div class="wizard">
            <StepList wizard current/>
            <section class="panel wizard-step" aria-labelledby="step-title">{body}</section>
        </div>
        <UnsavedGuard unsaved/>
    }
}

#[component]
fn AssignmentStep(wizard: Wizard) -> impl IntoView {
    let draft = wizard.draft;
    let may_wait = wizard.steps.contains(&Step::General);
    view! {
        {may_wait.then(|| view! { <WhenToAssign draft/> }.into_any())}
        <When condition=draft.assigns>
            <AssignmentFields draft/>
        </When>
    }
}

#[component]
fn StepForm(wizard: Wizard, step: Step, children: Children) -> impl IntoView {
    let next = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        match wizard.neighbour(step, true) {
            Some(next) => wizard.go(step, next),
            None => wizard.finishing.set(true),
        }
    };
    let label = if step == Step::Review { text::FINISH } else { text::NEXT };
    view! {
        <form novalidate=true on:submit=next>
            <div class="wizard-head">
                <h2 id="step-title" tabindex="-1">{step.name()}</h2>
                <p>{text::leads(step)}</p>
            </div>
            <div class="wizard-body form">{children()}</div>
            <div class="wizard-foot">
                <a class="button button-quiet" href=wizard.back.get_value()>{text::CANCEL}</a>
                {wizard.neighbour(step, false).map(|back| view! {
                    <button type="button" class="button wizard-back" on:click=move |_| wizard.go(step, back)>
                        {text::BACK}
                    </button>
                }.into_any())}
                <button type="submit" class="button button-primary">{label}</button>
            </div>
        </form>
    }
}

/// The last look: what saving means, and the button for it.
#[component]
fn Finishing(wizard: Wizard, on_save: Callback<()>) -> impl IntoView {
    let save = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if !wizard.busy.get_untracked() {
            on_save.run(());
        }
    };
    view! {
        <form on:submit=save>
            <div class="wizard-head"><h2 id="step-title" tabindex="-1">{text::CONFIRM}</h2></div>
            <div class="wizard-body form">
                <Confirm wizard/>
                {move || wizard.error.get().map(|error| view! { <Notice tone=NoticeTone::Failed text=error urgent=true/> })}
            </div>
            <div class="wizard-foot">
                <a class="button button-quiet" href=wizard.back.get_value()>{text::CANCEL}</a>
                <button type="button" class="button wizard-back" on:click=move |_| wizard.go(Step::Review, Step::Review)>
                    {text::BACK}
                </button>
                <button
                    type="submit"
                    class="button button-primary"
                    aria-disabled=move || wizard.busy.get().then_some("true")
                    aria-busy=move || wizard.busy.get().then_some("true")
                >
                    {move || wizard.busy.get().then(|| view! { <span class="spinner" aria-hidden="true"></span> }.into_any())}
                    {move || if wizard.busy.get() { text::SAVING } else { text::SAVE }}
                </button>
            </div>
        </form>
    }
}

#[component]
fn StepList(wizard: Wizard, current: Memo<Step>) -> impl IntoView {
    let entry = move |step: Step| {
        let is_current = move || current.get() == step;
        let counts = move || wizard.counts(step);
        let is_done = move || step < current.get() && counts();
        let state = computed(move || {
            if !counts() {
                text::LEFT_OUT
            } else if is_done() {
                text::DONE
            } else {
                ""
            }
        });
        view! {
            <li class="wizard-entry" data-done=move || is_done().then_some("true")>
                <button
                    type="button"
                    aria-current=move || is_current().then_some("step")
                    disabled=move || !counts()
                    on:click=move |_| wizard.go(current.get_untracked(), step)
                >
                    <span class="wizard-mark" aria-hidden="true">
                        {move || is_done().then(|| view! { <Icon symbol=Symbol::Check/> }.into_any())}
                    </span>
                    <span>{step.name()}</span>
                    <span class="wizard-state">{state}</span>
                </button>
            </li>
        }
        .into_any()
    };
    view! {
        <nav class="wizard-steps" aria-label=text::STEPS>
            <ol>{wizard.steps.iter().copied().map(entry).collect_view()}</ol>
        </nav>
    }
}

fn step_of(id: &str) -> Option<Step> {
    Step::ALL.into_iter().find(|step| step.id() == id)
}
