//! The question whether it is the person of the login who is at the browser, over whatever page wants to know.

use std::time::Duration;

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use protocol::api::{Confirm, ConfirmationWays, IdentityProvider, PasskeyAnswer, ProblemCode};

use crate::api::ApiError;
use crate::api::passkeys::{self as api, provider_confirmation_url};
use crate::browser::listener::Listener;
use crate::browser::passkeys::{self, NoPasskey};
use crate::browser::{page, task};
use crate::components::{
    Dialog, Icon, Notice, NoticeTone, PasswordField, RetryButton, Skeleton, SubmitButton, Symbol, computed, effect,
};
use crate::state::confirmation::Confirmation;
use crate::state::login::Login;

mod text {
    pub(super) const TITLE: &str = "Confirm that it is you";
    pub(super) const WHY: &str = "Before this step we make sure that nobody else is at your computer. It counts for five minutes; what you entered stays as it is.";
    pub(super) const PASSKEY: &str = "Confirm with your passkey";
    pub(super) const PASSWORD: &str = "Password";
    pub(super) const SUBMIT: &str = "Confirm";
    pub(super) const BUSY: &str = "Confirming";
    pub(super) const NO_PASSWORD: &str = "Enter your password.";
    pub(super) const WRONG: &str = "This is not your password. Check it, then try again.";
    pub(super) const NO_WAY: &str = "Your account has nothing to confirm with here. Sign out and sign in again, then you have five minutes; or ask an administrator for help.";

    pub(super) fn with_provider(name: &str) -> String {
        format!("Sign in again with {name} (opens a new tab)")
    }

    pub(super) fn wait(seconds: u32) -> String {
        format!("Too many tries. Wait {seconds} seconds, then try again.")
    }
}

/// Where somebody comes back to who signed in again in a tab of its own.
const RETURN_TO: &str = "/settings";

/// How often the server is asked whether somebody has signed in again in another tab.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// What to tell somebody whose browser gave no passkey.
pub(super) const fn no_passkey(reason: NoPasskey) -> &'static str {
    match reason {
        NoPasskey::NotAllowed => {
            "No passkey was used: it was broken off, took too long, or there is none on this device. Try again."
        }
        NoPasskey::Known => "This device has a passkey for your account already.",
        NoPasskey::Unsupported => {
            "This browser cannot use passkeys. Bring Microsoft Edge or another browser up to date, or use another device."
        }
    }
}

#[component]
pub fn ConfirmItIsYou() -> impl IntoView {
    let confirmation = expect_context::<Confirmation>();
    let asking = confirmation.asking();
    // Closing the dialog is an answer, too.
    effect(move || {
        if !asking.get() {
            confirmation.answer(false);
        }
    });
    view! {
        <Dialog open=asking title=text::TITLE title_id="confirm-title">
            <Question confirmation/>
        </Dialog>
    }
}

#[component]
fn Question(confirmation: Confirmation) -> impl IntoView {
    let login = expect_context::<Login>();
    let ways = RwSignal::new(None::<Result<ConfirmationWays, ApiError>>);
    let load = move || {
        task::spawn(async move {
            let answer = login.noticing(api::ways_to_confirm().await);
            if answer.as_ref().is_ok_and(|ways| ways.confirmed) {
                confirmation.answer(true);
            } else if ways.try_with_untracked(|present| present.as_ref() != Some(&answer)) == Some(true) {
                // What is the same is not drawn again: a password that is being typed stays.
                ways.set(Some(answer));
            }
        });
    };
    load();
    // Whoever signs in again in another tab may come back to this one, or look at both.
    let is_away = RwSignal::new(false);
    let _back = StoredValue::new_local(Listener::on_return(load));
    let looking = set_interval_with_handle(
        move || {
            if is_away.get_untracked() {
                load();
            }
        },
        LOOK_EVERY,
    );
    on_cleanup(move || {
        if let Ok(looking) = looking {
            looking.clear();
        }
    });
    computed(move || {
        Some(match ways.get() {
            None => view! { <Skeleton n_lines=2/> }.into_any(),
            Some(Err(error)) => view! {
                <Notice tone=NoticeTone::Failed text=error.sentence() urgent=true/>
                <RetryButton on_retry=move |()| load()/>
            }
            .into_any(),
            Some(Ok(ways)) => view! { <Ways confirmation ways is_away/> }.into_any(),
        })
    })
}

