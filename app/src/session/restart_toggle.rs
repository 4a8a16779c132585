use leptos::prelude::*;

use super::engine::Engine;

/// Whether the device restarts when the session ends. On for every new session; the console has the last word.
#[component]
pub(super) fn RestartToggle(engine: Engine) -> impl IntoView {
    let state = engine.state();
    view! {
        <button
            type="button"
            class="session-control session-switch"
            role="switch"
            title="Restart at end"
            aria-checked=move || state.restart_on_end.get().to_string()
            disabled=move || !state.is_live()
            on:click=move |_| engine.set_restart_on_end(!state.restart_on_end.get_untracked())
        >
            <span class="session-switch-track" aria-hidden="true"><span class="session-switch-thumb"></span></span>
            <span>"Restart at end"</span>
        </button>
    }
}
