//! The dialog that adds a group.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos_router::hooks::use_navigate;
use protocol::api::{CreateGroup, ProblemCode};

use super::GROUPS_PATH;
use crate::api::people;
use crate::browser::{page, task};
use crate::components::{Dialog, Field, Notice, NoticeTone, SubmitButton};
use crate::state::login::Login;

mod text {
    pub(super) const TITLE: &str = "Add group";
    pub(super) const NAME: &str = "Name";
    pub(super) const DESCRIPTION: &str = "Description";
    pub(super) const DESCRIPTION_HINT: &str = "What the group is for. It may stay empty.";
    pub(super) const SUBMIT: &str = "Add group";
    pub(super) const BUSY: &str = "Adding";
    pub(super) const NO_NAME: &str = "Enter a name for the group.";
}

#[component]
pub(super) fn AddGroup(open: RwSignal<bool>) -> impl IntoView {
    view! { <Dialog open title=text::TITLE><Form/></Dialog> }
}

/// Leads to the group's page, where its members are added.
#[component]
fn Form() -> impl IntoView {
    let login = expect_context::<Login>();
    let navigate = StoredValue::new_local(use_navigate());
    let name = RwSignal::new(String::new());
    let description = RwSignal::new(String::new());
    let name_error = RwSignal::new(None::<String>);
    let error = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let is_nameless = name.with_untracked(|name| name.trim().is_empty());
        name_error.set(is_nameless.then(|| text::NO_NAME.to_owned()));
        if is_nameless {
            page::focus("#group-name");
        }
        if is_nameless || busy.get_untracked() {
            return;
        }
        busy.set(true);
        error.set(None);
        let trimmed = |text: RwSignal<String>| text.get_untracked().trim().to_owned();
        let request = CreateGroup { name: trimmed(name), description: trimmed(description), members: Vec::new() };
        task::spawn(async move {
            let result = login.noticing(people::create_group(&request).await);
            busy.try_set(false);
            match result {
                Ok(created) => {
                    let path = format!("{GROUPS_PATH}/{}", created.group.id);
                    navigate.try_with_value(|navigate| navigate(&path, leptos_router::NavigateOptions::default()));
                }
                Err(problem) if problem.is(ProblemCode::Conflict) => {
                    name_error.try_set(Some(problem.sentence()));
                    page::focus("#group-name");
                }
                Err(problem) => drop(error.try_set(Some(problem.sentence()))),
            }
        });
    };
    view! {
        <form class="form" novalidate=true on:submit=submit>
            {move || error.get().map(|error| view! { <Notice tone=NoticeTone::Failed text=error urgent=true/> })}
            <Field id="group-name" label=text::NAME value=name error=name_error required=true focused=true/>
            <Field id="group-description" label=text::DESCRIPTION hint=text::DESCRIPTION_HINT value=description/>
            <SubmitButton label=text::SUBMIT busy_label=text::BUSY busy/>
        </form>
    }
}