#[component]
fn Ways(confirmation: Confirmation, ways: ConfirmationWays, is_away: RwSignal<bool>) -> impl IntoView {
    let error = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let has_none = !ways.passkey && !ways.password && ways.providers.is_empty();
    let providers = ways.providers.iter().map(|provider| provider_link(provider, is_away)).collect_view();
    view! {
        <div class="form">
            <p>{text::WHY}</p>
            {move || error.get().map(|text| view! { <Notice tone=NoticeTone::Failed text urgent=true/> })}
            {ways.passkey.then(|| view! { <WithPasskey confirmation error busy/> }.into_any())}
            {ways.password.then(|| view! { <WithPassword confirmation error busy/> }.into_any())}
            {providers}
            {has_none.then(|| view! { <Notice tone=NoticeTone::Warning text=text::NO_WAY/> }.into_any())}
        </div>
    }
}

#[component]
fn WithPasskey(confirmation: Confirmation, error: RwSignal<Option<String>>, busy: RwSignal<bool>) -> impl IntoView {
    let login = expect_context::<Login>();
    let confirm = move |_| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        error.set(None);
        task::spawn(async move {
            let confirmed = with_passkey(login).await;
            busy.try_set(false);
            match confirmed {
                Ok(()) => confirmation.answer(true),
                Err(sentence) => drop(error.try_set(Some(sentence))),
            }
        });
    };
    view! {
        <button
            type="button"
            class="button button-primary button-wide"
            autofocus
            aria-busy=move || busy.get().then_some("true")
            on:click=confirm
        >
            <Icon symbol=Symbol::Key/>
            {text::PASSKEY}
        </button>
    }
}

async fn with_passkey(login: Login) -> Result<(), String> {
    let begun = login.noticing(api::begin_confirming().await).map_err(|error| error.sentence())?;
    let credential = passkeys::get(&begun.options).await.map_err(|reason| no_passkey(reason).to_owned())?;
    let answer = Confirm::Passkey(PasskeyAnswer { state: begun.state, credential });
    login.noticing(api::confirm(&answer).await).map_err(|error| error.sentence())
}

#[component]
fn WithPassword(confirmation: Confirmation, error: RwSignal<Option<String>>, busy: RwSignal<bool>) -> impl IntoView {
    let login = expect_context::<Login>();
    let password = RwSignal::new(String::new());
    let password_error = RwSignal::new(None::<String>);
    let email = move || login.me().map(|me| me.user.email);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let typed = password.get_untracked();
        password_error.set(typed.is_empty().then(|| text::NO_PASSWORD.to_owned()));
        if typed.is_empty() {
            page::focus("#confirm-password");
            return;
        }
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        error.set(None);
        task::spawn(async move {
            let result = login.noticing(api::confirm(&Confirm::Password(typed)).await);
            busy.try_set(false);
            match result {
                Ok(()) => confirmation.answer(true),
                Err(problem) if problem.is(ProblemCode::WrongCredentials) => {
                    password.try_set(String::new());
                    password_error.try_set(Some(text::WRONG.to_owned()));
                    page::focus("#confirm-password");
                }
                Err(problem) => {
                    let wait = problem.retry_after_s().map(text::wait);
                    error.try_set(Some(wait.unwrap_or_else(|| problem.sentence())));
                }
            }
        });
    };
    request_animation_frame(|| {
        page::focus("#confirm-password");
    });
    view! {
        <form class="form" novalidate=true on:submit=submit>
            <input class="only-read" type="email" autocomplete="username" tabindex="-1" aria-hidden="true" readonly prop:value=email/>
            <PasswordField
                id="confirm-password"
                label=text::PASSWORD
                value=password
                autocomplete="current-password"
                error=password_error
            />
            <SubmitButton label=text::SUBMIT busy_label=text::BUSY busy/>
        </form>
    }
}

fn provider_link(provider: &IdentityProvider, is_away: RwSignal<bool>) -> AnyView {
    let (href, label) = (provider_confirmation_url(&provider.id, RETURN_TO), text::with_provider(&provider.name));
    view! {
        <a class="button button-wide" rel="external" target="_blank" href=href on:click=move |_| is_away.set(true)><Icon symbol=Symbol::Key/>{label}</a>
    }
    .into_any()
}
