//! The rows. Arrow keys move between rooms, Enter opens one; the next page loads when the end comes into view.

use leptos::html;
use leptos::prelude::*;
use protocol::api::RoomSummary;

use super::list::{List, Row};
use crate::browser::page::{self, Step};
use crate::browser::visibility::Visibility;
use crate::components::{Entry, Icon, Symbol, When, computed, effect, keyed_list};
use crate::pages::room_words::{AccessBadge, CallBadge, PeopleBadge, StateBadge, place_words};
use crate::state::clock::Clock;

mod text {
    pub(super) const ROOMS: &str = "Rooms";
    pub(super) const ROOM: &str = "Room";
    pub(super) const STATE: &str = "State";
    pub(super) const NOW: &str = "Right now";
    pub(super) const ACCESS: &str = "Your access";
    pub(super) const LAST_SEEN: &str = "Last seen";
    pub(super) const NO_ACCESS: &str = "None";
    pub(super) const NEVER: &str = "Never";
    pub(super) const QUIET: &str = "Free";
    pub(super) const MORE: &str = "Show more rooms";
    pub(super) const LOADING: &str = "Loading more rooms";
}

#[component]
pub(super) fn Table(list: List) -> impl IntoView {
    let step = move |event: leptos::ev::KeyboardEvent| {
        if Step::downwards(&event.key()).is_some_and(|step| page::step_focus(&event, ".table-link", step)) {
            event.prevent_default();
        }
    };
    view! {
        <table class="table" role="table" aria-label=text::ROOMS aria-rowcount=move || list.n_matching.get().to_string()>
            <thead role="rowgroup">
                <tr role="row">
                    <th role="columnheader" scope="col">{text::ROOM}</th>
                    <th role="columnheader" scope="col">{text::STATE}</th>
                    <th role="columnheader" scope="col">{text::NOW}</th>
                    <th role="columnheader" scope="col">{text::ACCESS}</th>
                    <th role="columnheader" scope="col">{text::LAST_SEEN}</th>
                </tr>
            </thead>
            <tbody role="rowgroup" on:keydown=step>
                {keyed_list(move || list.rows.get().into_iter().map(entry).collect())}
            </tbody>
        </table>
        <When condition=move || list.has_more()>
            <More list/>
        </When>
    }
}

fn entry(row: Row) -> Entry {
    Entry::new(row.id.clone(), move || view! { <RowView row/> }.into_any())
}

#[component]
fn RowView(row: Row) -> impl IntoView {
    let Row { id, room } = row;
    let path = format!("/rooms/{id}");
    let part = |of: fn(&RoomSummary) -> AnyView| {
        let room = room.clone();
        computed(move || room.with(of))
    };
    let words = |of: fn(&RoomSummary) -> String| {
        let room = room.clone();
        computed(move || room.with(of))
    };
    view! {
        <tr role="row" class="table-row">
            <th role="rowheader" scope="row" class="table-main">
                <a class="table-link" href=path>{words(|room| room.name.clone())}</a>
                <span class="table-note">{words(|room| place_words(&room.place))}</span>
            </th>
            <td role="cell">{part(|room| view! { <StateBadge state=room.state/> }.into_any())}</td>
            <td role="cell" class="room-now">{part(now)}</td>
            <td role="cell">{part(access)}</td>
            <td role="cell" class="room-seen">{part(last_seen)}</td>
        </tr>
    }
}

fn now(room: &RoomSummary) -> AnyView {
    let is_free = room.n_sessions == 0 && room.call == protocol::api::CallStatus::Idle;
    if is_free {
        return view! { <span class="faint">{text::QUIET}</span> }.into_any();
    }
    view! {
        <span class="badges">
            <PeopleBadge n_sessions=room.n_sessions/>
            <CallBadge call=room.call/>
        </span>
    }
    .into_any()
}

fn access(room: &RoomSummary) -> AnyView {
    match room.access {
        Some(access) => view! { <AccessBadge access/> }.into_any(),
        None => view! { <span class="faint">{text::NO_ACCESS}</span> }.into_any(),
    }
}

fn last_seen(room: &RoomSummary) -> AnyView {
    let clock = expect_context::<Clock>();
    match room.last_seen_at {
        Some(at) => computed(move || clock.ago(at)).into_any(),
        None => view! { <span class="faint">{text::NEVER}</span> }.into_any(),
    }
}

/// The end of what is loaded.
#[component]
fn More(list: List) -> impl IntoView {
    let end = NodeRef::<html::Div>::new();
    let watch = StoredValue::new_local(None);
    effect(move || {
        let visibility = end.get().and_then(|element| Visibility::watch(&element, move || list.extend()));
        watch.set_value(visibility);
    });
    // Watched anew after every page: an end that stays in view is no change to the browser.
    effect(move || {
        list.rows.track();
        let visibility = end.get_untracked().and_then(|element| Visibility::watch(&element, move || list.extend()));
        watch.set_value(visibility);
    });
    view! {
        <div class="more" node_ref=end>
            <button type="button" class="button" on:click=move |_| list.extend()>
                {move || if list.extending.get() {
                    view! { <span class="spinner" aria-hidden="true"></span> {text::LOADING} }.into_any()
                } else {
                    view! { <Icon symbol=Symbol::ChevronDown/> {text::MORE} }.into_any()
                }}
            </button>
        </div>
    }
}
