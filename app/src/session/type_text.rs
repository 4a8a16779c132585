use std::time::Duration;

use leptos::html;
use leptos::prelude::*;
use protocol::input::InputEvent;

use super::engine::Engine;
use super::typed_text::{CHARACTERS_MAX, PAUSE_MS, pieces};
use crate::components::Dialog;

/// Takes a text and types it on the console, a few characters at a time. The text is kept nowhere.
#[component]
pub(super) fn TypeText(engine: Engine, open: RwSignal<bool>) -> impl IntoView {
    let field = NodeRef::<html::Textarea>::new();
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Some(field) = field.get_untracked() else { return };
        let mut pieces = pieces(&field.value());
        field.set_value("");
        pieces.reverse();
        open.set(false);
        send_next(engine, pieces);
    };
    view! {
        <Dialog open title="Type text on the console">
            <form class="session-typing" on:submit=on_submit>
                <label for="session-type-text">"Text"</label>
                <textarea
                    id="session-type-text"
                    node_ref=field
                    class="session-type-text"
                    rows="6"
                    maxlength=CHARACTERS_MAX.to_string()
                    autocomplete="off"
                    spellcheck="false"
                    autofocus
                ></textarea>
                <p class="field-hint">
                    "It is typed where the console's cursor is, whatever its keyboard layout. It is not kept or logged. Do not type passwords of privileged accounts."
                </p>
                <div class="dialog-actions">
                    <button type="button" class="button" on:click=move |_| open.set(false)>"Cancel"</button>
                    <button type="submit" class="button button-primary">"Type"</button>
                </div>
            </form>
        </Dialog>
    }
}

/// Sends the last of `pieces` and leaves the rest for later; stops when the session may not type any more.
fn send_next(engine: Engine, mut pieces: Vec<Vec<InputEvent>>) {
    let Some(piece) = pieces.pop() else { return };
    if engine.state().phase.try_get_untracked() != Some(super::state::Phase::Live) {
        return;
    }
    for event in piece {
        engine.input(event);
    }
    if !pieces.is_empty() {
        set_timeout(move || send_next(engine, pieces), Duration::from_millis(PAUSE_MS));
    }
}
