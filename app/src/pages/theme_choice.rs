//! The choice of the colour scheme.

use leptos::prelude::*;

use crate::browser::theme::Theme;
use crate::components::{Icon, Symbol};
use crate::state::appearance::Appearance;

mod text {
    pub(super) const THEME: &str = "Theme";
    pub(super) const SYSTEM: &str = "System";
    pub(super) const LIGHT: &str = "Light";
    pub(super) const DARK: &str = "Dark";
}

/// Three radio buttons; `group` tells several of them on one page apart.
#[component]
pub(super) fn ThemeChoice(group: &'static str) -> impl IntoView {
    let appearance = expect_context::<Appearance>();
    let choice = move |theme: Theme| {
        let (name, symbol) = describe(theme);
        view! {
            <label class="segment">
                <input
                    type="radio"
                    name=group
                    prop:checked=move || appearance.theme() == theme
                    on:change=move |_| appearance.choose(theme)
                />
                <span><Icon symbol/>{name}</span>
            </label>
        }
        .into_any()
    };
    view! {
        <fieldset class="segments">
            <legend class="only-read">{text::THEME}</legend>
            {Theme::ALL.into_iter().map(choice).collect_view()}
        </fieldset>
    }
}

const fn describe(theme: Theme) -> (&'static str, Symbol) {
    match theme {
        Theme::System => (text::SYSTEM, Symbol::System),
        Theme::Light => (text::LIGHT, Symbol::Sun),
        Theme::Dark => (text::DARK, Symbol::Moon),
    }
}
