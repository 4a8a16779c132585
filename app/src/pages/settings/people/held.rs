//! The assignments that a person or a group has: each with its role, its scope, and the group it comes through.

use leptos::prelude::*;
use protocol::api::{GroupRef, HeldAssignment, Scope};

use super::GROUPS_PATH;
use crate::pages::room_words::place_words;

mod text {
    pub(super) const TITLE: &str = "Assignments";
    pub(super) const EVERYWHERE: &str = "The whole organisation";
    pub(super) const GROUPS: &str = "Groups";
}

/// Names of each kind that are shown; the others are counted.
const N_NAMED: usize = 3;

#[component]
pub(super) fn Assignments(held: Vec<HeldAssignment>, none: &'static str) -> impl IntoView {
    let is_empty = held.is_empty();
    view! {
        <section class="panel" aria-labelledby="assignments">
            <div class="panel-head"><h2 id="assignments">{text::TITLE}</h2></div>
            {is_empty.then(|| view! { <p class="panel-body faint">{none}</p> })}
            <ul class="entries">{held.into_iter().map(assignment).collect_view()}</ul>
        </section>
    }
}

fn assignment(held: HeldAssignment) -> AnyView {
    let HeldAssignment { name, role, scope, via, .. } = held;
    let via = via.map(|group| view! { ", through the group " {group_link(group)} }.into_any());
    view! {
        <li class="entry">
            <p class="entry-name">{name}</p>
            <p>"Role " <a href=format!("/settings/roles/{}", role.id)>{role.name}</a> {via}</p>
            <p class="faint">{scope_words(&scope)}</p>
        </li>
    }
    .into_any()
}

/// The groups that a person is in.
#[component]
pub(super) fn Groups(groups: Vec<GroupRef>, none: &'static str) -> impl IntoView {
    let is_empty = groups.is_empty();
    let group = |group| view! { <li class="entry">{group_link(group)}</li> }.into_any();
    view! {
        <section class="panel" aria-labelledby="groups">
            <div class="panel-head"><h2 id="groups">{text::GROUPS}</h2></div>
            {is_empty.then(|| view! { <p class="panel-body faint">{none}</p> })}
            <ul class="entries">{groups.into_iter().map(group).collect_view()}</ul>
        </section>
    }
}

fn group_link(group: GroupRef) -> AnyView {
    view! { <a href=format!("{GROUPS_PATH}/{}", group.id)>{group.name}</a> }.into_any()
}

/// `Rooms Aurora, Borealis and 4 more · Germany › Berlin`
fn scope_words(scope: &Scope) -> String {
    if scope.everywhere {
        return text::EVERYWHERE.to_owned();
    }
    let rooms = some_names("Room", "Rooms", scope.rooms.iter().map(|room| room.name.clone()));
    let groups = some_names("Room group", "Room groups", scope.room_groups.iter().map(|group| group.name.clone()));
    let places = some_names("Place", "Places", scope.places.iter().map(|place| place_words(&place.path)));
    [rooms, groups, places].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn some_names(one: &str, many: &str, names: impl ExactSizeIterator<Item = String>) -> Option<String> {
    let n = names.len();
    let kind = if n == 1 { one } else { many };
    let shown = names.take(N_NAMED).collect::<Vec<_>>().join(", ");
    match n.saturating_sub(N_NAMED) {
        _ if n == 0 => None,
        0 => Some(format!("{kind} {shown}")),
        n_more => Some(format!("{kind} {shown} and {n_more} more")),
    }
}

#[cfg(test)]
mod tests {
    use protocol::api::{PlaceRef, RoomGroupRef};

    use super::*;

    #[test]
    fn a_scope_names_the_first_of_each_kind_and_counts_the_others() {
        let place = |path: &str| PlaceRef { path: path.to_owned(), n_rooms: 1 };
        let group = RoomGroupRef { name: "Boards".to_owned(), n_rooms: 2 };
        for (scope, words) in [
            (Scope { everywhere: true, ..Scope::default() }, "The whole organisation"),
            (
                Scope { room_groups: vec![group], places: vec![place("Germany/Berlin")], ..Scope::default() },
                "Room group Boards · Place Germany › Berlin",
            ),
            (
                Scope { places: ["A", "B", "C", "D", "E"].map(place).into(), ..Scope::default() },
                "Places A, B, C and 2 more",
            ),
            (Scope::default(), ""),
        ] {
            assert_eq!(scope_words(&scope), words);
        }
    }
}
