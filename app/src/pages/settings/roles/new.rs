//! `/settings/roles/new`: the *Create role* wizard.

use leptos::prelude::*;
use protocol::api::{ProblemCode, RoleList};

use super::draft::{Draft, Step};
use super::wizard::{Wizard, WizardView};
use crate::api;
use crate::browser::task;
use crate::components::effect;
use crate::pages::heading::Heading;
use crate::pages::settings::fetched::{Fetched, plain_sentence};
use crate::state::login::Login;
use crate::state::toasts::Toasts;

mod text {
    pub(super) const TITLE: &str = "Create role";

    pub(super) fn created(name: &str) -> String {
        format!("The role {name} is saved.")
    }
}

#[component]
pub(crate) fn CreateRolePage() -> impl IntoView {
    let draft = Draft::new();
    let wizard = Wizard::new(draft, &Step::ALL, "/settings/roles/new".to_owned(), "/settings/roles".to_owned());
    let roles = Fetched::<RoleList>::new();
    roles.take(api::roles());
    effect(move || {
        let names = roles.value.with(|list| list.as_ref().map(names)).unwrap_or_default();
        draft.taken.set(names);
    });
    view! {
        <div class="page-head"><Heading title=Signal::stored(text::TITLE.to_owned())/></div>
        <WizardView wizard on_save=save(wizard, roles)/>
    }
}

/// In lower case.
fn names(list: &RoleList) -> Vec<String> {
    list.roles.iter().map(|role| role.name.to_lowercase()).collect()
}

fn save(wizard: Wizard, roles: Fetched<RoleList>) -> Callback<()> {
    let login = expect_context::<Login>();
    let toasts = expect_context::<Toasts>();
    Callback::new(move |()| {
        wizard.busy.set(true);
        wizard.error.set(None);
        let request = wizard.draft.create_role();
        task::spawn(async move {
            let answer = login.noticing(api::create_role(&request).await);
            wizard.busy.try_set(false);
            match answer {
                Ok(created) => {
                    toasts.done(text::created(&created.role.name));
                    wizard.settled.try_set(true);
                    login.ask_again();
                    wizard.leave_to(&format!("/settings/roles/{}", created.role.id));
                }
                Err(error) => {
                    // Perhaps somebody took the name meanwhile: then it is said at the name.
                    if error.is(ProblemCode::Conflict) && !roles.value.is_disposed() {
                        wizard.draft.show_faults(Step::General);
                        roles.take(api::roles());
                    }
                    wizard.error.try_set(Some(plain_sentence(&error)));
                }
            }
        });
    })
}
