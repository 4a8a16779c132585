//! `/settings/…`: the person's own account, and what administrators decide for their organisation.

mod account;
mod audit;
mod everywhere;
mod fetched;
mod passkeys;
mod password;
mod people;
mod permissions;
mod remote_access;
mod roles;
mod unsaved;

use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_params_map;
use protocol::access::Permission;
use protocol::ids::{AssignmentId, RoleId};

use self::account::AccountPage;
use self::audit::AuditPage;
use self::people::PeoplePages;
use self::remote_access::RemoteAccessPage;
use self::roles::{AddAssignmentPage, CreateRolePage, EditAssignmentPage, EditRolePage, RolePage, RolesPage};
use super::NotFound;
use super::message::MessagePage;
use crate::components::{Icon, Symbol, computed};
use crate::state::login::Login;

mod text {
    pub(super) const NAVIGATION: &str = "Settings";
    pub(super) const ACCOUNT: &str = "Account";
    pub(super) const REMOTE_ACCESS: &str = "Remote access";
    pub(super) const ROLES: &str = "Roles";
    pub(super) const PEOPLE: &str = "Users and groups";
    pub(super) const AUDIT: &str = "Audit log";
    pub(super) const SHUT_TITLE: &str = "This page is not open to you";
    pub(super) const SHUT: &str =
        "Your roles do not include these settings. Ask an administrator of your organisation for a role that does.";
    pub(super) const BACK: &str = "Go to your account";
}

/// What an address below `/settings` leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Account,
    RemoteAccess,
    Roles,
    NewRole,
    Role(RoleId),
    EditRole(RoleId),
    NewAssignment(RoleId),
    Assignment(RoleId, AssignmentId),
    /// Its pages tell themselves apart.
    People,
    Audit,
    Nowhere,
}

impl Place {
    fn of(rest_of_path: &str) -> Self {
        let parts: Vec<&str> = rest_of_path.trim_end_matches('/').split('/').collect();
        match parts.as_slice() {
            [""] => Self::Account,
            ["remote-access"] => Self::RemoteAccess,
            ["roles", rest @ ..] => Self::of_roles(rest).unwrap_or(Self::Nowhere),
            ["people", ..] => Self::People,
            ["audit-log"] => Self::Audit,
            _ => Self::Nowhere,
        }
    }

    fn of_roles(rest: &[&str]) -> Option<Self> {
        Some(match rest {
            [] => Self::Roles,
            ["new"] => Self::NewRole,
            [role] => Self::Role(role.parse().ok()?),
            [role, "edit"] => Self::EditRole(role.parse().ok()?),
            [role, "assignments", "new"] => Self::NewAssignment(role.parse().ok()?),
            [role, "assignments", assignment] => Self::Assignment(role.parse().ok()?, assignment.parse().ok()?),
            _ => return None,
        })
    }

    /// Whether somebody may come here. The server decides what they may do.
    fn is_open_to(&self, login: Login) -> bool {
        match self {
            Self::Account | Self::Nowhere => true,
            Self::RemoteAccess => login.may_everywhere(Permission::ServiceSettingsView),
            Self::Roles | Self::Role(_) | Self::People => login.may_everywhere(Permission::RoleView),
            Self::Audit => login.may_everywhere(Permission::AuditView),
            Self::NewRole | Self::EditRole(_) => login.administers(),
            Self::NewAssignment(_) | Self::Assignment(..) => login.may_everywhere(Permission::RoleModify),
        }
    }
}

/// An entry of the navigation.
struct Entry {
    name: &'static str,
    symbol: Symbol,
    path: &'static str,
    place: Place,
}

const ENTRIES: [Entry; 5] = [
    Entry { name: text::ACCOUNT, symbol: Symbol::Person, path: "/settings", place: Place::Account },
    Entry {
        name: text::REMOTE_ACCESS,
        symbol: Symbol::Device,
        path: "/settings/remote-access",
        place: Place::RemoteAccess,
    },
    Entry { name: text::ROLES, symbol: Symbol::Shield, path: "/settings/roles", place: Place::Roles },
    Entry { name: text::PEOPLE, symbol: Symbol::People, path: "/settings/people", place: Place::People },
    Entry { name: text::AUDIT, symbol: Symbol::Clock, path: audit::PATH, place: Place::Audit },
];

