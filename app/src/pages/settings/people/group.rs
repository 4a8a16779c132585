//! `/settings/people/groups/{group}`

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use protocol::api::{EditGroup, GroupDetail, LiveEvent, ProblemCode};
use protocol::ids::GroupId;

use super::held::Assignments;
use super::members::Members;
use super::{GROUPS_PATH, may_modify};
use crate::api::people;
use crate::browser::{page, task};
use crate::components::{ConfirmDialog, Field, Icon, SaveButton, Symbol, computed, effect};
use crate::pages::heading::Heading;
use crate::pages::settings::fetched::{Fetched, PageArrival, PageWords};
use crate::state::live::Live;
use crate::state::login::Login;
use crate::state::toasts::Toasts;

mod text {
    pub(super) const BACK: &str = "All groups";
    pub(super) const DETAILS: &str = "Details";
    pub(super) const NAME: &str = "Name";
    pub(super) const DESCRIPTION: &str = "Description";
    pub(super) const NO_DESCRIPTION: &str = "None";
    pub(super) const NO_NAME: &str = "Enter a name for the group.";
    pub(super) const SAVE: &str = "Save";
    pub(super) const SAVED: &str = "The group is saved.";
    pub(super) const NO_ASSIGNMENTS: &str = "No role is given to this group.";
    pub(super) const DELETE: &str = "Delete group";
    pub(super) const DELETE_WHY: &str = "The accounts of its members stay.";
    pub(super) const DELETE_ASK: &str = "Delete this group?";
    pub(super) const DELETE_ENDS: &str =
        "Its members lose what they have only through this group, at once; sessions that depend on it end.";
    pub(super) const DELETE_LOSES: &str = "It goes from every assignment that names it. This cannot be undone.";
    pub(super) const DELETED: &str = "The group is deleted.";
    pub(super) const MISSING_TITLE: &str = "This group does not exist";
    pub(super) const MISSING: &str = "Perhaps it was deleted.";
    pub(super) const FAILED_TITLE: &str = "The group could not be loaded";
}

/// The group of the page.
#[derive(Clone, Copy)]
struct Loaded {
    id: GroupId,
    detail: Fetched<GroupDetail>,
    login: Login,
    toasts: Toasts,
}

impl Loaded {
    fn follow(id: GroupId) -> Self {
        let loaded = Self { id, detail: Fetched::new(), login: expect_context(), toasts: expect_context() };
        loaded.load();
        expect_context::<Live>().on_event(move |event| {
            if matches!(event, LiveEvent::Reload | LiveEvent::SettingsChanged) {
                loaded.load();
            }
        });
        loaded
    }

    fn load(self) {
        self.detail.take(async move { people::group(&self.id).await });
    }

    fn name(self) -> String {
        self.detail.value.with(|detail| detail.as_ref().map(|detail| detail.group.name.clone()).unwrap_or_default())
    }

    fn description(self) -> String {
        self.detail
            .value
            .with(|detail| detail.as_ref().map(|detail| detail.group.description.clone()).unwrap_or_default())
    }
}

#[component]
pub(super) fn GroupPage(id: GroupId) -> impl IntoView {
    let loaded = Loaded::follow(id);
    let words = PageWords {
        list: GROUPS_PATH,
        back: text::BACK,
        missing_title: text::MISSING_TITLE,
        missing: text::MISSING,
        failed_title: text::FAILED_TITLE,
    };
    view! {
        <PageArrival state=loaded.detail.state() words on_retry=move |()| loaded.load()>
            <Ready loaded/>
        </PageArrival>
    }
}

#[component]
fn Ready(loaded: Loaded) -> impl IntoView {
    let may_modify = may_modify();
    let assignments =
        Memo::new(move |_| loaded.detail.value.with(|detail| detail.as_ref().map(|detail| detail.assignments.clone())));
    let assignments =
        computed(move || assignments.get().map(|held| view! { <Assignments held none=text::NO_ASSIGNMENTS/> }));
    let description = Memo::new(move |_| loaded.description());
    view! {
        <p class="back"><a href=GROUPS_PATH><Icon symbol=Symbol::ArrowLeft/>{text::BACK}</a></p>
        <div class="stack">
            <div class="page-head people-head">
                <Heading title=Signal::derive(move || loaded.name())/>
                <p class="lead page-lead">{move || description.get()}</p>
            </div>
            <Members group=loaded.id on_changed=Callback::new(move |()| loaded.load())/>
            {assignments}
            {may_modify.then(|| view! { <Details loaded/> })}
        </div>
    }
}

