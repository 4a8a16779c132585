//! Any address that leads nowhere.

use leptos::prelude::*;

use super::heading::Heading;

mod text {
    pub(super) const TITLE: &str = "There is no such page";
    pub(super) const WHY: &str = "The address may be mistyped, or what it led to is gone.";
    pub(super) const BACK: &str = "Go to your rooms";
}

#[component]
pub fn NotFound() -> impl IntoView {
    view! {
        <div class="page page-centred">
            <p class="big-code" aria-hidden="true">"404"</p>
            <Heading title=Signal::stored(text::TITLE.to_owned())/>
            <p class="lead">{text::WHY}</p>
            <p><a class="button button-primary" href="/rooms">{text::BACK}</a></p>
        </div>
    }
}
