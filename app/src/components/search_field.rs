use std::time::Duration;

use leptos::ev;
use leptos::prelude::*;

use super::icon::{Icon, Symbol};
use super::reactive::effect;
use crate::browser::page;

/// Long enough to type the next letter.
const PAUSE: Duration = Duration::from_millis(180);

/// Searches while the person types. The arrow key down goes to what was found, Escape empties the field.
#[component]
pub fn SearchField(
    id: &'static str,
    label: &'static str,
    placeholder: &'static str,
    /// What is searched for now; changes on its own with the address.
    #[prop(into)]
    present: Signal<String>,
    on_search: Callback<String>,
    /// The selector of what was found.
    results: &'static str,
    /// `/` comes here from anywhere on the page.
    #[prop(optional)]
    shortcut: bool,
) -> impl IntoView {
    let typed = RwSignal::new(present.get_untracked());
    let asked = StoredValue::new(typed.get_untracked());
    let search = move |text: String| {
        asked.set_value(text.clone());
        if present.with_untracked(|present| *present != text) {
            on_search.run(text);
        }
    };
    let mut search_soon = debounce(PAUSE, move |text: String| {
        // Not any more when the person has gone on to another page.
        if asked.try_get_value().is_some() {
            search(text);
        }
    });
    effect(move || {
        let text = present.get();
        // Its own search comes back by the address, while the next letters are typed.
        if asked.get_value() != text {
            asked.set_value(text.clone());
            typed.set(text);
        }
    });
    if shortcut {
        let shortcut = window_event_listener(ev::keydown, move |event| {
            if event.key() == "/" && !page::is_meant_elsewhere(&event) && page::focus(&format!("#{id}")) {
                event.prevent_default();
            }
        });
        on_cleanup(move || shortcut.remove());
    }
    view! {
        <div class="search" role="search">
            <label class="only-read" for=id>{label}</label>
            <Icon symbol=Symbol::Search/>
            <input
                id=id
                type="search"
                class="input"
                placeholder=placeholder
                autocomplete="off"
                spellcheck="false"
                aria-keyshortcuts=shortcut.then_some("/")
                prop:value=move || typed.get()
                on:input=move |event| {
                    let text = event_target_value(&event);
                    typed.set(text.clone());
                    search_soon(text.trim().to_owned());
                }
                on:keydown=move |event| {
                    if event.key() == "ArrowDown" && page::focus(results) {
                        event.prevent_default();
                    } else if event.key() == "Escape" {
                        typed.set(String::new());
                        search(String::new());
                    }
                }
            />
            {shortcut.then(|| view! { <kbd class="search-key" aria-hidden="true" title="Press / to search">"/"</kbd> }.into_any())}
        </div>
    }
}
