use leptos::html;
use leptos::prelude::*;
use protocol::ids::DisplayInfo;

use super::engine::Engine;
use crate::components::{DropDown, DropDownKind, Entry, Symbol, effect, keyed_list};

/// Chooses the display of this viewer, with a live small picture of each.
#[component]
pub(super) fn DisplaySwitcher(engine: Engine) -> impl IntoView {
    let state = engine.state();
    let choice = move |info: DisplayInfo| {
        let key = format!("{} {} × {}", info.id.name(), info.size.width, info.size.height);
        Entry::new(key, move || view! { <DisplayChoice engine info/> }.into_any())
    };
    view! {
        <DropDown
            id="session-displays"
            label="Displays"
            symbol=Symbol::Display
            kind=DropDownKind::Choice
            button_class="session-control"
            disabled=move || !state.is_live()
            on_toggle=Callback::new(move |open| engine.watch_thumbnails(open))
        >
            <div class="session-display-list" role="radiogroup" aria-label="Display to show">
                {keyed_list(move || state.displays.get().into_iter().map(choice).collect())}
            </div>
        </DropDown>
    }
}

#[component]
fn DisplayChoice(engine: Engine, info: DisplayInfo) -> impl IntoView {
    let selected = engine.state().selected;
    let canvas = NodeRef::<html::Canvas>::new();
    effect(move || {
        if let Some(canvas) = canvas.get() {
            engine.show_thumbnails_on(info.id, canvas);
        }
    });
    let is_selected = move || selected.get() == info.id;
    view! {
        <button
            type="button"
            class="session-display"
            role="radio"
            aria-checked=move || is_selected().to_string()
            tabindex=move || if is_selected() { "0" } else { "-1" }
            on:click=move |_| engine.select_display(info.id)
        >
            <canvas
                node_ref=canvas
                class="session-thumbnail"
                aria-hidden="true"
                style:aspect-ratio=format!("{} / {}", info.size.width, info.size.height)
            ></canvas>
            <span class="session-display-name">{info.id.name()}</span>
            <span class="session-display-size" aria-hidden="true">{format!("{} × {}", info.size.width, info.size.height)}</span>
        </button>
    }
}
