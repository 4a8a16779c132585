use leptos::prelude::*;
use protocol::control::Shortcut;

use super::engine::Engine;
use super::keyboard::Typing;
use crate::components::{DropDown, DropDownKind, Icon, Symbol, When};

mod text {
    pub(super) const NONE: &str = "With View, your organisation allows no shortcut commands.";
    pub(super) const SOME: &str = "With View, your organisation allows these commands only.";
}

/// Sequences that the console performs as one, because a browser cannot send their keys; for Modify also ways to type.
#[component]
pub(super) fn Shortcuts(engine: Engine, typing: RwSignal<Typing>, on_type_text: Callback<()>) -> impl IntoView {
    let state = engine.state();
    let item = move |shortcut: Shortcut| {
        let perform = move |_| engine.shortcut(shortcut);
        view! {
            <When condition=move || state.may_use(shortcut)>
                <button type="button" role="menuitem" tabindex="-1" class="session-menu-item" on:click=perform>
                    {shortcut.name()}
                </button>
            </When>
        }
        .into_any()
    };
    // Why some are missing, where they would be.
    let limits = move || {
        let n_allowed = Shortcut::ALL.into_iter().filter(|shortcut| state.may_use(*shortcut)).count();
        match n_allowed {
            0 => Some(text::NONE),
            n_allowed if n_allowed < Shortcut::ALL.len() => Some(text::SOME),
            _ => None,
        }
    };
    let types_characters = move || typing.get() == Typing::Characters;
    let toggle_typing = move |_| {
        typing.update(|typing| {
            *typing = if *typing == Typing::Characters { Typing::Positions } else { Typing::Characters };
        });
    };
    view! {
        <DropDown
            id="session-shortcuts"
            label="Shortcut commands"
            symbol=Symbol::Keyboard
            kind=DropDownKind::Menu
            button_class="session-control"
            list_class="session-shortcuts"
            disabled=move || !state.is_live()
        >
            {Shortcut::ALL.into_iter().map(item).collect_view()}
            {move || limits().map(|why| view! {
                <button type="button" role="menuitem" tabindex="-1" class="session-menu-item" aria-disabled="true">{why}</button>
            }.into_any())}
            <When condition=move || state.has_input()>
                <hr/>
                <button
                    type="button"
                    role="menuitem"
                    tabindex="-1"
                    class="session-menu-item"
                    on:click=move |_| on_type_text.run(())
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
            </When>
        </DropDown>
    }
}
