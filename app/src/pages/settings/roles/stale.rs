//! Somebody else was faster: what was entered stays until its author chooses.

use leptos::prelude::*;

use crate::components::When;

mod text {
    pub(super) const STALE: &str = "Somebody else changed it meanwhile. What you entered is still here.";
    pub(super) const TAKE_THEIRS: &str = "Load theirs, drop mine";
    pub(super) const KEEP_MINE: &str = "Keep mine to save over theirs";
}

/// `theirs` says what they saved, in words.
#[component]
pub(super) fn StaleNotice(
    #[prop(into)] theirs: Signal<Option<String>>,
    on_take: Callback<()>,
    on_keep: Callback<()>,
) -> impl IntoView {
    view! {
        <When condition=move || theirs.with(Option::is_some)>
            <div class="notice stale" data-tone="warning" role="alert">
                <div>
                    <p>{text::STALE}</p>
                    <p>{move || theirs.get()}</p>
                    <div class="stale-actions">
                        <button type="button" class="button" on:click=move |_| on_take.run(())>{text::TAKE_THEIRS}</button>
                        <button type="button" class="button" on:click=move |_| on_keep.run(())>{text::KEEP_MINE}</button>
                    </div>
                </div>
            </div>
        </When>
    }
}
