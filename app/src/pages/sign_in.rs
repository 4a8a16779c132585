//! `/sign-in`

use std::time::Duration;

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};
use protocol::api::{IdentityProvider, IdentityProviders, LoginRequest, Me, PasskeyAnswer, ProblemCode, SignInProblem};

use super::confirm::no_passkey;
use super::heading::{Navigated, name_document};
use crate::api::{self, ApiError};
use crate::browser::passkeys::{self as browser_passkeys, NoPasskey};
use crate::browser::{page, task};
use crate::components::{
    Field, Icon, Notice, NoticeTone, PasswordField, RingMark, SubmitButton, Symbol, computed, effect,
};
use crate::state::login::{Absence, Login, Who};

mod text {
    pub(super) const TITLE: &str = "Sign in";
    pub(super) const LEAD: &str = "See and help your meeting rooms from here.";
    pub(super) const EMAIL: &str = "Email";
    pub(super) const PASSWORD: &str = "Password";
    pub(super) const SUBMIT: &str = "Sign in";
    pub(super) const BUSY: &str = "Signing in";
    pub(super) const EXPIRED: &str = "You were signed out. Sign in to go on where you were.";
    pub(super) const NEEDED: &str = "Sign in to open that page.";
    pub(super) const WRONG: &str = "This email and password do not belong together. Check both, then try again.";
    pub(super) const NO_EMAIL: &str = "Enter your email address.";
    pub(super) const NO_PASSWORD: &str = "Enter your password.";
    pub(super) const FORGOTTEN: &str =
        "Forgot your password? Ask an administrator of your organisation to set a new one.";

    pub(super) const WITH_PASSKEY: &str = "Use a passkey";

    pub(super) fn with_provider(name: &str) -> String {
        format!("Sign in with {name}")
    }

    /// Why an identity provider signed nobody in, and what to do.
    pub(super) const fn problem(problem: super::SignInProblem) -> &'static str {
        use super::SignInProblem::{Cancelled, Expired, Failed, NoAccount, TooMany, Unavailable, Untrusted};
        match problem {
            Expired => "That sign-in took too long, or was started in another browser. Start it again.",
            Cancelled => "The sign-in was broken off. Try again.",
            Unavailable => "The identity provider cannot be reached. Try again in a moment, or use your password.",
            Untrusted => {
                "The identity provider did not prove who you are. Try again; if that does not help, tell an administrator."
            }
            NoAccount => {
                "You cannot sign in here with that identity. Ask an administrator of your organisation for access."
            }
            TooMany => "Too many tries. Wait a minute, then try again.",
            Failed => "The server failed. Nothing was changed; try again.",
        }
    }

    pub(super) fn wait(seconds: u32) -> String {
        format!("Too many tries. To keep your account safe, wait {} before the next one.", super::duration(seconds))
    }
}

#[derive(Clone, Copy)]
struct Form {
    email: RwSignal<String>,
    password: RwSignal<String>,
    email_error: RwSignal<Option<String>>,
    password_error: RwSignal<Option<String>>,
    /// What went wrong with the last try.
    error: RwSignal<Option<String>>,
    /// Seconds until the next try may be made.
    wait_s: RwSignal<u32>,
    busy: RwSignal<bool>,
}

impl Form {
    fn new() -> Self {
        Self {
            email: RwSignal::default(),
            password: RwSignal::default(),
            email_error: RwSignal::new(None),
            password_error: RwSignal::new(None),
            error: RwSignal::new(None),
            wait_s: RwSignal::new(0),
            busy: RwSignal::new(false),
        }
    }

    fn submit(self, login: Login) {
        if self.busy.get_untracked() || 0 < self.wait_s.get_untracked() || !self.is_complete() {
            return;
        }
        self.busy.set(true);
        self.error.set(None);
        let request = LoginRequest {
            email: self.email.get_untracked().trim().to_owned(),
            password: self.password.get_untracked(),
        };
        task::spawn(async move {
            let result = api::log_in(&request).await;
            self.busy.try_set(false);
            match result {
                Ok(me) => login.sign_in(me),
                Err(error) => self.show(&error),
            }
        });
    }

