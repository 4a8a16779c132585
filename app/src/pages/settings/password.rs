//! A new password for the person's own account.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use protocol::api::{ChangePassword, ProblemCode};

use crate::api::people;
use crate::browser::{page, task};
use crate::components::{Notice, NoticeTone, PasswordField, SaveButton};
use crate::pages::new_password::{self, NewPassword};
use crate::state::login::Login;
use crate::state::toasts::Toasts;

mod text {
    pub(super) const TITLE: &str = "Password";
    pub(super) const WHY: &str = "When it is changed, you stay signed in here and are signed out everywhere else. Sessions that are open there end.";
    pub(super) const PRESENT: &str = "Present password";
    pub(super) const NEW: &str = "New password";
    pub(super) const SAVE: &str = "Change password";
    pub(super) const DONE: &str = "Your password is changed.";
    pub(super) const NO_PRESENT: &str = "Enter the password that you sign in with now.";
    pub(super) const WRONG: &str = "This is not your present password. Check it, then try again.";
}

#[component]
pub(super) fn PasswordPanel() -> impl IntoView {
    let login = expect_context::<Login>();
    let toasts = expect_context::<Toasts>();
    let present = RwSignal::new(String::new());
    let new = RwSignal::new(String::new());
    let present_error = RwSignal::new(None::<String>);
    let error = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let personal = Memo::new(move |_| login.me().map(|me| [me.tenant.name, me.user.name, me.user.email]));
    let strength = Memo::new(move |_| {
        let personal = personal.get();
        let personal = personal.as_ref().map_or(&[][..], |personal| personal);
        new.with(|new| new_password::judge(new, personal))
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let no_present = present.with_untracked(String::is_empty);
        let strength = strength.get_untracked();
        present_error.set(no_present.then(|| text::NO_PRESENT.to_owned()));
        error.set((!strength.is_enough()).then(|| strength.advice()));
        if no_present {
            page::focus("#present-password");
        } else if !strength.is_enough() {
            page::focus("#new-password");
        }
        if no_present || !strength.is_enough() || busy.get_untracked() {
            return;
        }
        busy.set(true);
        let request = ChangePassword { present: present.get_untracked(), new: new.get_untracked() };
        task::spawn(async move {
            let result = login.noticing(people::change_password(&request).await);
            busy.try_set(false);
            match result {
                Ok(()) => {
                    present.try_set(String::new());
                    new.try_set(String::new());
                    toasts.done(text::DONE);
                }
                Err(problem) if problem.is(ProblemCode::WrongCredentials) => {
                    present_error.try_set(Some(text::WRONG.to_owned()));
                    page::focus("#present-password");
                }
                Err(problem) => drop(error.try_set(Some(problem.sentence()))),
            }
        });
    };
    let email = move || login.me().map(|me| me.user.email);
    let is_typed = move || !present.with(String::is_empty) || !new.with(String::is_empty);
    view! {
        <section class="panel" aria-labelledby="password-heading">
            <div class="panel-head"><h2 id="password-heading">{text::TITLE}</h2></div>
            <form class="panel-body form" novalidate=true on:submit=submit>
                <p class="panel-text">{text::WHY}</p>
                {move || error.get().map(|text| view! { <Notice tone=NoticeTone::Failed text urgent=true/> })}
                // Password managers learn from it whose password this is.
                <input class="only-read" type="email" autocomplete="username" tabindex="-1" aria-hidden="true" readonly prop:value=email/>
                <PasswordField
                    id="present-password"
                    label=text::PRESENT
                    value=present
                    autocomplete="current-password"
                    error=present_error
                />
                <NewPassword id="new-password" label=text::NEW value=new strength/>
                <SaveButton label=text::SAVE busy changed=is_typed/>
            </form>
        </section>
    }
}
