//! `/settings/roles/{role}/assignments/…`: the *Add assignment* wizard, and the same for one that is there.

use leptos::prelude::*;
use protocol::api::{Assignment, EditAssignment, ProblemCode, RoleDetail};
use protocol::ids::{AssignmentId, RoleId};

use super::draft::{Draft, Step};
use super::stale::StaleNotice;
use super::wizard::{Wizard, WizardView};
use super::words::{members, members_of, places, scope_of};
use crate::api;
use crate::browser::task;
use crate::components::{EmptyState, Icon, Symbol, computed};
use crate::pages::heading::Heading;
use crate::pages::settings::fetched::{Arrival, Fetched, plain_sentence};
use crate::state::login::Login;
use crate::state::toasts::Toasts;

mod text {
    pub(super) const ADD: &str = "Add assignment";
    pub(super) const EDIT: &str = "Edit assignment";
    pub(super) const EVERYWHERE: &str = "the whole organisation";
    pub(super) const GONE_TITLE: &str = "This assignment does not exist";
    pub(super) const GONE: &str = "Perhaps somebody removed it meanwhile.";

    pub(super) fn saved(name: &str) -> String {
        format!("The assignment {name} is saved.")
    }

    pub(super) fn theirs(name: &str, who: &str, location: &str) -> String {
        format!("They saved: {name}, for {who} in {location}.")
    }
}

const STEPS: &[Step] = &[Step::Assignment, Step::Members, Step::Scope, Step::Review];

#[component]
pub(crate) fn AddAssignmentPage(role: RoleId) -> impl IntoView {
    view! { <Page role id=None/> }
}

#[component]
pub(crate) fn EditAssignmentPage(role: RoleId, id: AssignmentId) -> impl IntoView {
    view! { <Page role id=Some(id)/> }
}

#[component]
fn Page(role: RoleId, id: Option<AssignmentId>) -> impl IntoView {
    let detail = Fetched::<RoleDetail>::new();
    let load = move || detail.take(async move { api::role(&role).await });
    load();
    let name = computed(move || detail.value.with(|detail| detail.as_ref().map(|detail| detail.role.name.clone())));
    let body = move || {
        let detail = detail.value.get_untracked()?;
        let stored = id.map(|id| detail.assignments.iter().find(|assignment| assignment.id == id).cloned());
        Some(match stored {
            None => view! { <Filling detail stored=None/> }.into_any(),
            Some(Some(stored)) => view! { <Filling detail stored=Some(stored)/> }.into_any(),
            Some(None) => {
                view! { <EmptyState symbol=Symbol::Search title=text::GONE_TITLE text=text::GONE/> }.into_any()
            }
        })
    };
    let title = if id.is_some() { text::EDIT } else { text::ADD };
    view! {
        <p class="back"><a href=format!("/settings/roles/{role}")><Icon symbol=Symbol::ArrowLeft/>{name}</a></p>
        <div class="page-head"><Heading title=Signal::stored(title.to_owned())/></div>
        <Arrival state=detail.state() n_lines=6 on_retry=move |()| load()>{body()}</Arrival>
    }
}

#[component]
fn Filling(detail: RoleDetail, stored: Option<Assignment>) -> impl IntoView {
    let role = detail.role;
    let back = format!("/settings/roles/{}", role.id);
    let last = stored.as_ref().map_or_else(|| "new".to_owned(), |stored| stored.id.to_string());
    let draft = Draft::new();
    draft.fill_role(&role);
    if let Some(stored) = &stored {
        draft.fill_assignment(stored);
    }
    let wizard = Wizard::new(draft, STEPS, format!("{back}/assignments/{last}"), back);
    let base = RwSignal::new(stored);
    let theirs = RwSignal::new(None::<Assignment>);
    let take = Callback::new(move |()| {
        if let Some(stored) = theirs.get_untracked() {
            draft.fill_assignment(&stored);
            base.set(Some(stored));
        }
        theirs.set(None);
    });
    let keep = Callback::new(move |()| {
        base.set(theirs.get_untracked());
        theirs.set(None);
    });
    let words = Signal::derive(move || theirs.with(|theirs| theirs.as_ref().map(words)));
    view! {
        <StaleNotice theirs=words on_take=take on_keep=keep/>
        <WizardView wizard on_save=save(wizard, role.id, base, theirs)/>
    }
}

fn save(
    wizard: Wizard,
    role: RoleId,
    base: RwSignal<Option<Assignment>>,
    theirs: RwSignal<Option<Assignment>>,
) -> Callback<()> {
    let login = expect_context::<Login>();
    let toasts = expect_context::<Toasts>();
    Callback::new(move |()| {
        wizard.busy.set(true);
        wizard.error.set(None);
        let assignment = wizard.draft.assignment();
        let stored = base.with_untracked(|base| base.as_ref().map(|stored| (stored.id, stored.version)));
        task::spawn(async move {
            let answer = match stored {
                None => api::create_assignment(&role, &assignment).await,
                Some((id, version)) => api::edit_assignment(&id, &EditAssignment { assignment, version }).await,
            };
            match login.noticing(answer) {
                Ok(saved) => {
                    toasts.done(text::saved(&saved.name));
                    wizard.settled.try_set(true);
                    login.ask_again();
                    wizard.leave_to(&format!("/settings/roles/{role}"));
                }
                Err(error) => {
                    let stale = match stored.filter(|_| error.is(ProblemCode::Conflict)) {
                        Some((id, version)) => newer(role, id, version).await,
                        None => None,
                    };
                    if stale.is_none() {
                        wizard.error.try_set(Some(plain_sentence(&error)));
                    }
                    theirs.try_set(stale);
                }
            }
            wizard.busy.try_set(false);
        });
    })
}

/// The assignment as it is now, when it is not the one of `version` any more.
async fn newer(role: RoleId, id: AssignmentId, version: u32) -> Option<Assignment> {
    let detail = api::role(&role).await.ok()?;
    detail.assignments.into_iter().find(|assignment| assignment.id == id && assignment.version != version)
}

fn words(assignment: &Assignment) -> String {
    let who = members(&members_of(&assignment.members));
    let everywhere = assignment.scope.everywhere;
    let location = if everywhere { text::EVERYWHERE.to_owned() } else { places(&scope_of(&assignment.scope)) };
    text::theirs(&assignment.name, &who, &location)
}
