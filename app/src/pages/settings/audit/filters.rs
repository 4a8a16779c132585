//! What narrows the log down. All of it is in the address, so that a link shows the same.

use leptos::prelude::*;
use protocol::api::AuditCategory;

use crate::components::{Icon, SearchField, Symbol, computed};
use crate::pages::address;
use crate::pages::paged::Filter;

mod text {
    pub(super) const SEARCH: &str = "Search the audit log";
    pub(super) const PLACEHOLDER: &str = "Search by person, room or anything else";
    pub(super) const FROM: &str = "From";
    pub(super) const TO: &str = "To";
    pub(super) const KIND: &str = "Kind";
    pub(super) const EVERYTHING: &str = "Everything";
    pub(super) const FAILED: &str = "Only what was not done";
    pub(super) const REFRESH: &str = "Refresh";
    pub(super) const ONE_ROOM: &str = "One room only";
    pub(super) const ONE_SESSION: &str = "One session only";
    pub(super) const WHOLE_LOG: &str = "Show the whole log";
}

// Names in the address.
pub(super) const FROM: &str = "from";
pub(super) const TO: &str = "to";
const CATEGORY: &str = "category";
const FAILED: &str = "failed";
const ROOM: &str = "room";
const SESSION: &str = "session";
const MORE: [&str; 6] = [FROM, TO, CATEGORY, FAILED, ROOM, SESSION];

/// The filter in the address, and what replaces it.
pub(super) fn from_address() -> (Memo<Filter>, Callback<Filter>) {
    let (query, replace) = address::query();
    let filter = Memo::new(move |_| {
        query.with(|query| {
            let present = MORE.into_iter().filter_map(|name| Some((name, query.get(name)?)));
            Filter { text: query.get("q").unwrap_or_default(), state: None, more: present.collect() }
        })
    });
    let set_filter = Callback::new(move |filter: Filter| {
        let values = [("q", filter.text)].into_iter().chain(filter.more);
        replace.run(address::query_of(values.map(|(name, value)| (name, Some(value)))));
    });
    (filter, set_filter)
}

#[component]
pub(super) fn Filters(filter: Memo<Filter>, set_filter: Callback<Filter>, on_refresh: Callback<()>) -> impl IntoView {
    let present = move |name: &'static str| move || filter.with(|filter| value(filter, name));
    let set = move |name: &'static str, value: String| set_filter.run(with(filter.get_untracked(), name, value));
    let day = move |id: &'static str, label: &'static str, name: &'static str| {
        view! {
            <div class="field field-short">
                <label for=id>{label}</label>
                <input
                    id=id
                    type="date"
                    class="input"
                    prop:value=present(name)
                    on:change=move |event| set(name, event_target_value(&event))
                />
            </div>
        }
        .into_any()
    };
    let categories = AuditCategory::ALL.iter().map(|category| {
        let id = category.id();
        view! { <option value=id selected=move || present(CATEGORY)() == id>{category.name()}</option> }.into_any()
    });
    let set_text = Callback::new(move |text| set_filter.run(Filter { text, ..filter.get_untracked() }));
    let only = computed(move || {
        let words = match (present(SESSION)().is_empty(), present(ROOM)().is_empty()) {
            (false, _) => text::ONE_SESSION,
            (true, false) => text::ONE_ROOM,
            (true, true) => return None,
        };
        let everything =
            move |_| set_filter.run(with(with(filter.get_untracked(), ROOM, String::new()), SESSION, String::new()));
        Some(
            view! {
                <p class="event-only">
                    <span>{words}</span>
                    <button type="button" class="button" on:click=everything>{text::WHOLE_LOG}</button>
                </p>
            }
            .into_any(),
        )
    });
    view! {
        <div class="filters audit-filters">
            <SearchField
                id="audit-search"
                label=text::SEARCH
                placeholder=text::PLACEHOLDER
                present=move || filter.with(|filter| filter.text.clone())
                on_search=set_text
                results=".event summary"
                shortcut=true
            />
            {day("audit-from", text::FROM, FROM)}
            {day("audit-to", text::TO, TO)}
            <div class="field field-short">
                <label for="audit-kind">{text::KIND}</label>
                <select id="audit-kind" class="input" on:change=move |event| set(CATEGORY, event_target_value(&event))>
                    <option value="">{text::EVERYTHING}</option>
                    {categories.collect_view()}
                </select>
            </div>
            <label class="choice choice-plain">
                <input
                    type="checkbox"
                    prop:checked=move || !present(FAILED)().is_empty()
                    on:change=move |event| set(FAILED, if event_target_checked(&event) { "true".to_owned() } else { String::new() })
                />
                <span class="choice-name">{text::FAILED}</span>
            </label>
            <button type="button" class="button" on:click=move |_| on_refresh.run(())>
                <Icon symbol=Symbol::Refresh/>
                {text::REFRESH}
            </button>
        </div>
        {only}
    }
}

fn value(filter: &Filter, name: &str) -> String {
    filter.more.iter().find(|(present, _)| *present == name).map(|(_, value)| value.clone()).unwrap_or_default()
}

/// The filter with another value; an empty one takes it away.
fn with(mut filter: Filter, name: &'static str, value: String) -> Filter {
    filter.more.retain(|(present, _)| *present != name);
    if !value.is_empty() {
        filter.more.push((name, value));
    }
    filter
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_there_once_and_an_empty_one_not_at_all() {
        let filter = with(with(Filter::default(), ROOM, "aurora".to_owned()), ROOM, "fjord".to_owned());
        assert_eq!(filter.more, [(ROOM, "fjord".to_owned())]);
        assert_eq!(value(&filter, ROOM), "fjord");
        assert!(with(filter, ROOM, String::new()).is_empty());
    }
}
