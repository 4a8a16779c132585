use leptos::prelude::*;

use super::engine::Engine;
use crate::components::{Dialog, Icon, Symbol, When};

/// Ends the session after saying what will happen.
#[component]
pub(super) fn EndButton(engine: Engine) -> impl IntoView {
    let state = engine.state();
    let is_asking = RwSignal::new(false);
    let confirm = move |_| {
        is_asking.set(false);
        engine.end();
    };
    let others = move || state.people.with(|people| people.iter().filter(|person| !person.you).count());
    view! {
        <button
            type="button"
            class="session-control session-control-end"
            title="End session"
            aria-haspopup="dialog"
            disabled=move || state.phase.get().is_over()
            on:click=move |_| is_asking.set(true)
        >
            <Icon symbol=Symbol::End/>
            <span>"End session"</span>
        </button>
        <Dialog open=is_asking title="End this session?">
            <p>
                {move || {
                    if state.restart_on_end.get() {
                        "The device restarts when the session has ended, because Restart at end is on."
                    } else {
                        "The device does not restart, because Restart at end is off. Sign out of anything that you signed in to."
                    }
                }}
            </p>
            <When condition=move || 0 < others()>
                <p>"Others are connected: for them the console goes on until the last of them leaves."</p>
            </When>
            <div class="dialog-actions">
                <button type="button" class="button" autofocus on:click=move |_| is_asking.set(false)>"Stay connected"</button>
                <button type="button" class="button button-danger" on:click=confirm>"End now"</button>
            </div>
        </Dialog>
    }
}
