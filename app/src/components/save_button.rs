use leptos::prelude::*;

/// The button of a form that is part of a page: it saves what was changed, and rests while nothing is.
#[component]
pub fn SaveButton(
    label: &'static str,
    #[prop(into)] busy: Signal<bool>,
    /// Something differs from what is saved.
    #[prop(into)]
    changed: Signal<bool>,
) -> impl IntoView {
    // Not `disabled`: whoever pressed it would lose the focus.
    view! {
        <div>
            <button
                type="submit"
                class="button button-primary"
                aria-disabled=move || (!changed.get()).then_some("true")
                aria-busy=move || busy.get().then_some("true")
            >
                {move || busy.get().then(|| view! { <span class="spinner" aria-hidden="true"></span> }.into_any())}
                {label}
            </button>
        </div>
    }
}
