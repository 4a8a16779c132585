//! `/settings/roles/{role}`: one role, what it allows and who has it where.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use protocol::access::Permission;
use protocol::api::{Assignment, Role, RoleDetail};
use protocol::ids::RoleId;

use super::review::Names;
use super::steps::narrow_note;
use super::words::{members_of, scope_of};
use super::{RoleBadges, on_changes};
use crate::api;
use crate::browser::{page, task};
use crate::components::{Dialog, Icon, Notice, NoticeTone, PickerOption, Symbol, computed, effect};
use crate::pages::heading::Heading;
use crate::pages::settings::fetched::{Arrival, Fetched};
use crate::pages::settings::permissions::{AREAS, Area, Entry, allows};
use crate::state::clock::Clock;
use crate::state::login::Login;
use crate::state::toasts::Toasts;

mod text {
    pub(super) const ROLE: &str = "Role";
    pub(super) const BACK: &str = "All roles";
    pub(super) const EDIT: &str = "Edit";
    pub(super) const DELETE: &str = "Delete";
    pub(super) const REMOVE: &str = "Remove";
    pub(super) const CANCEL: &str = "Cancel";
    pub(super) const PERMISSIONS: &str = "Permissions";
    pub(super) const WHOLE: &str = "Only for the whole organisation";
    pub(super) const ASSIGNMENTS: &str = "Assignments";
    pub(super) const ADD: &str = "Add assignment";
    pub(super) const NONE: &str =
        "Nobody has this role yet. An assignment gives it to people, for the rooms that you choose.";
    pub(super) const MEMBERS: &str = "Members";
    pub(super) const SCOPE: &str = "Scope";
    pub(super) const EVERYWHERE: &str = "The whole organisation";
    pub(super) const DELETE_ROLE: &str = "Delete role";
    pub(super) const REMOVE_ASSIGNMENT: &str = "Remove assignment";
    pub(super) const SESSIONS_END: &str = "Live sessions that depend on it end at once. This cannot be undone.";

    pub(super) fn delete_title(name: &str) -> String {
        format!("Delete {name}?")
    }

    pub(super) fn delete_what(n_assignments: usize) -> String {
        match n_assignments {
            0 => "The role is deleted. It has no assignment, so nobody loses anything.".to_owned(),
            1 => "The role and its assignment are deleted. Its members lose what the role gave them.".to_owned(),
            n => format!("The role and its {n} assignments are deleted. Their members lose what the role gave them."),
        }
    }

    pub(super) fn deleted(name: &str) -> String {
        format!("The role {name} is deleted.")
    }

    pub(super) fn remove_title(name: &str) -> String {
        format!("Remove {name}?")
    }

    pub(super) fn remove_what(role: &str) -> String {
        format!("Its members lose what {role} gave them in its scope, unless another assignment gives it, too.")
    }

    pub(super) fn removed(name: &str) -> String {
        format!("The assignment {name} is removed.")
    }

    pub(super) fn made(by: Option<&str>, ago: &str) -> String {
        let by = by.unwrap_or("somebody at the server's command line");
        format!("Last changed by {by}, {ago}")
    }

    pub(super) fn more(n: usize) -> String {
        format!("Show {n} more")
    }
}

/// How many members or parts of a scope are shown at once.
const SHOWN_MOST: usize = 6;

/// What is to be removed, once somebody confirmed it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Removal {
    Role { role: Role, n_assignments: usize },
    Assignment(Box<Assignment>),
}

#[component]
pub(crate) fn RolePage(id: RoleId) -> impl IntoView {
    let detail = Fetched::new();
    let load = move || detail.take(async move { api::role(&id).await });
    load();
    on_changes(load);
    let title = Signal::derive(move || {
        detail.value.with(|detail: &Option<RoleDetail>| {
            detail.as_ref().map_or_else(|| text::ROLE.to_owned(), |detail| detail.role.name.clone())
        })
    });
    let removal = RwSignal::new(None);
    let removing = RwSignal::new(false);
    let ask = Callback::new(move |what| {
        removal.set(Some(what));
        removing.set(true);
    });
    let body = move || computed(move || detail.value.get().map(|detail| view! { <Body detail ask/> }.into_any()));
    let head = computed(move || detail.value.get().map(|detail| view! { <Actions detail ask/> }.into_any()));
    view! {
        <p class="back"><a href="/settings/roles"><Icon symbol=Symbol::ArrowLeft/>{text::BACK}</a></p>
        <div class="page-head role-head">
            <Heading title/>
            {head}
        </div>
        <Arrival state=detail.state() n_lines=8 on_retry=move |()| load()>{body()}</Arrival>
        <RemovalDialog removal open=removing on_removed=Callback::new(move |()| load())/>
    }
}

