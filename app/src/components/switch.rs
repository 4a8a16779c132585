use leptos::prelude::*;

/// A switch with its name, what it means and its state in words.
#[component]
pub fn Switch(
    id: &'static str,
    label: &'static str,
    #[prop(optional)] hint: &'static str,
    #[prop(into)] on: Signal<bool>,
    on_toggle: Callback<bool>,
) -> impl IntoView {
    view! {
        <div class="switch">
            <button
                type="button"
                id=id
                class="switch-button"
                role="switch"
                aria-checked=move || if on.get() { "true" } else { "false" }
                aria-describedby=(!hint.is_empty()).then(|| format!("{id}-hint"))
                on:click=move |_| on_toggle.run(!on.get_untracked())
            >
                <span class="switch-track" aria-hidden="true"><span class="switch-thumb"></span></span>
                <span class="switch-label">{label}</span>
                <span class="switch-state" aria-hidden="true">{move || if on.get() { "On" } else { "Off" }}</span>
            </button>
            {(!hint.is_empty()).then(|| view! { <p class="switch-hint" id=format!("{id}-hint")>{hint}</p> }.into_any())}
        </div>
    }
}