    /// Says what is missing, beside the field, and puts the focus there.
    fn is_complete(self) -> bool {
        let no_email = self.email.with_untracked(|email| email.trim().is_empty());
        let no_password = self.password.with_untracked(String::is_empty);
        self.email_error.set(no_email.then(|| text::NO_EMAIL.to_owned()));
        self.password_error.set(no_password.then(|| text::NO_PASSWORD.to_owned()));
        if no_email {
            page::focus("#email");
        } else if no_password {
            page::focus("#password");
        }
        !no_email && !no_password
    }

    /// The email stays; the password is typed again.
    fn show(self, error: &ApiError) {
        if error.is(ProblemCode::RateLimited) {
            self.wait_s.try_set(error.retry_after_s().unwrap_or(60).max(1));
            return;
        }
        if error.is(ProblemCode::WrongCredentials) {
            self.password.try_set(String::new());
            self.error.try_set(Some(text::WRONG.to_owned()));
            page::focus("#password");
            return;
        }
        self.error.try_set(Some(error.sentence()));
    }

    fn count_down(self) {
        let ticking = set_interval_with_handle(
            move || self.wait_s.update(|wait_s| *wait_s = wait_s.saturating_sub(1)),
            Duration::from_secs(1),
        );
        on_cleanup(move || {
            if let Ok(ticking) = ticking {
                ticking.clear();
            }
        });
    }
}

