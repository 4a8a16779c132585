//! `/settings/people/…`: users and groups.

use leptos::prelude::*;

use crate::pages::heading::Heading;

mod text {
    pub(super) const TITLE: &str = "Users and groups";
}

/// `rest` is what follows `/settings/people/`, without slashes at its ends.
#[component]
pub fn PeoplePages(#[prop(into)] rest: Signal<String>) -> impl IntoView {
    let section = rest;
    view! {
        <div class="page-head" data-section=move || section.get()>
            <Heading title=Signal::stored(text::TITLE.to_owned())/>
        </div>
    }
}
