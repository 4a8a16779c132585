use leptos::prelude::*;

use crate::components::{Icon, Symbol};

/// The help page of the session, in a tab of its own.
#[component]
pub(super) fn HelpLink() -> impl IntoView {
    view! {
        <a class="session-control" title="Help" href="/help/session" target="_blank" rel="noopener external">
            <Icon symbol=Symbol::Help/>
            <span>"Help"</span>
        </a>
    }
}
