//! `/rooms?q=&state=`

mod add_room;
mod filters;
mod list;
mod table;

use leptos::prelude::*;
use protocol::access::Permission;
use protocol::api::RoomCounters;

use self::add_room::AddRoom;
use self::filters::{Search, StateFilters};
use self::list::{Filter, List, Phase};
use self::table::Table;
use super::address;
use super::heading::Heading;
use super::room_words::STATES;
use crate::api;
use crate::components::{EmptyState, Icon, RetryButton, Skeleton, Symbol, When, computed};
use crate::state::live::Live;
use crate::state::login::Login;

mod text {
    pub(super) const TITLE: &str = "Rooms";
    pub(super) const ADD: &str = "Add room";
    pub(super) const NONE_TITLE: &str = "Add your first room";
    pub(super) const NONE_ADDER: &str =
        "Give the room a name, then run one command on its console. A minute later it shows up here.";
    pub(super) const NO_ROOMS_TITLE: &str = "No rooms for you yet";
    pub(super) const NO_ROOMS: &str = "Rooms appear here when an administrator gives you a role for them. Ask the one who looks after your meeting rooms.";
    pub(super) const NO_MATCH_TITLE: &str = "No room matches";
    pub(super) const NO_MATCH: &str = "Try a part of the name, the building or the floor, or look at all rooms.";
    pub(super) const SHOW_ALL: &str = "Show all rooms";
    pub(super) const FAILED_TITLE: &str = "The rooms could not be loaded";

    pub(super) fn count(n_matching: u32, n_all: u32) -> String {
        let rooms = if n_all == 1 { "room" } else { "rooms" };
        if n_matching == n_all { format!("{n_all} {rooms}") } else { format!("{n_matching} of {n_all} {rooms}") }
    }
}

#[component]
pub fn RoomsPage() -> impl IntoView {
    let (filter, set_filter) = filter_in_address();
    let list = List::follow(filter);
    let adding = RwSignal::new(false);
    let may_add = login_may_add();
    expect_context::<Live>().on_event(move |event| list.take(event));
    let n_all = Memo::new(move |_| list.counters.with(|counters| counters.as_ref().map_or(0, sum)));
    let count =
        computed(move || list.counters.with(Option::is_some).then(|| text::count(list.n_matching.get(), n_all.get())));
    let add_button = computed(move || {
        let has_rooms = 0 < n_all.get();
        (may_add.get() && has_rooms).then(|| view! { <AddButton adding/> })
    });
    view! {
        <div class="page">
            <div class="page-head">
                <Heading title=Signal::stored(text::TITLE.to_owned())/>
                <p class="page-count" role="status">{count}</p>
                <div class="page-actions">{add_button}</div>
            </div>
            <When condition=move || 0 < n_all.get() || !filter.with(Filter::is_empty)>
                <StateFilters counters=list.counters filter set_filter/>
                <Search filter set_filter/>
            </When>
            <Body list filter set_filter n_all adding may_add/>
        </div>
        <AddRoom open=adding on_added=Callback::new(move |()| list.refresh())/>
    }
}

#[component]
fn AddButton(adding: RwSignal<bool>) -> impl IntoView {
    view! {
        <button type="button" class="button button-primary" on:click=move |_| adding.set(true)>
            <Icon symbol=Symbol::Plus/>
            {text::ADD}
        </button>
    }
}

/// What the body of the page is made of; changes seldom, unlike the rows.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Shape {
    Loading,
    Failed(String),
    Rows,
    NoRooms,
    NoMatch,
}

#[component]
fn Body(
    list: List,
    filter: Memo<Filter>,
    set_filter: Callback<Filter>,
    n_all: Memo<u32>,
    adding: RwSignal<bool>,
    may_add: Memo<bool>,
) -> impl IntoView {
    let shape = Memo::new(move |_| match list.phase.get() {
        Phase::Loading => Shape::Loading,
        Phase::Failed(error) => Shape::Failed(error.sentence()),
        Phase::Ready if list.rows.with(|rows| !rows.is_empty()) => Shape::Rows,
        Phase::Ready if n_all.get() == 0 && filter.with(Filter::is_empty) => Shape::NoRooms,
        Phase::Ready => Shape::NoMatch,
    });
    computed(move || {
        match shape.get() {
        Shape::Loading => view! { <div class="panel"><Skeleton n_lines=8/></div> }.into_any(),
        Shape::Failed(sentence) => view! { <Failed list sentence/> }.into_any(),
        Shape::Rows => view! { <Table list/> }.into_any(),
        Shape::NoRooms if may_add.get() => view! {
            <EmptyState symbol=Symbol::Device title=text::NONE_TITLE text=text::NONE_ADDER><AddButton adding/></EmptyState>
        }
        .into_any(),
        Shape::NoRooms => {
            view! { <EmptyState symbol=Symbol::Lock title=text::NO_ROOMS_TITLE text=text::NO_ROOMS/> }.into_any()
        }
        Shape::NoMatch => view! {
            <EmptyState symbol=Symbol::Search title=text::NO_MATCH_TITLE text=text::NO_MATCH>
                <button type="button" class="button" on:click=move |_| set_filter.run(Filter::default())>{text::SHOW_ALL}</button>
            </EmptyState>
        }
        .into_any(),
    }
    })
}

#[component]
fn Failed(list: List, sentence: String) -> impl IntoView {
    view! {
        <EmptyState symbol=Symbol::PlugOff title=text::FAILED_TITLE text=sentence>
            <RetryButton on_retry=move |()| list.retry()/>
        </EmptyState>
    }
}

/// The filter lives in the address, so that a link or a reload shows the same list.
fn filter_in_address() -> (Memo<Filter>, Callback<Filter>) {
    let (query, replace) = address::query();
    let filter = Memo::new(move |_| {
        query.with(|query| {
            let state = query.get_str("state");
            Filter {
                text: query.get("q").unwrap_or_default(),
                state: STATES.into_iter().find(|known| state == Some(api::state_id(*known))),
            }
        })
    });
    let set_filter = Callback::new(move |filter: Filter| {
        let state = filter.state.map(|state| api::state_id(state).to_owned());
        replace.run(address::query_of([("q", Some(filter.text)), ("state", state)]));
    });
    (filter, set_filter)
}

fn login_may_add() -> Memo<bool> {
    let login = expect_context::<Login>();
    Memo::new(move |_| login.may(Permission::RoomModify))
}

fn sum(counters: &RoomCounters) -> u32 {
    let RoomCounters { healthy, unhealthy, disconnected, suppressed, pending, not_enrolled } = *counters;
    healthy + unhealthy + disconnected + suppressed + pending + not_enrolled
}
