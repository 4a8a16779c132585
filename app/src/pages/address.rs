//! What a list is narrowed to, in the address of its page.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};
use leptos_router::params::ParamsMap;

/// The query of the present address, and what replaces it.
///
/// Not `query_signal`, which changes the address a frame later and to the path that it had before: somebody who opened a
/// result in between was brought back to the list.
pub(super) fn query() -> (Memo<ParamsMap>, Callback<ParamsMap>) {
    let location = use_location();
    let navigate = use_navigate();
    let own_path = location.pathname.get_untracked();
    let replace = Callback::new(move |query: ParamsMap| {
        if location.pathname.with_untracked(|path| *path == own_path) {
            let options = NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() };
            navigate(&format!("{own_path}{}", query.to_query_string()), options);
        }
    });
    (location.query, replace)
}

/// A query of those that have a value.
pub(super) fn query_of(values: impl IntoIterator<Item = (&'static str, Option<String>)>) -> ParamsMap {
    let mut query = ParamsMap::new();
    for (name, value) in values {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            query.insert(name, value);
        }
    }
    query
}
