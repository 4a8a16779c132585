//! `/settings/roles/{role}/edit`: name, description and permissions of a custom role.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use protocol::access::Access;
use protocol::api::{ProblemCode, Role, RoleDetail};
use protocol::ids::RoleId;

use super::draft::{Draft, Step};
use super::stale::StaleNotice;
use super::steps::{GeneralFields, PermissionFields};
use super::wizard::Wizard;
use crate::api;
use crate::browser::{page, task};
use crate::components::{EmptyState, Icon, Notice, NoticeTone, SubmitButton, Symbol, When, computed};
use crate::pages::heading::Heading;
use crate::pages::settings::fetched::{Arrival, Fetched, plain_sentence};
use crate::pages::settings::permissions::{access, summary};
use crate::pages::settings::unsaved::UnsavedGuard;
use crate::state::login::Login;
use crate::state::toasts::Toasts;

mod text {
    pub(super) const TITLE: &str = "Edit role";
    pub(super) const GENERAL: &str = "General";
    pub(super) const PERMISSIONS: &str = "Permissions";
    pub(super) const SAVE: &str = "Save";
    pub(super) const SAVING: &str = "Saving";
    pub(super) const CANCEL: &str = "Cancel";
    pub(super) const ENDS: &str =
        "Live sessions that depend on a permission that you take away end at once when you save.";
    pub(super) const BUILT_IN_TITLE: &str = "Built-in roles cannot be edited";
    pub(super) const BUILT_IN: &str =
        "Every organisation has them, and they stay as they are. Create a custom role instead.";

    pub(super) fn saved(name: &str) -> String {
        format!("The role {name} is saved.")
    }

    pub(super) fn theirs(name: &str, summary: &str, access: &str) -> String {
        format!("They saved: {name}. Remote access: {access}. {summary}.")
    }
}

#[component]
pub(crate) fn EditRolePage(id: RoleId) -> impl IntoView {
    let detail = Fetched::<RoleDetail>::new();
    let load = move || detail.take(async move { api::role(&id).await });
    load();
    let body = move || {
        // What is typed is not replaced when the role is loaded again.
        let role = detail.value.with_untracked(|detail| detail.as_ref().map(|detail| detail.role.clone()));
        role.map(|role| {
            if role.built_in {
                view! { <EmptyState symbol=Symbol::Lock title=text::BUILT_IN_TITLE text=text::BUILT_IN/> }.into_any()
            } else {
                view! { <Form role/> }.into_any()
            }
        })
    };
    let back = computed(move || detail.value.with(|detail| detail.as_ref().map(|detail| detail.role.name.clone())));
    view! {
        <p class="back"><a href=format!("/settings/roles/{id}")><Icon symbol=Symbol::ArrowLeft/>{back}</a></p>
        <div class="page-head"><Heading title=Signal::stored(text::TITLE.to_owned())/></div>
        <Arrival state=detail.state() n_lines=8 on_retry=move |()| load()>{body()}</Arrival>
    }
}

#[component]
fn Form(role: Role) -> impl IntoView {
    let login = expect_context::<Login>();
    let toasts = expect_context::<Toasts>();
    let draft = Draft::new();
    draft.fill_role(&role);
    let back = format!("/settings/roles/{}", role.id);
    let wizard = Wizard::new(draft, &[Step::General, Step::Permissions], back.clone(), back.clone());
    let base = RwSignal::new(role.clone());
    let entered_first = RwSignal::new(untrack(|| draft.entered()));
    let theirs = RwSignal::new(None::<Role>);
    let unsaved = Memo::new(move |_| !wizard.settled.get() && entered_first.with(|first| draft.entered() != *first));
    let id = role.id;
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        for step in [Step::General, Step::Permissions] {
            draft.show_faults(step);
            if let Some((control, _)) = untrack(|| draft.faults(step)).first() {
                page::focus(&format!("#{control}"));
                return;
            }
        }
        if wizard.busy.get_untracked() {
            return;
        }
        wizard.busy.set(true);
        wizard.error.set(None);
        let request = draft.edit_role(base.with_untracked(|base| base.version));
        task::spawn(async move {
            let answer = login.noticing(api::edit_role(&id, &request).await);
            match answer {
                Ok(saved) => {
                    toasts.done(text::saved(&saved.role.name));
                    wizard.settled.try_set(true);
                    login.ask_again();
                    wizard.leave_to(&format!("/settings/roles/{id}"));
                }
                Err(error) if error.is(ProblemCode::Conflict) => {
                    // Either the name is taken, or the role is another one by now.
                    let present = api::role(&id).await.ok().map(|detail| detail.role);
                    let stale =
                        present.filter(|role| Some(role.version) != base.try_with_untracked(|base| base.version));
                    if stale.is_none() {
                        wizard.error.try_set(Some(plain_sentence(&error)));
                    }
                    theirs.try_set(stale);
                }
                Err(error) => drop(wizard.error.try_set(Some(plain_sentence(&error)))),
            }
            wizard.busy.try_set(false);
        });
    };
    let take = Callback::new(move |()| {
        if let Some(role) = theirs.get_untracked() {
            draft.fill_role(&role);
            entered_first.set(untrack(|| draft.entered()));
            base.set(role);
        }
        theirs.set(None);
        page::focus("#role-name");
    });
    let keep = Callback::new(move |()| {
        theirs.get_untracked().into_iter().for_each(|role| base.set(role));
        theirs.set(None);
        page::focus(".form-foot [type=submit]");
    });
    let theirs_words = Signal::derive(move || theirs.with(|role| role.as_ref().map(words)));
    let takes_away = move || {
        let before = base.with(|base| access(&base.permissions));
        let now = draft.permissions.with(|permissions| access(permissions));
        now < before
    };
    view! {
        <form class="stack" novalidate=true on:submit=submit>
            <section class="panel" aria-labelledby="general">
                <div class="panel-head"><h2 id="general">{text::GENERAL}</h2></div>
                <div class="panel-body form"><GeneralFields draft/></div>
            </section>
            <section class="panel" aria-labelledby="role-permissions">
                <div class="panel-head"><h2 id="role-permissions">{text::PERMISSIONS}</h2></div>
                <div class="panel-body"><PermissionFields draft/></div>
            </section>
            <When condition=takes_away>
                <Notice tone=NoticeTone::Warning text=text::ENDS/>
            </When>
            <StaleNotice theirs=theirs_words on_take=take on_keep=keep/>
            {move || wizard.error.get().map(|error| view! { <Notice tone=NoticeTone::Failed text=error urgent=true/> })}
            <div class="form-foot">
                <a class="button button-quiet" href=back>{text::CANCEL}</a>
                <SubmitButton label=text::SAVE busy_label=text::SAVING busy=wizard.busy/>
            </div>
        </form>
        <UnsavedGuard unsaved/>
    }
}

fn words(role: &Role) -> String {
    let access = access(&role.permissions).map_or("none", Access::name);
    text::theirs(&role.name, &summary(&role.permissions), access)
}
