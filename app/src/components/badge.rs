use leptos::prelude::*;

use super::icon::{Icon, Symbol};

/// What a badge means beyond its word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadgeTone {
    Good,
    Warning,
    /// Somebody is connected: the red of the ring.
    Ring,
    Accent,
    Calm,
    Faint,
}

impl BadgeTone {
    const fn id(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Warning => "warning",
            Self::Ring => "ring",
            Self::Accent => "accent",
            Self::Calm => "calm",
            Self::Faint => "faint",
        }
    }
}

/// A word with an icon.
#[component]
pub fn Badge(tone: BadgeTone, symbol: Symbol, #[prop(into)] text: String) -> impl IntoView {
    view! {
        <span class="badge" data-tone=tone.id()>
            <Icon symbol/>
            <span>{text}</span>
        </span>
    }
}