#[component]
fn Details(loaded: Loaded) -> impl IntoView {
    let present = Memo::new(move |_| (loaded.name(), loaded.description()));
    let (name, description) = present.get_untracked();
    let name = RwSignal::new(name);
    let description = RwSignal::new(description);
    let name_error = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let typed = move || (name.with(|text| text.trim().to_owned()), description.with(|text| text.trim().to_owned()));
    // What somebody typed stays; what nobody touched follows the group.
    let shown = StoredValue::new(present.get_untracked());
    effect(move || {
        let (new_name, new_description) = present.get();
        shown.update_value(|(old_name, old_description)| {
            if name.with_untracked(|name| name == old_name) {
                name.set(new_name.clone());
            }
            if description.with_untracked(|description| description == old_description) {
                description.set(new_description.clone());
            }
            (*old_name, *old_description) = (new_name, new_description);
        });
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let (new_name, new_description) = untrack(typed);
        name_error.set(new_name.is_empty().then(|| text::NO_NAME.to_owned()));
        if new_name.is_empty() {
            page::focus("#group-name");
        }
        let Some(version) = loaded.detail.value.with_untracked(|detail| detail.as_ref().map(|detail| detail.version))
        else {
            return;
        };
        let is_same = present.with_untracked(|present| *present == (new_name.clone(), new_description.clone()));
        if new_name.is_empty() || is_same || busy.get_untracked() {
            return;
        }
        busy.set(true);
        let request = EditGroup { name: new_name, description: new_description, version };
        task::spawn(async move {
            let result = loaded.login.noticing(people::edit_group(&loaded.id, &request).await);
            busy.try_set(false);
            match result {
                Ok(detail) => {
                    name.try_set(request.name);
                    description.try_set(request.description);
                    loaded.detail.value.try_set(Some(detail));
                    loaded.toasts.done(text::SAVED);
                }
                Err(problem) => {
                    // The next try is based on what is there now.
                    if problem.is(ProblemCode::Conflict) {
                        loaded.load();
                    }
                    name_error.try_set(Some(problem.sentence()));
                    page::focus("#group-name");
                }
            }
        });
    };
    view! {
        <section class="panel" aria-labelledby="details">
            <div class="panel-head"><h2 id="details">{text::DETAILS}</h2></div>
            <form class="panel-body form" novalidate=true on:submit=submit>
                <Field id="group-name" label=text::NAME value=name error=name_error required=true/>
                <Field id="group-description" label=text::DESCRIPTION placeholder=text::NO_DESCRIPTION value=description/>
                <SaveButton label=text::SAVE busy changed=move || present.with(|present| *present != typed())/>
            </form>
            <Delete loaded/>
        </section>
    }
}

#[component]
fn Delete(loaded: Loaded) -> impl IntoView {
    let asking = RwSignal::new(false);
    let error = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let navigate = StoredValue::new_local(use_navigate());
    let delete = Callback::new(move |()| {
        busy.set(true);
        error.set(None);
        task::spawn(async move {
            let result = loaded.login.noticing(people::delete_group(&loaded.id).await);
            busy.try_set(false);
            match result {
                Ok(()) => {
                    loaded.toasts.done(text::DELETED);
                    asking.try_set(false);
                    navigate.try_with_value(|navigate| navigate(GROUPS_PATH, NavigateOptions::default()));
                }
                Err(problem) => drop(error.try_set(Some(problem.sentence()))),
            }
        });
    });
    view! {
        <div class="panel-body panel-foot panel-row">
            <p class="panel-text">{text::DELETE_WHY}</p>
            <button type="button" class="button button-danger" aria-haspopup="dialog" on:click=move |_| asking.set(true)>
                {text::DELETE}
            </button>
        </div>
        <ConfirmDialog open=asking title=text::DELETE_ASK confirm=text::DELETE danger=true busy error on_confirm=delete>
            <p>{text::DELETE_ENDS}</p>
            <p>{text::DELETE_LOSES}</p>
        </ConfirmDialog>
    }
}
