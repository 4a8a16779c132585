use leptos::html;
use leptos::prelude::*;
use protocol::control::Shortcut;

use super::engine::Engine;
use super::keyboard::Typing;
use crate::browser::elements;
use crate::browser::page::{self, Step};
use crate::components::{Icon, Symbol};

/// Sequences that the console performs as one, because a browser cannot send their keys; for Modify also ways to type.
#[component]
pub(super) fn Shortcuts(engine: Engine, typing: RwSignal<Typing>, on_type_text: Callback<()>) -> impl IntoView {
    let state = engine.state();
    let panel = NodeRef::<html::Div>::new();
    let is_open = RwSignal::new(false);
    let close = move || {
        if let Some(panel) = panel.get_untracked() {
            // It closes by itself when it is shut already.
            let _ = panel.hide_popover();
        }
    };
    let on_toggle = move |_| {
        let open = panel.get_untracked().is_some_and(|panel| elements::is_popover_open(&panel));
        is_open.set(open);
        if open {
            page::focus(".session-shortcuts [role^=menuitem]");
        }
    };
    let on_key = move |event: leptos::ev::KeyboardEvent| {
        if let Some(step) = Step::downwards(&event.key())
            && page::step_focus(&event, "[role^=menuitem]", step)
        {
            event.prevent_default();
        }
    };
    let perform = move |shortcut: Shortcut| {
        close();
        engine.shortcut(shortcut);
    };
    let item = move |shortcut: Shortcut| {
        view! {
            <button type="button" role="menuitem" tabindex="-1" class="session-menu-item" on:click=move |_| perform(shortcut)>
                {shortcut.name()}
            </button>
        }
    };
    let types_characters = move || typing.get() == Typing::Characters;
    let toggle_typing = move |_| {
        typing.update(|typing| {
            *typing = if *typing == Typing::Characters { Typing::Positions } else { Typing::Characters };
        });
        close();
    };
    view! {
        <button
            type="button"
            class="session-control session-anchor-shortcuts"
            popovertarget="session-shortcuts"
            aria-haspopup="menu"
            aria-expanded=move || is_open.get().to_string()
            disabled=move || !state.is_live()
        >
            <Icon symbol=Symbol::Keyboard/>
            <span>"Shortcut commands"</span>
        </button>
        <div
            id="session-shortcuts"
            class="session-panel session-shortcuts"
            popover="auto"
            role="menu"
            aria-label="Shortcut commands"
            node_ref=panel
            on:toggle=on_toggle
            on:keydown=on_key
        >
            {Shortcut::ALL.into_iter().map(item).collect_view()}
            <Show when=move || state.has_input()>
                <hr/>
                <button
                    type="button"
                    role="menuitem"
                    tabindex="-1"
                    class="session-menu-item"
                    on:click=move |_| {
                        close();
                        on_type_text.run(());
                    }
                >
                    "Type text…"
                </button>
                <button
                    type="button"
                    role="menuitemcheckbox"
                    tabindex="-1"
                    class="session-menu-item"
                    aria-checked=move || types_characters().to_string()
                    on:click=toggle_typing
                >
                    "Type the characters of my keyboard"
                    {move || types_characters().then(|| view! { <Icon symbol=Symbol::Check/> })}
                </button>
            </Show>
        </div>
    }
}