#[component]
fn Actions(detail: RoleDetail, ask: Callback<Removal>) -> impl IntoView {
    let login = expect_context::<Login>();
    let RoleDetail { role, assignments } = detail;
    let n_assignments = assignments.len();
    let badges = view! { <RoleBadges role=role.clone()/> };
    let edit = format!("/settings/roles/{}/edit", role.id);
    let description = role.description.clone();
    let buttons = computed(move || {
        (login.administers() && !role.built_in).then(|| {
            let role = role.clone();
            let removal = move || Removal::Role { role: role.clone(), n_assignments };
            view! {
                <a class="button" href=edit.clone()><Icon symbol=Symbol::Edit/>{text::EDIT}</a>
                <button type="button" class="button button-danger" on:click=move |_| ask.run(removal())>
                    <Icon symbol=Symbol::Trash/>
                    {text::DELETE}
                </button>
            }
            .into_any()
        })
    });
    view! {
        {badges}
        <div class="page-actions">{buttons}</div>
        {(!description.is_empty()).then(|| view! { <p class="lead page-lead">{description}</p> }.into_any())}
    }
}

#[component]
fn Body(detail: RoleDetail, ask: Callback<Removal>) -> impl IntoView {
    let login = expect_context::<Login>();
    let RoleDetail { role, assignments } = detail;
    let is_empty = assignments.is_empty();
    let add = format!("/settings/roles/{}/assignments/new", role.id);
    let add = computed(move || {
        login
            .may_everywhere(Permission::RoleModify)
            .then(|| view! { <a class="button" href=add.clone()><Icon symbol=Symbol::Plus/>{text::ADD}</a> }.into_any())
    });
    let permissions = role.permissions.clone();
    let card = |assignment| {
        let permissions = permissions.clone();
        view! { <Card assignment permissions ask/> }.into_any()
    };
    let cards = assignments.into_iter().map(card).collect_view();
    let areas = AREAS.iter().filter_map(|area| area_view(area, &role.permissions));
    view! {
        <div class="role-body">
            <section class="role-section" aria-labelledby="assignments">
                <div class="section-head">
                    <h2 id="assignments">{text::ASSIGNMENTS}</h2>
                    {add}
                </div>
                {is_empty.then(|| view! { <p class="picker-none">{text::NONE}</p> }.into_any())}
                <ul class="cards">{cards}</ul>
            </section>
            <section class="panel role-permissions" aria-labelledby="role-permissions">
                <div class="panel-head"><h2 id="role-permissions">{text::PERMISSIONS}</h2></div>
                <div class="panel-body areas">{areas.collect_view()}</div>
            </section>
        </div>
    }
}

fn area_view(area: &'static Area, permissions: &[Permission]) -> Option<AnyView> {
    let allowed: Vec<_> = area.entries.iter().filter(|entry| allows(permissions, entry.permission)).collect();
    if allowed.is_empty() {
        return None;
    }
    let entry = |entry: &'static Entry| {
        view! { <li><Icon symbol=Symbol::Check/><div><strong>{entry.name}</strong><p>{entry.meaning}</p></div></li> }
            .into_any()
    };
    let note = area.whole_organisation.then(|| view! { <p class="area-note">{text::WHOLE}</p> }.into_any());
    let entries = allowed.into_iter().map(entry).collect_view();
    Some(view! { <div class="area" data-area=area.id><h3>{area.name}</h3>{note}<ul class="allowed">{entries}</ul></div> }.into_any())
}

