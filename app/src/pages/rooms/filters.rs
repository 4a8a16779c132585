//! What narrows the list down: the counters, which are buttons, and the search.

use std::time::Duration;

use leptos::ev;
use leptos::prelude::*;
use protocol::api::{RoomCounters, RoomState};

use super::list::Filter;
use crate::browser::page;
use crate::components::{Icon, Symbol, computed, effect};
use crate::pages::room_words::{STATES, state_words};

mod text {
    pub(super) const FILTERS: &str = "Filter by state";
    pub(super) const ALL: &str = "All rooms";
    pub(super) const SEARCH: &str = "Search rooms";
    pub(super) const PLACEHOLDER: &str = "Search by name or place";
    pub(super) const SHORTCUT: &str = "Press / to search";
}

/// Long enough to type the next letter.
const PAUSE: Duration = Duration::from_millis(180);

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
    view! {
        <div class="counters" role="group" aria-label=text::FILTERS>
            {button(None)}
            {STATES.into_iter().map(|state| button(Some(state))).collect_view()}
        </div>
    }
}

/// Searches while the person types. `/` comes here from anywhere on the page, Escape empties the field.
#[component]
pub(super) fn Search(filter: Memo<Filter>, set_filter: Callback<Filter>) -> impl IntoView {
    let typed = RwSignal::new(filter.with_untracked(|filter| filter.text.clone()));
    let search = move |text: String| {
        let present = filter.get_untracked();
        if present.text != text {
            set_filter.run(Filter { text, ..present });
        }
    };
    let mut search_soon = debounce(PAUSE, move |text: String| search(text));
    // The address changes on its own with Back and with "Show all rooms".
    effect(move || {
        let text = filter.with(|filter| filter.text.clone());
        if typed.with_untracked(|typed| typed.trim() != text) {
            typed.set(text);
        }
    });
    let shortcut = window_event_listener(ev::keydown, |event| {
        if event.key() == "/" && !page::is_meant_elsewhere(&event) && page::focus("#room-search") {
            event.prevent_default();
        }
    });
    on_cleanup(move || shortcut.remove());
    view! {
        <div class="search" role="search">
            <label class="only-read" for="room-search">{text::SEARCH}</label>
            <Icon symbol=Symbol::Search/>
            <input
                id="room-search"
                type="search"
                class="input"
                placeholder=text::PLACEHOLDER
                autocomplete="off"
                spellcheck="false"
                aria-keyshortcuts="/"
                prop:value=move || typed.get()
                on:input=move |event| {
                    let text = event_target_value(&event);
                    typed.set(text.clone());
                    search_soon(text.trim().to_owned());
                }
                on:keydown=move |event| {
                    if event.key() == "ArrowDown" && page::focus(".room-link") {
                        event.prevent_default();
                    } else if event.key() == "Escape" {
                        typed.set(String::new());
                        search(String::new());
                    }
                }
            />
            <kbd class="search-key" aria-hidden="true" title=text::SHORTCUT>"/"</kbd>
        </div>
    }
}

const fn count(counters: &RoomCounters, state: Option<RoomState>) -> u32 {
    match state {
        Some(RoomState::Healthy) => counters.healthy,
        Some(RoomState::Unhealthy) => counters.unhealthy,
        Some(RoomState::Disconnected) => counters.disconnected,
        Some(RoomState::Suppressed) => counters.suppressed,
        Some(RoomState::NotEnrolled) => counters.not_enrolled,
        None => {
            counters.healthy + counters.unhealthy + counters.disconnected + counters.suppressed + counters.not_enrolled
        }
    }
}
