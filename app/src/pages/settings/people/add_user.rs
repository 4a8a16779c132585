//! The dialog that adds a user and shows the invitation link.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use protocol::api::{CreateUser, CreatedUser};

use super::PATH;
use super::invitation::InvitationLink;
use crate::api::people;
use crate::browser::{page, task};
use crate::components::{Dialog, Field, Notice, NoticeTone, SubmitButton, effect};
use crate::pages::setup::looks_like_email;
use crate::state::login::Login;

mod text {
    pub(super) const TITLE: &str = "Add user";
    pub(super) const NAME: &str = "Name";
    pub(super) const NAME_HINT: &str = "People in a room see it while this person is connected.";
    pub(super) const EMAIL: &str = "Email";
    pub(super) const EMAIL_HINT: &str = "To sign in with. It cannot be changed later.";
    pub(super) const SUBMIT: &str = "Add user";
    pub(super) const BUSY: &str = "Adding";
    pub(super) const NO_NAME: &str = "Enter the person's name.";
    pub(super) const NO_EMAIL: &str = "Enter an email address, like name@example.com.";
    pub(super) const OPEN: &str = "Open the account";
    pub(super) const ANOTHER: &str = "Add another user";

    pub(super) fn added(name: &str) -> String {
        format!("{name} is added. Pass the link on: with it the person chooses a password and signs in.")
    }
}

#[component]
pub(super) fn AddUser(open: RwSignal<bool>, on_added: Callback<()>) -> impl IntoView {
    let added = RwSignal::new(None::<CreatedUser>);
    effect(move || {
        if !open.get() {
            added.set(None);
        }
    });
    let on_created = Callback::new(move |created| {
        added.set(Some(created));
        on_added.run(());
        // The form had the focus and is gone.
        request_animation_frame(|| {
            page::focus(".invitation .button");
        });
    });
    view! {
        <Dialog open title=text::TITLE>
            {move || match added.get() {
                None => view! { <Form on_created/> }.into_any(),
                Some(created) => view! { <Added created added/> }.into_any(),
            }}
        </Dialog>
    }
}

#[component]
fn Form(on_created: Callback<CreatedUser>) -> impl IntoView {
    let login = expect_context::<Login>();
    let name = RwSignal::new(String::new());
    let email = RwSignal::new(String::new());
    let name_error = RwSignal::new(None);
    let email_error = RwSignal::new(None);
    let error = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let no_name = name.with_untracked(|name| name.trim().is_empty());
        let no_email = email.with_untracked(|email| !looks_like_email(email));
        name_error.set(no_name.then(|| text::NO_NAME.to_owned()));
        email_error.set(no_email.then(|| text::NO_EMAIL.to_owned()));
        if no_name {
            page::focus("#user-name");
        } else if no_email {
            page::focus("#user-email");
        }
        if no_name || no_email || busy.get_untracked() {
            return;
        }
        busy.set(true);
        error.set(None);
        let trimmed = |text: RwSignal<String>| text.get_untracked().trim().to_owned();
        let request = CreateUser { email: trimmed(email), name: trimmed(name) };
        task::spawn(async move {
            let result = login.noticing(people::create_user(&request).await);
            busy.try_set(false);
            match result {
                Ok(created) => on_created.run(created),
                Err(problem) => drop(error.try_set(Some(problem.sentence()))),
            }
        });
    };
    view! {
        <form class="form" novalidate=true on:submit=submit>
            {move || error.get().map(|error| view! { <Notice tone=NoticeTone::Failed text=error urgent=true/> })}
            <Field id="user-name" label=text::NAME hint=text::NAME_HINT value=name error=name_error required=true focused=true/>
            <Field id="user-email" label=text::EMAIL hint=text::EMAIL_HINT value=email kind="email" error=email_error required=true/>
            <SubmitButton label=text::SUBMIT busy_label=text::BUSY busy/>
        </form>
    }
}

#[component]
fn Added(created: CreatedUser, added: RwSignal<Option<CreatedUser>>) -> impl IntoView {
    let CreatedUser { user, invitation } = created;
    let again = move |_| {
        added.set(None);
        request_animation_frame(|| {
            page::focus("#user-name");
        });
    };
    view! {
        <div class="form">
            <p role="status">{text::added(&user.name)}</p>
            <InvitationLink invitation/>
        </div>
        <p class="dialog-actions">
            <button type="button" class="button" on:click=again>{text::ANOTHER}</button>
            <a class="button" href=format!("{PATH}/users/{}", user.id)>{text::OPEN}</a>
        </p>
    }
}
