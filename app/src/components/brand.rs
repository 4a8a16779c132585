use leptos::prelude::*;

/// The mark: a red ring.
#[component]
pub fn RingMark() -> impl IntoView {
    view! {
        <svg class="ring-mark" viewBox="0 0 32 32" aria-hidden="true">
            <rect class="ring-mark-line" x="4.5" y="4.5" width="23" height="23" rx="9.5"></rect>
        </svg>
    }
}