#[component]
pub fn SettingsPage() -> impl IntoView {
    let login = expect_context::<Login>();
    let params = use_params_map();
    let rest = Memo::new(move |_| params.with(|params| params.get_str("rest").unwrap_or_default().to_owned()));
    // One memo, and nothing else that follows the address: an effect that reads two memos of which one reads the other
    // misses changes of the inner one (reactive_graph 0.2).
    let shown = Memo::new(move |_| {
        let place = rest.with(|rest| Place::of(rest));
        place.is_open_to(login).then_some(place)
    });
    let page = computed(move || {
        let Some(place) = shown.get() else { return view! { <Shut/> }.into_any() };
        match place {
            Place::Account => view! { <AccountPage/> }.into_any(),
            Place::RemoteAccess => view! { <RemoteAccessPage/> }.into_any(),
            Place::Roles => view! { <RolesPage/> }.into_any(),
            Place::NewRole => view! { <CreateRolePage/> }.into_any(),
            Place::Role(id) => view! { <RolePage id/> }.into_any(),
            Place::EditRole(id) => view! { <EditRolePage id/> }.into_any(),
            Place::NewAssignment(role) => view! { <AddAssignmentPage role/> }.into_any(),
            Place::Assignment(role, id) => view! { <EditAssignmentPage role id/> }.into_any(),
            Place::People => {
                let below = Memo::new(move |_| rest.with(|rest| below_people(rest)));
                view! { <PeoplePages rest=below/> }.into_any()
            }
            Place::Audit => view! { <AuditPage/> }.into_any(),
            Place::Nowhere => view! { <NotFound/> }.into_any(),
        }
    });
    view! {
        <div class="page settings">
            <Navigation/>
            <div class="settings-page">{page}</div>
        </div>
    }
}

/// The settings that the person may see; nothing when it is only their account.
#[component]
fn Navigation() -> impl IntoView {
    let login = expect_context::<Login>();
    let open = Memo::new(move |_| ENTRIES.map(|entry| entry.place.is_open_to(login)));
    computed(move || {
        let open = open.get();
        if open.iter().filter(|open| **open).count() < 2 {
            return None;
        }
        let entries = ENTRIES.into_iter().zip(open).filter(|(_, open)| *open);
        let links = entries.map(|(entry, _)| {
            view! {
                <li>
                    <A href=entry.path exact={entry.place == Place::Account}>
                        <Icon symbol=entry.symbol/>
                        {entry.name}
                    </A>
                </li>
            }
            .into_any()
        });
        Some(
            view! { <nav class="settings-nav" aria-label=text::NAVIGATION><ul>{links.collect_view()}</ul></nav> }
                .into_any(),
        )
    })
}

#[component]
fn Shut() -> impl IntoView {
    view! {
        <MessagePage symbol=Symbol::Lock title=text::SHUT_TITLE text=text::SHUT>
            <p><a class="button" href="/settings">{text::BACK}</a></p>
        </MessagePage>
    }
}

/// What follows `people/`, without slashes at its ends.
fn below_people(rest_of_path: &str) -> String {
    rest_of_path.strip_prefix("people").unwrap_or_default().trim_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::{Place, below_people};

    #[test]
    fn addresses_lead_to_their_places() {
        let role = "00000000000000000000000000000001".parse().expect("an id");
        for (path, place) in [
            ("", Place::Account),
            ("remote-access", Place::RemoteAccess),
            ("remote-access/", Place::RemoteAccess),
            ("roles", Place::Roles),
            ("roles/new", Place::NewRole),
            ("roles/00000000000000000000000000000001", Place::Role(role)),
            ("roles/00000000000000000000000000000001/edit", Place::EditRole(role)),
            ("roles/00000000000000000000000000000001/assignments/new", Place::NewAssignment(role)),
            ("roles/newest", Place::Nowhere),
            ("roles/new/edit", Place::Nowhere),
            ("people", Place::People),
            ("people/groups/abc", Place::People),
            ("peoples", Place::Nowhere),
            ("audit-log", Place::Audit),
            ("audit-log/more", Place::Nowhere),
            ("remote-access/more", Place::Nowhere),
        ] {
            assert_eq!(Place::of(path), place, "{path:?}");
        }
    }

    #[test]
    fn the_pages_of_people_get_what_follows() {
        for (path, below) in [("people", ""), ("people/", ""), ("people/groups/abc/", "groups/abc")] {
            assert_eq!(below_people(path), below, "{path:?}");
        }
    }
}
