//! Pages that are not there yet, or that are nothing but a message.

use leptos::prelude::*;

use super::heading::Heading;
use crate::components::{Icon, Skeleton, Symbol};

mod text {
    pub(super) const LOADING: &str = "Loading";
}

/// What is the matter, and what to do about it (the children).
#[component]
pub(super) fn MessagePage(
    symbol: Symbol,
    #[prop(into)] title: String,
    #[prop(into)] text: String,
    children: Children,
) -> impl IntoView {
    view! {
        <div class="page page-centred">
            <span class="empty-state-picture"><Icon symbol/></span>
            <Heading title=Signal::stored(title)/>
            <p class="lead">{text}</p>
            {children()}
        </div>
    }
}

/// Stands for a page while what it shows is on its way.
#[component]
pub(super) fn LoadingPage(n_lines: usize) -> impl IntoView {
    view! {
        <div class="page">
            <h1 class="only-read">{text::LOADING}</h1>
            <Skeleton n_lines/>
        </div>
    }
}
