use leptos::prelude::*;

use super::icon::{Icon, Symbol};

/// What stands where nothing is yet: why, and what to do next (the children).
#[component]
pub fn EmptyState(
    symbol: Symbol,
    #[prop(into)] title: String,
    #[prop(into)] text: String,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="empty-state">
            <span class="empty-state-picture"><Icon symbol/></span>
            <h2>{title}</h2>
            <p>{text}</p>
            {children.map(|children| view! { <div class="empty-state-actions">{children()}</div> }.into_any())}
        </div>
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeTone {
    Info,
    Warning,
    Failed,
}

/// A message in the flow of the page.
#[component]
pub fn Notice(
    tone: NoticeTone,
    #[prop(into)] text: String,
    /// Read out at once; otherwise it waits for a pause.
    #[prop(optional)]
    urgent: bool,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let (id, symbol) = match tone {
        NoticeTone::Info => ("info", Symbol::Alert),
        NoticeTone::Warning => ("warning", Symbol::Warning),
        NoticeTone::Failed => ("failed", Symbol::CrossCircle),
    };
    view! {
        <div class="notice" data-tone=id role=if urgent { "alert" } else { "status" }>
            <Icon symbol/>
            <p>{text}</p>
            {children.map(|children| children())}
        </div>
    }
}

/// Grey bars in the shape of what is being loaded.
#[component]
pub fn Skeleton(#[prop(default = 3)] n_lines: usize) -> impl IntoView {
    view! {
        <div class="skeleton" aria-hidden="true">
            {(0..n_lines).map(|_| view! { <span class="skeleton-line"></span> }.into_any()).collect_view()}
        </div>
        <p class="only-read" role="status">"Loading"</p>
    }
}
