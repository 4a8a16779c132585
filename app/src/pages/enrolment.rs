//! How a console is connected: shown after a room was added, and on the page of a room without a console.

use leptos::prelude::*;
use protocol::api::EnrolmentOffer;

use super::copying::{WORDS, copying};
use crate::components::CopyField;
use crate::state::clock::Clock;

mod text {
    pub(super) const INSTALL: &str = "Install the Redring agent on the console of the room.";
    pub(super) const RUN: &str = "Run this command there. It works once.";
    pub(super) const COMMAND: &str = "Command";
    pub(super) const STRING: &str = "Or only the enrolment string";
    pub(super) const WATCH: &str = "Wait here until the console shows up, then compare its key and approve it.";
    pub(super) const RUN_OUT: &str = "This string is too old by now. Create a new one on the page of the room.";

    pub(super) fn keep_secret(until: &str) -> String {
        format!(
            "Whoever has this string can connect a console in the name of this room until {until}. Share it only with the person who installs."
        )
    }
}

#[component]
pub(super) fn EnrolmentSteps(offer: EnrolmentOffer) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let expires_at = offer.expires_at;
    view! {
        <ol class="steps">
            <li>{text::INSTALL}</li>
            <li>
                {text::RUN}
                <CopyField label=text::COMMAND value=offer.command words=WORDS on_copy=copying()/>
                <details class="more-of-it">
                    <summary>{text::STRING}</summary>
                    <CopyField label=text::STRING value=offer.enrolment words=WORDS on_copy=copying()/>
                </details>
            </li>
            <li>{text::WATCH}</li>
        </ol>
        <p class="fine-print" role="status">
            {move || if clock.is_past(expires_at) { text::RUN_OUT.to_owned() } else { text::keep_secret(&clock.at(expires_at)) }}
        </p>
    }
}
