//! `/settings/roles/…`: what people may do, and who may do it where.

mod assignment;
mod draft;
mod edit;
mod new;
mod review;
mod role;
mod stale;
mod steps;
mod wizard;
mod words;

use leptos::prelude::*;
use protocol::access::Access;
use protocol::api::{LiveEvent, Role};

pub(super) use self::assignment::{AddAssignmentPage, EditAssignmentPage};
pub(super) use self::edit::EditRolePage;
pub(super) use self::new::CreateRolePage;
pub(super) use self::role::RolePage;
use super::fetched::{Arrival, Fetched};
use super::permissions::{access, summary};
use crate::api;
use crate::components::{Badge, BadgeTone, EmptyState, Icon, Symbol, computed};
use crate::pages::heading::Heading;
use crate::state::live::Live;
use crate::state::login::Login;

mod text {
    pub(super) const TITLE: &str = "Roles";
    pub(super) const LEAD: &str = "A role says what people may do. An assignment says who has it, and in which rooms. Only custom roles can give remote access.";
    pub(super) const CREATE: &str = "Create role";
    pub(super) const CUSTOM: &str = "Custom roles";
    pub(super) const BUILT_IN: &str = "Built-in roles";
    pub(super) const BUILT_IN_BADGE: &str = "Built-in";
    pub(super) const NONE_TITLE: &str = "No custom role yet";
    pub(super) const NONE: &str = "Nobody reaches a console yet: built-in roles have no remote access. A custom role gives it to the people and rooms that you choose.";
    pub(super) const NONE_READER: &str =
        "Nobody reaches a console yet: built-in roles have no remote access. Administrators create roles that do.";

    pub(super) fn remote_access(access: super::Access) -> String {
        format!("Remote access: {}", access.name())
    }

    pub(super) fn assignments(n: u32) -> String {
        match n {
            0 => "No assignment".to_owned(),
            1 => "1 assignment".to_owned(),
            _ => format!("{n} assignments"),
        }
    }
}

#[component]
pub(super) fn RolesPage() -> impl IntoView {
    let login = expect_context::<Login>();
    let roles = Fetched::new();
    let load = move || roles.take(api::roles());
    load();
    on_changes(load);
    let create = computed(move || login.administers().then(|| view! { <CreateLink/> }.into_any()));
    let lists = move || {
        computed(move || {
            let roles = roles.value.with(|list| list.as_ref().map(|list| list.roles.clone())).unwrap_or_default();
            let (built_in, custom): (Vec<Role>, Vec<Role>) = roles.into_iter().partition(|role| role.built_in);
            view! { <Lists built_in custom/> }.into_any()
        })
    };
    view! {
        <div class="page-head">
            <Heading title=Signal::stored(text::TITLE.to_owned())/>
            <div class="page-actions">{create}</div>
            <p class="lead page-lead">{text::LEAD}</p>
        </div>
        <Arrival state=roles.state() n_lines=8 on_retry=move |()| load()>{lists()}</Arrival>
    }
}

/// Loads again when somebody changed who may do what.
fn on_changes(load: impl Fn() + Send + Sync + 'static) {
    expect_context::<Live>().on_event(move |event| {
        if matches!(event, LiveEvent::SettingsChanged | LiveEvent::Reload) {
            load();
        }
    });
}

#[component]
fn CreateLink() -> impl IntoView {
    view! {
        <a class="button button-primary" href="/settings/roles/new">
            <Icon symbol=Symbol::Plus/>
            {text::CREATE}
        </a>
    }
}

#[component]
fn Lists(built_in: Vec<Role>, custom: Vec<Role>) -> impl IntoView {
    let login = expect_context::<Login>();
    let has_none = custom.is_empty();
    let empty = move || {
        if login.administers() {
            view! { <EmptyState symbol=Symbol::Shield title=text::NONE_TITLE text=text::NONE><CreateLink/></EmptyState> }.into_any()
        } else {
            view! { <EmptyState symbol=Symbol::Shield title=text::NONE_TITLE text=text::NONE_READER/> }.into_any()
        }
    };
    let row = |role: Role| view! { <Row role/> }.into_any();
    let rows = |roles: Vec<Role>| roles.into_iter().map(row).collect_view();
    view! {
        <section class="role-section" aria-labelledby="custom-roles">
            <h2 id="custom-roles">{text::CUSTOM}</h2>
            {if has_none { empty() } else { view! { <ul class="rows panel">{rows(custom)}</ul> }.into_any() }}
        </section>
        <section class="role-section" aria-labelledby="built-in-roles">
            <h2 id="built-in-roles">{text::BUILT_IN}</h2>
            <ul class="rows panel">{rows(built_in)}</ul>
        </section>
    }
}

#[component]
fn Row(role: Role) -> impl IntoView {
    let summary = summary(&role.permissions);
    view! {
        <li class="row">
            <div class="row-main">
                <p class="row-title">
                    <a class="row-link" href=format!("/settings/roles/{}", role.id)>{role.name.clone()}</a>
                    <RoleBadges role=role.clone()/>
                </p>
                {(!role.description.is_empty()).then(|| view! { <p class="row-words">{role.description}</p> }.into_any())}
                <p class="row-faint">{summary}</p>
            </div>
            <p class="row-end">{text::assignments(role.n_assignments)}</p>
            <Icon symbol=Symbol::ChevronRight/>
        </li>
    }
}

/// What is special about a role: nobody can change it, or it gives remote access.
#[component]
fn RoleBadges(role: Role) -> impl IntoView {
    let access = access(&role.permissions);
    view! {
        <span class="badges">
            {role.built_in.then(|| view! { <Badge tone=BadgeTone::Calm symbol=Symbol::Lock text=text::BUILT_IN_BADGE/> }.into_any())}
            {access.map(|access| view! { <Badge tone=BadgeTone::Ring symbol=Symbol::Display text=text::remote_access(access)/> }.into_any())}
        </span>
    }
}
