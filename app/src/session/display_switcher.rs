use leptos::html;
use leptos::prelude::*;
use protocol::ids::DisplayInfo;

use super::engine::Engine;
use crate::browser::elements;
use crate::browser::page::{self, Step};
use crate::components::{Icon, Symbol};

/// Chooses the display of this viewer, with a live small picture of each.
#[component]
pub(super) fn DisplaySwitcher(engine: Engine) -> impl IntoView {
    let state = engine.state();
    let panel = NodeRef::<html::Div>::new();
    let is_open = RwSignal::new(false);
    let on_toggle = move |_| {
        let open = panel.get_untracked().is_some_and(|panel| elements::is_popover_open(&panel));
        is_open.set(open);
        engine.watch_thumbnails(open);
        if open {
            page::focus(".session-displays [aria-checked=true]");
        }
    };
    let on_key = move |event: leptos::ev::KeyboardEvent| {
        let step = Step::sideways(&event.key()).or_else(|| Step::downwards(&event.key()));
        if step.is_some_and(|step| page::step_focus(&event, "[role=radio]", step)) {
            event.prevent_default();
        }
    };
    let on_choose = Callback::new(move |info: DisplayInfo| {
        engine.select_display(info.id);
        if let Some(panel) = panel.get_untracked() {
            // It closes by itself when it is shut already.
            let _ = panel.hide_popover();
        }
    });
    view! {
        <button
            type="button"
            class="session-control session-anchor-displays"
            popovertarget="session-displays"
            aria-haspopup="dialog"
            aria-expanded=move || is_open.get().to_string()
            disabled=move || !state.is_live()
        >
            <Icon symbol=Symbol::Display/>
            <span>"Displays"</span>
        </button>
        <div
            id="session-displays"
            class="session-panel session-displays"
            popover="auto"
            node_ref=panel
            on:toggle=on_toggle
        >
            <div class="session-display-list" role="radiogroup" aria-label="Display to show" on:keydown=on_key>
                <For each=move || state.displays.get() key=|info| info.id let:info>
                    <DisplayChoice engine info on_choose/>
                </For>
            </div>
        </div>
    }
}

#[component]
fn DisplayChoice(engine: Engine, info: DisplayInfo, on_choose: Callback<DisplayInfo>) -> impl IntoView {
    let selected = engine.state().selected;
    let canvas = NodeRef::<html::Canvas>::new();
    Effect::new(move |_| {
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
            on:click=move |_| on_choose.run(info)
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