#[component]
fn Card(assignment: Assignment, permissions: Vec<Permission>, ask: Callback<Removal>) -> impl IntoView {
    let login = expect_context::<Login>();
    let clock = expect_context::<Clock>();
    let made_by = assignment.made_by.as_ref().map(|by| by.name.clone());
    let made_at = assignment.made_at;
    let made = move || text::made(made_by.as_deref(), &clock.ago(made_at));
    let title_id = format!("assignment-{}", assignment.id);
    let path = format!("/settings/roles/{}/assignments/{}", assignment.role.id, assignment.id);
    let name = assignment.name.clone();
    let members = members_of(&assignment.members);
    let scope = scope_of(&assignment.scope);
    let everywhere = assignment.scope.everywhere;
    let description = assignment.description.clone();
    let buttons = {
        let name = name.clone();
        computed(move || {
            login.may_everywhere(Permission::RoleModify).then(|| {
                let assignment = assignment.clone();
                let removal = move || Removal::Assignment(Box::new(assignment.clone()));
                view! {
                    <a class="button button-small" href=path.clone() aria-label=format!("{} {name}", text::EDIT)>{text::EDIT}</a>
                    <button
                        type="button"
                        class="button button-small button-danger"
                        aria-label=format!("{} {name}", text::REMOVE)
                        on:click=move |_| ask.run(removal())
                    >
                        {text::REMOVE}
                    </button>
                }
                .into_any()
            })
        })
    };
    let note = narrow_note(&permissions, everywhere);
    view! {
        <li class="panel card" aria-labelledby=title_id.clone()>
            <div class="card-head">
                <h3 id=title_id.clone()>{name}</h3>
                <div class="card-actions">{buttons}</div>
            </div>
            {(!description.is_empty()).then(|| view! { <p class="row-words">{description}</p> }.into_any())}
            <dl class="card-facts">
                <div><dt>{text::MEMBERS}</dt><dd><Shortened options=members/></dd></div>
                <div>
                    <dt>{text::SCOPE}</dt>
                    <dd>{if everywhere { text::EVERYWHERE.into_any() } else { view! { <Shortened options=scope/> }.into_any() }}</dd>
                </div>
            </dl>
            {note.map(|note| view! { <Notice tone=NoticeTone::Warning text=note/> }.into_any())}
            <p class="row-faint">{made}</p>
        </li>
    }
}

/// The first few; the rest on request.
#[component]
fn Shortened(options: Vec<PickerOption>) -> impl IntoView {
    let mut options = options;
    let rest = options.split_off(options.len().min(SHOWN_MOST));
    let n_more = rest.len();
    view! {
        <Names options/>
        {(0 < n_more).then(|| view! {
            <details class="more-of-it"><summary>{text::more(n_more)}</summary><Names options=rest/></details>
        }.into_any())}
    }
}

#[component]
fn RemovalDialog(removal: RwSignal<Option<Removal>>, open: RwSignal<bool>, on_removed: Callback<()>) -> impl IntoView {
    let login = expect_context::<Login>();
    let toasts = expect_context::<Toasts>();
    let busy = RwSignal::new(false);
    let error = RwSignal::new(None::<String>);
    let navigate = StoredValue::new_local(use_navigate());
    let title = Signal::derive(move || match removal.get() {
        Some(Removal::Role { role, .. }) => text::delete_title(&role.name),
        Some(Removal::Assignment(assignment)) => text::remove_title(&assignment.name),
        None => String::new(),
    });
    let words = move || match removal.get() {
        Some(Removal::Role { n_assignments, .. }) => text::delete_what(n_assignments),
        Some(Removal::Assignment(assignment)) => text::remove_what(&assignment.role.name),
        None => String::new(),
    };
    let label = move || match removal.get() {
        Some(Removal::Role { .. }) => text::DELETE_ROLE,
        _ => text::REMOVE_ASSIGNMENT,
    };
    effect(move || {
        open.track();
        error.set(None);
    });
    let confirm = move |_| {
        let Some(what) = removal.get_untracked().filter(|_| !busy.get_untracked()) else { return };
        busy.set(true);
        error.set(None);
        task::spawn(async move {
            let answer = login.noticing(remove(&what).await);
            busy.try_set(false);
            match answer {
                Ok(()) => {
                    open.try_set(false);
                    match what {
                        Removal::Role { role, .. } => {
                            toasts.done(text::deleted(&role.name));
                            navigate.try_with_value(|navigate| navigate("/settings/roles", NavigateOptions::default()));
                        }
                        Removal::Assignment(assignment) => {
                            toasts.done(text::removed(&assignment.name));
                            on_removed.try_run(());
                            // After the dialog gave the focus back to a button that goes.
                            request_animation_frame(|| {
                                page::focus("main h1");
                            });
                        }
                    }
                }
                Err(problem) => drop(error.try_set(Some(problem.sentence()))),
            }
        });
    };
    view! {
        <Dialog open title=title>
            <p>{words}</p>
            <p>{text::SESSIONS_END}</p>
            {move || error.get().map(|error| view! { <Notice tone=NoticeTone::Failed text=error urgent=true/> })}
            <div class="dialog-actions">
                <button type="button" class="button" autofocus on:click=move |_| open.set(false)>{text::CANCEL}</button>
                <button
                    type="button"
                    class="button button-danger"
                    aria-busy=move || busy.get().then_some("true")
                    on:click=confirm
                >
                    {label}
                </button>
            </div>
        </Dialog>
    }
}

async fn remove(what: &Removal) -> Result<(), api::ApiError> {
    match what {
        Removal::Role { role, .. } => api::delete_role(&role.id).await,
        Removal::Assignment(assignment) => api::delete_assignment(&assignment.id).await,
    }
}
