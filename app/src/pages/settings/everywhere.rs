//! Signing out wherever the person is signed in.

use leptos::prelude::*;

use crate::browser::task;
use crate::components::{ConfirmDialog, Icon, Symbol};
use crate::state::login::Login;
use crate::state::toasts::Toasts;

mod text {
    pub(super) const WHY: &str = "Signs you out in every browser, this one included, and ends the sessions that you have open there. Do it when you left a computer signed in.";
    pub(super) const BUTTON: &str = "Sign out everywhere";
    pub(super) const ASK: &str = "Sign out everywhere?";
    pub(super) const ENDS: &str =
        "Every browser in which you are signed in is signed out at once. To go on here, you sign in again.";
    pub(super) const DONE: &str = "You are signed out everywhere.";
}

/// The last row of the panel about the account.
#[component]
pub(super) fn SignOutEverywhere() -> impl IntoView {
    let login = expect_context::<Login>();
    let toasts = expect_context::<Toasts>();
    let asking = RwSignal::new(false);
    let error = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let sign_out = Callback::new(move |()| {
        busy.set(true);
        error.set(None);
        task::spawn(async move {
            let result = login.sign_out_everywhere().await;
            busy.try_set(false);
            match result {
                Ok(()) => toasts.done(text::DONE),
                Err(problem) => drop(error.try_set(Some(problem.sentence()))),
            }
        });
    });
    view! {
        <div class="panel-body panel-row panel-foot">
            <p class="panel-text">{text::WHY}</p>
            <button type="button" class="button" aria-haspopup="dialog" on:click=move |_| asking.set(true)>
                <Icon symbol=Symbol::SignOut/>
                {text::BUTTON}
            </button>
        </div>
        <ConfirmDialog open=asking title=text::ASK confirm=text::BUTTON danger=true busy error on_confirm=sign_out>
            <p>{text::ENDS}</p>
        </ConfirmDialog>
    }
}
