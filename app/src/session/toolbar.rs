//! The seven controls of a session, and nothing else.

use leptos::prelude::*;

use super::display_switcher::DisplaySwitcher;
use super::end_button::EndButton;
use super::engine::Engine;
use super::full_screen_button::FullScreenButton;
use super::help_link::HelpLink;
use super::keyboard::Typing;
use super::restart_device::RestartDevice;
use super::restart_toggle::RestartToggle;
use super::shortcuts::Shortcuts;
use crate::browser::page::{self, Step};

#[component]
pub(super) fn Toolbar(
    engine: Engine,
    #[prop(into)] room_name: String,
    typing: RwSignal<Typing>,
    on_type_text: Callback<()>,
    on_full_screen: Callback<()>,
) -> impl IntoView {
    let on_key = move |event: leptos::ev::KeyboardEvent| {
        // What is open below a control has its own use for the arrow keys.
        if !event.default_prevented()
            && let Some(step) = Step::sideways(&event.key())
            && page::step_focus(&event, ":scope > button, :scope > a", step)
        {
            event.prevent_default();
        }
    };
    view! {
        <div class="session-toolbar" role="toolbar" aria-label="Session" on:keydown=on_key>
            <DisplaySwitcher engine/>
            <FullScreenButton on_press=on_full_screen/>
            <Shortcuts engine typing on_type_text/>
            <RestartDevice engine room_name/>
            <RestartToggle engine/>
            <HelpLink/>
            <EndButton engine/>
        </div>
    }
}
