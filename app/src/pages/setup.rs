//! `/setup#<token>`: the first administrator of a new installation.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use protocol::api::{ProblemCode, SetupRequest};

use super::heading::{Navigated, name_document};
use super::new_password::{self, NewPassword, Strength};
use crate::api::{self, ApiError};
use crate::browser::{page, task};
use crate::components::{Field, Notice, NoticeTone, RingMark, Skeleton, SubmitButton, computed, effect};
use crate::state::login::Login;
use crate::state::toasts::Toasts;

mod text {
    pub(super) const TITLE: &str = "Set up Redring";
    pub(super) const LEAD: &str =
        "You are the first one here. This makes your organisation and its administrator: you.";
    pub(super) const ORGANISATION: &str = "Organisation";
    pub(super) const ORGANISATION_HINT: &str = "As your colleagues know it, for example Contoso.";
    pub(super) const NAME: &str = "Your name";
    pub(super) const NAME_HINT: &str = "People in a room see it while you are connected.";
    pub(super) const EMAIL: &str = "Email";
    pub(super) const PASSWORD: &str = "Password";
    pub(super) const SUBMIT: &str = "Set up and sign in";
    pub(super) const BUSY: &str = "Setting up";
    pub(super) const DONE: &str = "All set. Add your first room to begin.";
    pub(super) const NO_ORGANISATION: &str = "Enter the name of your organisation.";
    pub(super) const NO_NAME: &str = "Enter your name.";
    pub(super) const NO_EMAIL: &str = "Enter an email address, like name@example.com.";
    pub(super) const NO_TOKEN_TITLE: &str = "This link is not complete";
    pub(super) const NO_TOKEN: &str =
        "Open the whole set-up link that the server printed at its first start, up to its last character.";
    pub(super) const SPENT_TITLE: &str = "This link does not work any more";
    pub(super) const SPENT: &str =
        "It was used already, or it is too old. On the server, print a new one with this command:";
    pub(super) const NEW_LINK: &str = "redring-server setup-link";
    pub(super) const FINISHED_TITLE: &str = "Redring is set up already";
    pub(super) const FINISHED: &str = "Sign in with your email and password.";
    pub(super) const SIGN_IN: &str = "Sign in";
    pub(super) const FAILED_TITLE: &str = "The server does not answer";
    pub(super) const TRY_AGAIN: &str = "Try again";
}

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Phase {
    Asking,
    Form,
    NoToken,
    Spent,
    Finished,
    Failed(String),
}

#[derive(Clone, Copy)]
struct Form {
    organisation: RwSignal<String>,
    name: RwSignal<String>,
    email: RwSignal<String>,
    password: RwSignal<String>,
    /// Errors are shown beside the fields from the first try on.
    tried: RwSignal<bool>,
    error: RwSignal<Option<String>>,
    busy: RwSignal<bool>,
    phase: RwSignal<Phase>,
}

impl Form {
    fn new() -> Self {
        let phase = if page::fragment().is_empty() { Phase::NoToken } else { Phase::Asking };
        Self {
            organisation: RwSignal::default(),
            name: RwSignal::default(),
            email: RwSignal::default(),
            password: RwSignal::default(),
            tried: RwSignal::new(false),
            error: RwSignal::new(None),
            busy: RwSignal::new(false),
            phase: RwSignal::new(phase),
        }
    }

    /// Asks whether the installation still waits for its administrator.
    fn ask(self) {
        self.phase.update(|phase| {
            if matches!(phase, Phase::Failed(_)) {
                *phase = Phase::Asking;
            }
        });
        task::spawn(async move {
            let answer = api::setup_status().await;
            self.phase.try_update(|phase| match answer {
                Ok(status) if !status.needed => *phase = Phase::Finished,
                Ok(_) if *phase == Phase::Asking => *phase = Phase::Form,
                Err(error) if *phase == Phase::Asking => *phase = Phase::Failed(error.sentence()),
                _ => {}
            });
        });
    }

    fn request(self) -> SetupRequest {
        SetupRequest {
            token: page::fragment(),
            organisation: self.organisation.get_untracked().trim().to_owned(),
            name: self.name.get_untracked().trim().to_owned(),
            email: self.email.get_untracked().trim().to_owned(),
            password: self.password.get_untracked(),
        }
    }

    fn submit(self, login: Login, toasts: Toasts) {
        self.tried.set(true);
        let missing = self.first_missing();
        if let Some(field) = missing {
            page::focus(field);
        }
        if missing.is_some() || self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.error.set(None);
        let request = self.request();
        task::spawn(async move {
            let result = api::set_up(&request).await;
            self.busy.try_set(false);
            match result {
                Ok(me) => {
                    toasts.done(text::DONE);
                    login.sign_in(me);
                }
                Err(error) => self.show(&error),
            }
        });
    }

    fn show(self, error: &ApiError) {
        if error.is(ProblemCode::SetupLinkSpent) {
            self.phase.try_set(Phase::Spent);
        } else {
            self.error.try_set(Some(error.sentence()));
        }
    }

