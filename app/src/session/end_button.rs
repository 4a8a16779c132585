use leptos::prelude::*;

use super::engine::Engine;
use super::state::UserSwitched;
use crate::components::{Dialog, Icon, Notice, NoticeTone, Symbol, When};

mod text {
    pub(super) const RESTARTS: &str = "The device restarts when the session has ended, because Restart at end is on.";
    pub(super) const STAYS: &str =
        "The device does not restart, because Restart at end is off. Sign out of anything that you signed in to.";
    pub(super) const OTHERS: &str = "Others are connected: for them the console goes on until the last of them leaves.";
    pub(super) const SIGN_OUT: &str = "Sign out and restart";
    pub(super) const CAN_SIGN_OUT: &str =
        "Sign out and restart ends the session and restarts the device, which signs that user out.";
    pub(super) const CANNOT_SIGN_OUT: &str = "This device cannot be restarted from here: stay connected, sign that user out on the console, then end the session.";

    pub(super) fn switched(user: &str) -> String {
        format!(
            "{user} is signed in on the console, and was not when the session began. Whoever is in the room could go on as {user}."
        )
    }
}

/// Ends the session after saying what will happen.
#[component]
pub(super) fn EndButton(engine: Engine) -> impl IntoView {
    let state = engine.state();
    let is_asking = RwSignal::new(false);
    let confirm = move |_| {
        is_asking.set(false);
        engine.end();
    };
    let others = move || state.people.with(|people| people.iter().filter(|person| !person.you).count());
    view! {
        <button
            type="button"
            class="session-control session-control-end"
            title="End session"
            aria-haspopup="dialog"
            disabled=move || state.phase.get().is_over()
            on:click=move |_| is_asking.set(true)
        >
            <Icon symbol=Symbol::End/>
            <span>"End session"</span>
        </button>
        <Dialog open=is_asking title="End this session?">
            {move || state.user_switched.get().map(switched)}
            <p>{move || if state.restart_on_end.get() { text::RESTARTS } else { text::STAYS }}</p>
            <When condition=move || 0 < others()>
                <p>{text::OTHERS}</p>
            </When>
            <div class="dialog-actions">
                <button type="button" class="button" autofocus on:click=move |_| is_asking.set(false)>"Stay connected"</button>
                <button type="button" class="button button-danger" on:click=confirm>"End now"</button>
                <SignOut engine is_asking/>
            </div>
        </Dialog>
    }
}

fn switched(UserSwitched { user, can_sign_out }: UserSwitched) -> AnyView {
    let advice = if can_sign_out { text::CAN_SIGN_OUT } else { text::CANNOT_SIGN_OUT };
    view! { <Notice tone=NoticeTone::Warning text=format!("{} {advice}", text::switched(&user))/> }.into_any()
}

/// The way out for whoever signed in as somebody else.
#[component]
fn SignOut(engine: Engine, is_asking: RwSignal<bool>) -> impl IntoView {
    let state = engine.state();
    let is_offered = move || {
        state.is_live()
            && state.user_switched.with(|switched| switched.as_ref().is_some_and(|switched| switched.can_sign_out))
    };
    let sign_out = move |_| {
        is_asking.set(false);
        engine.sign_out_and_restart();
    };
    view! {
        <When condition=is_offered>
            <button type="button" class="button button-primary" on:click=sign_out>{text::SIGN_OUT}</button>
        </When>
    }
}
