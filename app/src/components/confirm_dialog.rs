use leptos::prelude::*;

use super::dialog::Dialog;
use super::reactive::effect;
use super::states::{Notice, NoticeTone};

/// A question before something that cannot be taken back by accident. The children say what will happen; a refusal is
/// shown here, where the person is.
#[component]
pub fn ConfirmDialog(
    open: RwSignal<bool>,
    title: &'static str,
    /// What the button says that does it.
    confirm: &'static str,
    #[prop(optional)] danger: bool,
    #[prop(into)] busy: Signal<bool>,
    error: RwSignal<Option<String>>,
    on_confirm: Callback<()>,
    children: ChildrenFn,
) -> impl IntoView {
    effect(move || {
        if open.get() {
            error.set(None);
        }
    });
    let class = if danger { "button button-danger" } else { "button button-primary" };
    view! {
        <Dialog open title>
            {children()}
            {move || error.get().map(|text| view! { <Notice tone=NoticeTone::Failed text urgent=true/> })}
            <div class="dialog-actions">
                <button type="button" class="button" autofocus on:click=move |_| open.set(false)>"Cancel"</button>
                <button
                    type="button"
                    class=class
                    aria-busy=move || busy.get().then_some("true")
                    on:click=move |_| if !busy.get_untracked() { on_confirm.run(()) }
                >
                    {confirm}
                </button>
            </div>
        </Dialog>
    }
}
