use leptos::prelude::*;

use super::engine::Engine;
use crate::components::{Dialog, Icon, Symbol};

/// Restarts the device after a question; the session survives it.
#[component]
pub(super) fn RestartDevice(engine: Engine, #[prop(into)] room_name: String) -> impl IntoView {
    let state = engine.state();
    let is_asking = RwSignal::new(false);
    let room_name = StoredValue::new(room_name);
    let confirm = move |_| {
        is_asking.set(false);
        engine.restart_device();
    };
    view! {
        <button
            type="button"
            class="session-control"
            title="Restart device"
            aria-haspopup="dialog"
            disabled=move || !state.is_live()
            on:click=move |_| is_asking.set(true)
        >
            <Icon symbol=Symbol::Refresh/>
            <span>"Restart device"</span>
        </button>
        <Dialog open=is_asking title="Restart the device now?">
            <p>
                {move || format!("The displays in {} go dark for a few minutes. Unsaved work on the console is lost.", room_name.get_value())}
            </p>
            <p>"This session stays open and goes on with the same display when the device is back."</p>
            <div class="dialog-actions">
                <button type="button" class="button" autofocus on:click=move |_| is_asking.set(false)>"Cancel"</button>
                <button type="button" class="button button-danger" on:click=confirm>"Restart now"</button>
            </div>
        </Dialog>
    }
}
