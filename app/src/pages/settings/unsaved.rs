//! What keeps people from losing what they typed.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use crate::browser::leave::{LeaveGuard, LinkGuard};
use crate::components::{Dialog, effect};

mod text {
    pub(super) const TITLE: &str = "Leave without saving?";
    pub(super) const WHY: &str = "What you changed here is not saved yet. It is lost when you leave this page.";
    pub(super) const STAY: &str = "Stay";
    pub(super) const LEAVE: &str = "Leave without saving";
}

/// While `unsaved` holds, links of the portal ask before they are followed, and so does the browser when its tab is closed.
#[component]
pub(super) fn UnsavedGuard(#[prop(into)] unsaved: Signal<bool>) -> impl IntoView {
    let asking = RwSignal::new(false);
    let path = RwSignal::new(String::new());
    let guards = StoredValue::new_local(None);
    effect(move || {
        let begin = || {
            let ask = move |to| {
                path.set(to);
                asking.set(true);
            };
            (LeaveGuard::begin(), LinkGuard::begin(ask))
        };
        guards.set_value(unsaved.get().then(begin));
    });
    let navigate = StoredValue::new_local(use_navigate());
    let leave = move |_| {
        asking.set(false);
        guards.set_value(None);
        navigate.with_value(|navigate| navigate(&path.get_untracked(), NavigateOptions::default()));
    };
    view! {
        <Dialog open=asking title=text::TITLE>
            <p>{text::WHY}</p>
            <div class="dialog-actions">
                <button type="button" class="button button-danger" on:click=leave>{text::LEAVE}</button>
                <button type="button" class="button button-primary" autofocus on:click=move |_| asking.set(false)>{text::STAY}</button>
            </div>
        </Dialog>
    }
}
