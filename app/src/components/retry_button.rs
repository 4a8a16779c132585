use leptos::prelude::*;

use super::icon::{Icon, Symbol};

/// Below a message that something could not be loaded: loads it again.
#[component]
pub fn RetryButton(#[prop(into)] on_retry: Callback<()>) -> impl IntoView {
    view! {
        <button type="button" class="button" on:click=move |_| on_retry.run(())>
            <Icon symbol=Symbol::Refresh/>
            "Try again"
        </button>
    }
}
