//! *Who can reach this room?* and *which rooms can this person reach?*, each with the assignments that grant it.

use leptos::prelude::*;
use protocol::access::{Access, Permission};
use protocol::api::{Covers, ReachBy, ReachedRoom, ReachingPerson, RoomReach, UserReach};
use protocol::ids::{RoomId, UserId};

use super::paged::{self, Answer, Filter, Listing, Page, Paged, Row, Words};
use super::room_words::{AccessBadge, place_words};
use crate::api::{ListQuery, people};
use crate::components::{Badge, BadgeTone, Notice, NoticeTone, SearchField, Symbol, When, computed};
use crate::state::login::Login;

mod text {
    use super::Words;

    pub(super) const ROOM: &str = "Who can reach this room?";
    pub(super) const ROOM_WHY: &str = "People who may start a session here, each with the assignments that say so. The gate above decides at every start.";
    pub(super) const USER: &str = "Which rooms can this person reach?";
    pub(super) const USER_WHY: &str = "Rooms whose consoles this person may open, each with the assignments that say so. The gate of the room decides at every start.";
    pub(super) const SEARCH_PEOPLE: &str = "Search people who reach this room";
    pub(super) const PEOPLE: &str = "Search by name or email";
    pub(super) const SEARCH_ROOMS: &str = "Search rooms that this person reaches";
    pub(super) const ROOMS: &str = "Search by name or place";
    pub(super) const SWITCHED_OFF: &str =
        "Remote access is disabled for the organisation: until it is enabled, nobody can start a session.";
    pub(super) const ACCOUNT_DISABLED: &str =
        "This account is disabled: until it is enabled again, none of these rooms can be reached.";
    pub(super) const SELF_MADE: &str = "Gave this to themselves";

    pub(super) const ROOM_WORDS: Words = Words {
        failed: "The report could not be loaded",
        none_title: "",
        none: "Nobody: no assignment gives remote access to this room.",
        no_match_title: "",
        no_match: "Nobody who can reach this room matches.",
    };
    pub(super) const USER_WORDS: Words = Words {
        failed: "The report could not be loaded",
        none_title: "",
        none: "None: no assignment gives this person remote access.",
        no_match_title: "",
        no_match: "No room that this person can reach matches.",
    };
}

/// Rows of one page.
const PAGE: u32 = 25;

/// For those who may see it; nothing for others.
#[component]
pub(super) fn RoomReachPanel(room: RoomId) -> impl IntoView {
    let ask = Callback::new(move |query: ListQuery| -> Answer {
        let room = room.clone();
        Box::pin(async move { people::room_reach(&room, &query).await.map(people_page) })
    });
    let may = expect_context::<Login>().may(Permission::ReportView);
    may.then(|| {
        view! {
            <Report
                title=text::ROOM
                why=text::ROOM_WHY
                labels=(text::SEARCH_PEOPLE, text::PEOPLE)
                words=text::ROOM_WORDS
                count=("person", "people")
                ask
            />
        }
    })
}

#[component]
pub(super) fn UserReachPanel(user: UserId, on_ready: Callback<Paged>) -> impl IntoView {
    let ask = Callback::new(move |query: ListQuery| -> Answer {
        Box::pin(async move { people::user_reach(&user, &query).await.map(rooms_page) })
    });
    view! {
        <Report
            title=text::USER
            why=text::USER_WHY
            labels=(text::SEARCH_ROOMS, text::ROOMS)
            words=text::USER_WORDS
            count=("room", "rooms")
            ask
            on_ready
        />
    }
}

