use leptos::html;
use leptos::prelude::*;

use super::icon::{Icon, Symbol};
use super::reactive::{When, effect};

/// A modal dialog; the browser keeps the focus inside and gives it back afterwards. Its contents exist only while
/// it is open.
#[component]
pub fn Dialog(
    open: RwSignal<bool>,
    #[prop(into)] title: Signal<String>,
    /// Another one for a dialog that opens over others.
    #[prop(default = "dialog-title")]
    title_id: &'static str,
    children: ChildrenFn,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    effect(move || {
        let Some(element) = dialog.get() else { return };
        match (open.get(), element.open()) {
            // A dialog that cannot be modal (not in the page any more) stays shut.
            (true, false) => drop(element.show_modal()),
            (false, true) => element.close(),
            _ => {}
        }
    });
    view! {
        <dialog class="dialog" node_ref=dialog aria-labelledby=title_id on:close=move |_| open.set(false)>
            <When condition=open>
                <header class="dialog-head">
                    <h2 id=title_id>{move || title.get()}</h2>
                    <button type="button" class="button button-quiet button-icon" aria-label="Close" on:click=move |_| open.set(false)>
                        <Icon symbol=Symbol::Close/>
                    </button>
                </header>
                <div class="dialog-body">{children()}</div>
            </When>
        </dialog>
    }
}
