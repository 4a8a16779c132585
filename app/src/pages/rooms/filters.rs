//! What narrows the list down: the counters, which are buttons, and the search.

use leptos::prelude::*;
use protocol::api::{RoomCounters, RoomState};

use super::list::Filter;
use crate::components::{Icon, SearchField, computed};
use crate::pages::room_words::{STATES, state_words};

mod text {
    pub(super) const FILTERS: &str = "Filter by state";
    pub(super) const ALL: &str = "All rooms";
    pub(super) const SEARCH: &str = "Search rooms";
    pub(super) const PLACEHOLDER: &str = "Search by name or place";
}

/// How many rooms are how; each number is a filter.
#[component]
pub(super) fn StateFilters(
    counters: RwSignal<Option<RoomCounters>>,
    filter: Memo<Filter>,
    set_filter: Callback<Filter>,
) -> impl IntoView {
    let choose = move |state| set_filter.run(Filter { state, ..filter.get_untracked() });
    let button = move |state: Option<RoomState>| {
        let is_on = move || filter.with(|filter| filter.state == state);
        let number = computed(move || {
            counters.with(|counters| counters.as_ref().map(|counters| count(counters, state).to_string()))
        });
        let words = state.map(state_words);
        let name = words.as_ref().map_or(text::ALL, |words| words.name);
        let icon = words.as_ref().map(|words| view! { <Icon symbol=words.symbol/> });
        view! {
            <button
                type="button"
                class="counter"
                data-state=state.map(crate::api::state_id)
                title=words.map(|words| words.meaning)
                aria-pressed=move || if is_on() { "true" } else { "false" }
                on:click=move |_| choose(if is_on() { None } else { state })
            >
                <span class="counter-number">{number}</span>
                <span class="counter-name">{icon}{name}</span>
            </button>
        }
        .into_any()
    };
    // That a console waits is seldom; only then there is something to count.
    let waits = Memo::new(move |_| {
        filter.with(|filter| filter.state == Some(RoomState::Pending))
            || counters.with(|counters| counters.as_ref().is_some_and(|counters| 0 < counters.pending))
    });
    let one = |state| match state {
        RoomState::Pending => computed(move || waits.get().then(|| button(Some(state)))).into_any(),
        _ => button(Some(state)),
    };
    view! {
        <div class="counters" role="group" aria-label=text::FILTERS>
            {button(None)}
            {STATES.into_iter().map(one).collect_view()}
        </div>
    }
}

/// Searches while the person types.
#[component]
pub(super) fn Search(filter: Memo<Filter>, set_filter: Callback<Filter>) -> impl IntoView {
    let search = Callback::new(move |text: String| set_filter.run(Filter { text, ..filter.get_untracked() }));
    let present = Signal::derive(move || filter.with(|filter| filter.text.clone()));
    view! {
        <SearchField
            id="room-search"
            label=text::SEARCH
            placeholder=text::PLACEHOLDER
            present
            on_search=search
            results=".table-link"
            shortcut=true
        />
    }
}

fn count(counters: &RoomCounters, state: Option<RoomState>) -> u32 {
    match state {
        Some(RoomState::Healthy) => counters.healthy,
        Some(RoomState::Unhealthy) => counters.unhealthy,
        Some(RoomState::Disconnected) => counters.disconnected,
        Some(RoomState::Suppressed) => counters.suppressed,
        Some(RoomState::Pending) => counters.pending,
        Some(RoomState::NotEnrolled) => counters.not_enrolled,
        None => super::sum(counters),
    }
}
