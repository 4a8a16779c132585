//! `/help/session`: everything about the session screen. The text is a document of its own, one per language.

use leptos::prelude::*;

use super::heading::Heading;
use crate::browser::page;

mod text {
    pub(super) const TITLE: &str = "Help on sessions";
    pub(super) const LEAD: &str = "What every control does, what people in the room see, and how to get out again.";
}

const DOCUMENT: &str = include_str!("help_session.en.html");

#[component]
pub fn HelpSession() -> impl IntoView {
    // The document comes after the address: an anchor in it is looked for again.
    request_animation_frame(|| page::scroll_to(&page::fragment()));
    view! {
        <div class="page help">
            <div class="page-head">
                <Heading title=Signal::stored(text::TITLE.to_owned())/>
                <p class="lead">{text::LEAD}</p>
            </div>
            <div class="help-body" inner_html=DOCUMENT></div>
        </div>
    }
}
