//! `/settings/people`: users and groups.

mod add_group;
mod add_members;
mod add_user;
mod group;
mod held;
mod import;
mod invitation;
mod lists;
mod members;
mod user;
mod user_words;

use leptos::prelude::*;
use protocol::access::Permission;
use protocol::ids::{GroupId, UserId};

use self::group::GroupPage;
use self::import::ImportPage;
use self::lists::Lists;
use self::user::UserPage;
use crate::components::computed;
use crate::pages::NotFound;
use crate::state::login::Login;

/// The tabs.
const USERS: &str = "users";
const GROUPS: &str = "groups";
/// Where this part of the settings is.
const PATH: &str = "/settings/people";
const GROUPS_PATH: &str = "/settings/people/groups";

/// What an address leads to. Going from tab to tab stays on one page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Lists,
    Import,
    User(UserId),
    Group(GroupId),
    Nowhere,
}

/// `rest` is what follows `/settings/people/`, without slashes at its ends.
#[component]
pub(super) fn PeoplePages(#[prop(into)] rest: Signal<String>) -> impl IntoView {
    let place = Memo::new(move |_| rest.with(|rest| place(rest)));
    let tab = Signal::derive(move || if rest.with(|rest| rest.starts_with(GROUPS)) { GROUPS } else { USERS });
    computed(move || match place.get() {
        Place::Lists => view! { <Lists tab/> }.into_any(),
        Place::Import => view! { <ImportPage/> }.into_any(),
        Place::User(id) => view! { <UserPage id/> }.into_any(),
        Place::Group(id) => view! { <GroupPage id/> }.into_any(),
        Place::Nowhere => view! { <NotFound/> }.into_any(),
    })
}

fn place(rest: &str) -> Place {
    let parts: Vec<_> = rest.split('/').filter(|part| !part.is_empty()).collect();
    match *parts {
        [] | [GROUPS] => Place::Lists,
        ["import"] => Place::Import,
        [USERS, id] => id.parse().map_or(Place::Nowhere, Place::User),
        [GROUPS, id] => id.parse().map_or(Place::Nowhere, Place::Group),
        _ => Place::Nowhere,
    }
}

/// Whether the person changes users and groups; others only look.
fn may_modify() -> bool {
    expect_context::<Login>().may_everywhere(Permission::RoleModify)
}

#[cfg(test)]
mod tests {
    use super::{Place, place};

    #[test]
    fn every_address_leads_to_one_place() {
        let id = "0123456789abcdef0123456789abcdef";
        let user = id.parse().expect("an id");
        let group = id.parse().expect("an id");
        for (rest, expected) in [
            ("", Place::Lists),
            ("groups/", Place::Lists),
            ("import", Place::Import),
            (&format!("users/{id}"), Place::User(user)),
            (&format!("groups/{id}"), Place::Group(group)),
            ("users/somebody", Place::Nowhere),
            ("users", Place::Nowhere),
            ("groups/1/2", Place::Nowhere),
        ] {
            assert_eq!(place(rest), expected, "{rest:?}");
        }
    }
}