#[component]
pub fn SignInPage() -> impl IntoView {
    let login = expect_context::<Login>();
    let form = Form::new();
    form.count_down();
    form.error.set(provider_problem());
    name_document(Signal::stored(text::TITLE.to_owned()));
    go_on_when_signed_in(login);
    request_animation_frame(|| {
        page::focus("#email");
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        form.submit(login);
    };
    view! {
        <div class="entrance">
            <div class="entrance-card">
                <div class="entrance-mark"><RingMark/></div>
                <h1 tabindex="-1">{text::TITLE}</h1>
                <p class="lead">{text::LEAD}</p>
                <Why form/>
                <Trouble form/>
                <form class="form" novalidate=true on:submit=submit>
                    <Field id="email" label=text::EMAIL value=form.email kind="email" autocomplete="username" error=form.email_error required=true/>
                    <PasswordField id="password" label=text::PASSWORD value=form.password autocomplete="current-password" error=form.password_error/>
                    <SubmitButton
                        label=text::SUBMIT
                        busy_label=text::BUSY
                        busy=form.busy
                        disabled=move || 0 < form.wait_s.get()
                    />
                </form>
                <OtherWays form/>
                <p class="entrance-foot">{text::FORGOTTEN}</p>
            </div>
        </div>
    }
}

/// Why the person is here, when it is not by choice; gives way to news of more weight.
#[component]
fn Why(form: Form) -> impl IntoView {
    let login = expect_context::<Login>();
    let query = use_query_map();
    computed(move || {
        let expired = login.who().with(|who| *who == Who::Nobody(Absence::Expired));
        let sent_here = query.with(|query| query.get_str("next").is_some());
        let has_trouble = form.error.with(Option::is_some) || 0 < form.wait_s.get();
        let sentence = if has_trouble {
            None
        } else if expired {
            Some(text::EXPIRED)
        } else {
            sent_here.then_some(text::NEEDED)
        };
        sentence.map(|sentence| view! { <Notice tone=NoticeTone::Info text=sentence/> })
    })
}

#[component]
fn Trouble(form: Form) -> impl IntoView {
    let waiting = Memo::new(move |_| 0 < form.wait_s.get());
    view! {
        // Read out once, not with every second.
        {move || waiting.get().then(|| view! {
            <div class="notice" data-tone="warning" role="alert">
                <Icon symbol=Symbol::Clock/>
                <p aria-live="off">{move || text::wait(form.wait_s.get())}</p>
            </div>
        }.into_any())}
        {move || form.error.get().map(|error| view! { <Notice tone=NoticeTone::Failed text=error urgent=true/> })}
    }
}

/// Why the browser came back from an identity provider with nobody signed in.
fn provider_problem() -> Option<String> {
    let code = use_query_map().with_untracked(|query| query.get("problem"))?;
    SignInProblem::from_code(&code).map(|problem| text::problem(problem).to_owned())
}

/// What people may sign in with beside a password.
#[component]
fn OtherWays(form: Form) -> impl IntoView {
    let offered = RwSignal::new(None);
    let next = use_query_map().with_untracked(|query| next_path(query.get_str("next")));
    task::spawn(async move {
        // Without an answer the password is left.
        if let Ok(answer) = api::identity_providers().await {
            offered.try_set(Some(answer));
        }
    });
    computed(move || {
        let IdentityProviders { providers, passkeys } = offered.get()?;
        let links: Vec<_> = providers.iter().map(|provider| link(provider, &next)).collect();
        let passkeys = passkeys && browser_passkeys::are_supported();
        (passkeys || !links.is_empty()).then(|| {
            view! {
                <div class="entrance-providers">
                    {passkeys.then(|| view! { <WithPasskey form/> }.into_any())}
                    {links}
                </div>
            }
            .into_any()
        })
    })
}

#[component]
fn WithPasskey(form: Form) -> impl IntoView {
    let login = expect_context::<Login>();
    let sign_in = move |_| {
        if form.busy.get_untracked() || 0 < form.wait_s.get_untracked() {
            return;
        }
        form.busy.set(true);
        form.error.set(None);
        task::spawn(async move {
            let result = with_passkey().await;
            form.busy.try_set(false);
            match result {
                Ok(me) => login.sign_in(me),
                Err(Ok(error)) => form.show(&error),
                Err(Err(reason)) => drop(form.error.try_set(Some(no_passkey(reason).to_owned()))),
            }
        });
    };
    view! {
        <button type="button" class="button button-wide" on:click=sign_in>
            <Icon symbol=Symbol::Key/>
            {text::WITH_PASSKEY}
        </button>
    }
}

/// Fails for what the server or the browser says.
async fn with_passkey() -> Result<Me, Result<ApiError, NoPasskey>> {
    let begun = api::passkeys::begin_sign_in().await.map_err(Ok)?;
    let credential = browser_passkeys::get(&begun.options).await.map_err(Err)?;
    api::passkeys::sign_in(&PasskeyAnswer { state: begun.state, credential }).await.map_err(Ok)
}

/// To an identity provider. It leaves the portal, so the server is asked and not the router.
fn link(provider: &IdentityProvider, next: &str) -> AnyView {
    let (href, label) = (api::provider_url(&provider.id, next), text::with_provider(&provider.name));
    view! { <a class="button button-wide" rel="external" href=href><Icon symbol=Symbol::Key/>{label}</a> }.into_any()
}

/// Leaves for the page that the person wanted.
fn go_on_when_signed_in(login: Login) {
    let query = use_query_map();
    let navigate = use_navigate();
    let navigated = expect_context::<Navigated>();
    effect(move || {
        if login.is_signed_in() {
            navigated.mark();
            let next = query.with_untracked(|query| next_path(query.get_str("next")));
            navigate(&next, NavigateOptions { replace: true, ..NavigateOptions::default() });
        }
    });
}

/// A path of this portal; anything else would lead people to a foreign page.
fn next_path(wanted: Option<&str>) -> String {
    let is_ours = |path: &&str| path.starts_with('/') && !path.starts_with("//") && !path.contains('\\');
    wanted.filter(is_ours).unwrap_or("/rooms").to_owned()
}

fn duration(seconds: u32) -> String {
    match seconds {
        1 => "1 second".to_owned(),
        ..=90 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_the_portal_are_next() {
        for (wanted, next) in [
            (Some("/rooms/aurora?x=1#y"), "/rooms/aurora?x=1#y"),
            (Some("//evil.example"), "/rooms"),
            (Some("/\\evil.example"), "/rooms"),
            (Some("https://evil.example"), "/rooms"),
            (Some("javascript:alert(1)"), "/rooms"),
            (None, "/rooms"),
        ] {
            assert_eq!(next_path(wanted), next, "{wanted:?}");
        }
    }

    #[test]
    fn waits_are_said_in_seconds_then_minutes() {
        for (seconds, words) in [(1, "1 second"), (42, "42 seconds"), (91, "2 minutes"), (300, "5 minutes")] {
            assert_eq!(duration(seconds), words);
        }
    }
}
