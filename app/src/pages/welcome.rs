//! `/welcome#<token>`: somebody who was invited chooses a password and signs in.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use protocol::api::{AcceptInvitation, CheckInvitation, InvitedPerson, ProblemCode};

use super::heading::{Navigated, name_document};
use super::new_password::{self, NewPassword, Strength};
use crate::api::people;
use crate::browser::{page, task};
use crate::components::{Notice, NoticeTone, RetryButton, RingMark, Skeleton, SubmitButton, computed};
use crate::state::login::Login;
use crate::state::toasts::Toasts;

mod text {
    pub(super) const TITLE: &str = "Welcome to Redring";
    pub(super) const PASSWORD: &str = "Password";
    pub(super) const SUBMIT: &str = "Set password and sign in";
    pub(super) const BUSY: &str = "Signing in";
    pub(super) const DONE: &str = "Your password is set, and you are signed in.";
    pub(super) const NO_TOKEN_TITLE: &str = "This link is not complete";
    pub(super) const NO_TOKEN: &str = "Open the whole invitation link again, up to its last character. After a reload of this page it has to be opened again, too.";
    pub(super) const SPENT_TITLE: &str = "This link does not work any more";
    pub(super) const SPENT: &str = "It was used already, it is too old, or a newer one was made. Ask your administrator for a new invitation link.";
    pub(super) const SIGN_IN: &str = "Sign in with my password";
    pub(super) const FAILED_TITLE: &str = "The link could not be checked";

    pub(super) fn lead(organisation: &str) -> String {
        format!("{organisation} has made an account for you. Choose a password to sign in with from now on.")
    }

    pub(super) fn somebody_else(name: &str) -> String {
        format!("This browser is signed in as {name}, who is signed out here when you go on.")
    }
}

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Phase {
    Asking,
    Form(InvitedPerson),
    NoToken,
    Spent,
    Failed(String),
}

#[derive(Clone, Copy)]
struct Form {
    token: StoredValue<String>,
    password: RwSignal<String>,
    /// What went wrong with the last try.
    error: RwSignal<Option<String>>,
    busy: RwSignal<bool>,
    phase: RwSignal<Phase>,
}

impl Form {
    fn new() -> Self {
        let token = page::take_fragment();
        let phase = if token.is_empty() { Phase::NoToken } else { Phase::Asking };
        Self {
            token: StoredValue::new(token),
            password: RwSignal::default(),
            error: RwSignal::new(None),
            busy: RwSignal::new(false),
            phase: RwSignal::new(phase),
        }
    }

    /// Asks whom the link is for.
    fn ask(self) {
        if self.token.with_value(String::is_empty) {
            return;
        }
        self.phase.set(Phase::Asking);
        let request = CheckInvitation { token: self.token.get_value() };
        task::spawn(async move {
            let phase = match people::check_invitation(&request).await {
                Ok(person) => Phase::Form(person),
                Err(error) if error.is(ProblemCode::InvitationSpent) => Phase::Spent,
                Err(error) => Phase::Failed(error.sentence()),
            };
            self.phase.try_set(phase);
        });
    }

    fn submit(self, strength: Strength, login: Login, toasts: Toasts, go_on: Callback<()>) {
        if !strength.is_enough() {
            self.error.set(Some(strength.advice()));
            page::focus("#password");
            return;
        }
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.error.set(None);
        let request = AcceptInvitation { token: self.token.get_value(), password: self.password.get_untracked() };
        task::spawn(async move {
            let result = people::accept_invitation(&request).await;
            self.busy.try_set(false);
            match result {
                Ok(me) => {
                    toasts.done(text::DONE);
                    login.sign_in(me);
                    go_on.run(());
                }
                Err(error) if error.is(ProblemCode::InvitationSpent) => drop(self.phase.try_set(Phase::Spent)),
                Err(error) => drop(self.error.try_set(Some(error.sentence()))),
            }
        });
    }
}

#[component]
pub fn WelcomePage() -> impl IntoView {
    let form = Form::new();
    name_document(Signal::stored(text::TITLE.to_owned()));
    form.ask();
    let body = computed(move || match form.phase.get() {
        Phase::Asking => view! {
            <h1 tabindex="-1">{text::TITLE}</h1>
            <Skeleton n_lines=4/>
        }
        .into_any(),
        Phase::Form(person) => view! { <FormView form person/> }.into_any(),
        Phase::NoToken => view! {
            <h1 tabindex="-1">{text::NO_TOKEN_TITLE}</h1>
            <p class="lead">{text::NO_TOKEN}</p>
        }
        .into_any(),
        Phase::Spent => view! {
            <h1 tabindex="-1">{text::SPENT_TITLE}</h1>
            <p class="lead">{text::SPENT}</p>
            <p><a class="button button-wide" href="/sign-in">{text::SIGN_IN}</a></p>
        }
        .into_any(),
        Phase::Failed(sentence) => view! {
            <h1 tabindex="-1">{text::FAILED_TITLE}</h1>
            <p class="lead">{sentence}</p>
            <RetryButton on_retry=move |()| form.ask()/>
        }
        .into_any(),
    });
    view! {
        <div class="entrance">
            <div class="entrance-card">
                <div class="entrance-mark"><RingMark/></div>
                {body}
            </div>
        </div>
    }
}

#[component]
fn FormView(form: Form, person: InvitedPerson) -> impl IntoView {
    let login = expect_context::<Login>();
    let toasts = expect_context::<Toasts>();
    let navigated = expect_context::<Navigated>();
    let navigate = StoredValue::new_local(use_navigate());
    let go_on = Callback::new(move |()| {
        navigated.mark();
        let options = NavigateOptions { replace: true, ..NavigateOptions::default() };
        navigate.try_with_value(|navigate| navigate("/rooms", options));
    });
    let InvitedPerson { name, email, organisation } = person;
    let personal = StoredValue::new([name.clone(), email.clone(), organisation.clone()]);
    let strength = Memo::new(move |_| {
        personal.with_value(|personal| form.password.with(|password| new_password::judge(password, personal)))
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        form.submit(strength.get_untracked(), login, toasts, go_on);
    };
    let invited = email.clone();
    let somebody_else = computed(move || {
        let other = login.me().filter(|me| me.user.email != invited && !form.busy.get());
        other.map(|me| view! { <Notice tone=NoticeTone::Warning text=text::somebody_else(&me.user.name)/> }.into_any())
    });
    request_animation_frame(|| {
        page::focus("#password");
    });
    view! {
        <h1 tabindex="-1">{text::TITLE}</h1>
        <p class="lead">{text::lead(&organisation)}</p>
        {somebody_else}
        {move || form.error.get().map(|text| view! { <Notice tone=NoticeTone::Failed text urgent=true/> })}
        <form class="form" novalidate=true on:submit=submit>
            <div class="invited">
                <p class="person-name">{name}</p>
                <p class="person-email">{email.clone()}</p>
            </div>
            // Password managers learn from it whose password this is.
            <input class="only-read" type="email" autocomplete="username" tabindex="-1" aria-hidden="true" readonly value=email/>
            <NewPassword id="password" label=text::PASSWORD value=form.password strength/>
            <SubmitButton label=text::SUBMIT busy_label=text::BUSY busy=form.busy/>
        </form>
    }
}
