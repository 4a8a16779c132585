//! The colour scheme that the person chose.

use leptos::prelude::*;

use crate::browser::theme::Theme;

#[derive(Clone, Copy)]
pub struct Appearance {
    theme: RwSignal<Theme>,
}

impl Appearance {
    pub fn stored() -> Self {
        Self { theme: RwSignal::new(Theme::stored()) }
    }

    pub fn theme(self) -> Theme {
        self.theme.get()
    }

    pub fn choose(self, theme: Theme) {
        theme.choose();
        self.theme.set(theme);
    }
}