    fn first_missing(self) -> Option<&'static str> {
        let fields = [
            ("#organisation", self.organisation_error()),
            ("#name", self.name_error()),
            ("#email", self.email_error()),
            ("#password", self.password_error()),
        ];
        fields.into_iter().find(|(_, error)| error.is_some()).map(|(field, _)| field)
    }

    fn organisation_error(self) -> Option<String> {
        self.error_when(self.organisation.with(|text| text.trim().is_empty()), text::NO_ORGANISATION)
    }

    fn name_error(self) -> Option<String> {
        self.error_when(self.name.with(|text| text.trim().is_empty()), text::NO_NAME)
    }

    fn email_error(self) -> Option<String> {
        self.error_when(self.email.with(|text| !looks_like_email(text)), text::NO_EMAIL)
    }

    fn password_error(self) -> Option<String> {
        let strength = self.strength();
        self.error_when(!strength.is_enough(), &strength.advice())
    }

    fn strength(self) -> Strength {
        let personal = [self.organisation.get(), self.name.get(), self.email.get()];
        self.password.with(|password| new_password::judge(password, &personal))
    }

    fn error_when(self, wrong: bool, sentence: &str) -> Option<String> {
        (self.tried.get() && wrong).then(|| sentence.to_owned())
    }
}

#[component]
pub fn SetupPage() -> impl IntoView {
    let form = Form::new();
    let login = expect_context::<Login>();
    let navigate = use_navigate();
    let navigated = expect_context::<Navigated>();
    name_document(Signal::stored(text::TITLE.to_owned()));
    form.ask();
    // Somebody who is signed in has no business here, and has after the form was sent.
    effect(move || {
        if login.is_signed_in() {
            navigated.mark();
            navigate("/rooms", NavigateOptions { replace: true, ..NavigateOptions::default() });
        }
    });
    let body = computed(move || {
        match form.phase.get() {
        Phase::Asking => view! {
            <h1 tabindex="-1">{text::TITLE}</h1>
            <Skeleton n_lines=5/>
        }
        .into_any(),
        Phase::Form => view! { <FormView form/> }.into_any(),
        Phase::NoToken => view! { <Dead title=text::NO_TOKEN_TITLE why=text::NO_TOKEN/> }.into_any(),
        Phase::Spent => view! {
            <Dead title=text::SPENT_TITLE why=text::SPENT/>
            <p><code class="command">{text::NEW_LINK}</code></p>
        }
        .into_any(),
        Phase::Finished => view! {
            <Dead title=text::FINISHED_TITLE why=text::FINISHED/>
            <p><a class="button button-primary button-wide" href="/sign-in">{text::SIGN_IN}</a></p>
        }
        .into_any(),
        Phase::Failed(sentence) => view! {
            <Dead title=text::FAILED_TITLE why=sentence/>
            <p><button type="button" class="button button-wide" on:click=move |_| form.ask()>{text::TRY_AGAIN}</button></p>
        }
        .into_any(),
    }
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
fn Dead(#[prop(into)] title: String, #[prop(into)] why: String) -> impl IntoView {
    view! {
        <h1 tabindex="-1">{title}</h1>
        <p class="lead">{why}</p>
    }
}

#[component]
fn FormView(form: Form) -> impl IntoView {
    let login = expect_context::<Login>();
    let toasts = expect_context::<Toasts>();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        form.submit(login, toasts);
    };
    request_animation_frame(|| {
        page::focus("#organisation");
    });
    view! {
        <h1 tabindex="-1">{text::TITLE}</h1>
        <p class="lead">{text::LEAD}</p>
        {move || form.error.get().map(|error| view! { <Notice tone=NoticeTone::Failed text=error urgent=true/> })}
        <form class="form" novalidate=true on:submit=submit>
            <Field
                id="organisation"
                label=text::ORGANISATION
                hint=text::ORGANISATION_HINT
                value=form.organisation
                autocomplete="organization"
                error=move || form.organisation_error()
                required=true
            />
            <Field
                id="name"
                label=text::NAME
                hint=text::NAME_HINT
                value=form.name
                autocomplete="name"
                error=move || form.name_error()
                required=true
            />
            <Field
                id="email"
                label=text::EMAIL
                value=form.email
                kind="email"
                autocomplete="username"
                error=move || form.email_error()
                required=true
            />
            <NewPassword id="password" label=text::PASSWORD value=form.password strength=move || form.strength()/>
            <SubmitButton label=text::SUBMIT busy_label=text::BUSY busy=form.busy/>
        </form>
    }
}

/// Only what is surely no address is refused: the server and a first letter to it know better.
pub(super) fn looks_like_email(text: &str) -> bool {
    let text = text.trim();
    text.split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && host.contains('.') && !text.contains(char::is_whitespace))
}

#[cfg(test)]
mod tests {
    use super::looks_like_email;

    #[test]
    fn addresses_have_a_name_and_a_host() {
        for (text, good) in
            [("a@b.c", true), (" a@b.c ", true), ("a", false), ("@b.c", false), ("a@b", false), ("a b@c.d", false)]
        {
            assert_eq!(looks_like_email(text), good, "{text:?}");
        }
    }
}
