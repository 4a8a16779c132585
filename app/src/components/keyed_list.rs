use leptos::prelude::*;

/// One of a list that changes.
pub struct Entry {
    key: String,
    draw: Box<dyn FnOnce() -> AnyView + Send>,
}

impl Entry {
    /// `draw` runs when the key is new to the list.
    pub fn new(key: impl ToString, draw: impl FnOnce() -> AnyView + Send + 'static) -> Self {
        Self { key: key.to_string(), draw: Box::new(draw) }
    }
}

/// A list that changes: entries that stay, by their key, are left alone. `<For/>` for any entries, compiled once.
pub fn keyed_list(entries: impl Fn() -> Vec<Entry> + Send + 'static) -> AnyView {
    let entries: Box<dyn Fn() -> Vec<Entry> + Send> = Box::new(entries);
    view! { <For each=entries key=|entry| entry.key.clone() children=|entry| (entry.draw)()/> }.into_any()
}