#[component]
fn Report(
    title: &'static str,
    why: &'static str,
    /// The label and the placeholder of the search.
    labels: (&'static str, &'static str),
    words: Words,
    /// One of them and many.
    count: (&'static str, &'static str),
    ask: Callback<ListQuery, Answer>,
    /// Given the list, for loading it again.
    #[prop(optional)]
    on_ready: Option<Callback<Paged>>,
) -> impl IntoView {
    let text = RwSignal::new(String::new());
    let filter = Memo::new(move |_| Filter { text: text.get(), ..Filter::default() });
    let list = Paged::follow(filter, PAGE, ask);
    if let Some(on_ready) = on_ready {
        on_ready.run(list);
    }
    let notices = move || {
        let notice = |text: &'static str| view! { <Notice tone=NoticeTone::Warning text/> }.into_any();
        list.notices.get().into_iter().map(notice).collect_view().into_any()
    };
    let count = paged::count(list, count.0, count.1);
    let count = computed(count);
    view! {
        <When condition=move || !list.is_forbidden()>
            <section class="panel" aria-labelledby="reach">
                <div class="panel-head">
                    <h2 id="reach">{title}</h2>
                    <p class="page-count" role="status">{count.clone()}</p>
                </div>
                <div class="panel-body reach-head">
                    <p class="panel-text">{why}</p>
                    {computed(notices)}
                    <When condition=move || list.is_worth_searching()>
                        <SearchField
                            id="reach-search"
                            label=labels.0
                            placeholder=labels.1
                            present=text
                            on_search=Callback::new(move |found| text.set(found))
                            results="#reach-rows a"
                        />
                    </When>
                </div>
                <Listing
                    list
                    id="reach-rows"
                    words
                    symbol=Symbol::People
                    small=true
                    on_show_all=Callback::new(move |()| text.set(String::new()))
                    rows=move || view! { <ul class="reach" id="reach-rows">{paged::rows(list)}</ul> }
                />
            </section>
        </When>
    }
}

fn people_page(reach: RoomReach) -> Page {
    Page {
        rows: reach.people.into_iter().map(person_row).collect(),
        n_matching: reach.n_matching,
        n_all: reach.n_all,
        next_cursor: reach.next_cursor,
        notices: (!reach.remote_access_enabled).then_some(text::SWITCHED_OFF).into_iter().collect(),
    }
}

fn rooms_page(reach: UserReach) -> Page {
    let switched_off = (!reach.remote_access_enabled).then_some(text::SWITCHED_OFF);
    let disabled = reach.disabled.then_some(text::ACCOUNT_DISABLED);
    Page {
        rows: reach.rooms.into_iter().map(room_row).collect(),
        n_matching: reach.n_matching,
        n_all: reach.n_all,
        next_cursor: reach.next_cursor,
        notices: disabled.into_iter().chain(switched_off).collect(),
    }
}

fn person_row(person: ReachingPerson) -> Row {
    Row::new(format!("{person:?}"), move || {
        let ReachingPerson { user, access, by } = person.clone();
        let path = sees_people().then(|| format!("/settings/people/users/{}", user.id));
        view! { <Reached name=user.name path note=user.email access by/> }.into_any()
    })
}

fn room_row(room: ReachedRoom) -> Row {
    Row::new(format!("{room:?}"), move || {
        let ReachedRoom { room, access, by } = room.clone();
        let path = Some(format!("/rooms/{}", room.id));
        view! { <Reached name=room.name path note=place_words(&room.place) access by/> }.into_any()
    })
}

#[component]
fn Reached(name: String, path: Option<String>, note: String, access: Access, by: Vec<ReachBy>) -> impl IntoView {
    view! {
        <li class="reached">
            <div class="reached-head">
                <div class="reached-name">
                    {linked(name, path)}
                    <span class="faint">{note}</span>
                </div>
                <AccessBadge access/>
            </div>
            <ul class="reached-by">{by.into_iter().map(grant).collect_view()}</ul>
        </li>
    }
}

/// A sentence about one assignment.
fn grant(by: ReachBy) -> AnyView {
    let links = sees_people();
    let role = linked(by.role.name, links.then(|| format!("/settings/roles/{}", by.role.id)));
    let via = by.via.map(|group| {
        let group = linked(group.name, links.then(|| format!("/settings/people/groups/{}", group.id)));
        view! { " through the group " {group} }
    });
    view! {
        <li class="reached-grant">
            <span>
                <strong>{by.assignment_name}</strong>
                {format!(" gives {} with the role ", by.access.name())}
                {role}
                {via}
                {covers(by.covers)}
            </span>
            {by.self_made.then(|| view! { <Badge tone=BadgeTone::Warning symbol=Symbol::Warning text=text::SELF_MADE/> })}
        </li>
    }
    .into_any()
}

fn covers(covers: Covers) -> String {
    match covers {
        Covers::Room => ", for this room itself.".to_owned(),
        Covers::RoomGroup(name) => format!(", for the room group {name}."),
        Covers::Place(path) => format!(", for {}.", place_words(&path)),
        Covers::Everywhere => ", for every room.".to_owned(),
    }
}

fn linked(name: String, path: Option<String>) -> AnyView {
    match path {
        Some(path) => view! { <a href=path>{name}</a> }.into_any(),
        None => view! { <span>{name}</span> }.into_any(),
    }
}

/// Whether the pages about people and roles are for this person.
fn sees_people() -> bool {
    expect_context::<Login>().may_everywhere(Permission::RoleView)
}
