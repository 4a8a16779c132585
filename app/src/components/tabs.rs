use leptos::prelude::*;

/// One tab: an address of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tab {
    pub id: &'static str,
    pub name: &'static str,
    pub path: String,
}

/// A row of tabs. The panel below has the id `panel-{id}` and is labelled by `tab-{id}`.
#[component]
pub fn Tabs(
    #[prop(into)] label: String,
    tabs: Vec<Tab>,
    /// The id of the tab on show.
    #[prop(into)]
    current: Signal<&'static str>,
    /// The arrow keys, for moving the focus.
    on_key: Callback<leptos::ev::KeyboardEvent>,
) -> impl IntoView {
    let tab = move |tab: Tab| {
        let Tab { id, name, path } = tab;
        let is_current = move || current.get() == id;
        view! {
            <a
                role="tab"
                class="tab"
                id=format!("tab-{id}")
                href=path
                data-noscroll="true"
                aria-selected=move || if is_current() { "true" } else { "false" }
                aria-controls=move || is_current().then(|| format!("panel-{id}"))
                tabindex=move || if is_current() { "0" } else { "-1" }
            >
                {name}
            </a>
        }
        .into_any()
    };
    view! {
        <div class="tabs" role="tablist" aria-label=label on:keydown=move |event| on_key.run(event)>
            {tabs.into_iter().map(tab).collect_view()}
        </div>
    }
}
