//! `/settings`: the person's own account and how the portal looks.

use leptos::prelude::*;

use super::everywhere::SignOutEverywhere;
use super::passkeys::PasskeysPanel;
use super::password::PasswordPanel;
use crate::browser::task;
use crate::components::{Icon, Symbol, computed};
use crate::pages::header::initials;
use crate::pages::heading::Heading;
use crate::pages::theme_choice::ThemeChoice;
use crate::state::login::Login;

mod text {
    pub(super) const TITLE: &str = "Account";
    pub(super) const ACCOUNT: &str = "Your account";
    pub(super) const ORGANISATION: &str = "Organisation";
    pub(super) const REMOTE_ACCESS: &str = "Remote access";
    pub(super) const ENABLED: &str = "Enabled for your organisation";
    pub(super) const DISABLED: &str = "Not enabled for your organisation";
    pub(super) const SIGN_OUT: &str = "Sign out";
    pub(super) const SIGN_OUT_WHY: &str = "Ends the sessions that you have open, too.";
    pub(super) const LOOK: &str = "Appearance";
    pub(super) const LOOK_WHY: &str = "Light or dark, or whatever your computer uses. Kept in this browser only.";
    pub(super) const ABOUT: &str = "About";
    pub(super) const VERSION: &str = "Portal version";
    pub(super) const HELP: &str = "Help on sessions";
    pub(super) const API: &str = "Description of the API";
}

#[component]
pub fn AccountPage() -> impl IntoView {
    view! {
        <div class="stack">
            <div class="page-head"><Heading title=Signal::stored(text::TITLE.to_owned())/></div>
            <Account/>
            <PasswordPanel/>
            <PasskeysPanel/>
            <section class="panel" aria-labelledby="look">
                <div class="panel-head"><h2 id="look">{text::LOOK}</h2></div>
                <div class="panel-body panel-row">
                    <p class="panel-text">{text::LOOK_WHY}</p>
                    <ThemeChoice group="settings-theme"/>
                </div>
            </section>
            <About/>
        </div>
    }
}

#[component]
fn Account() -> impl IntoView {
    let login = expect_context::<Login>();
    let sign_out = move |_| {
        task::spawn(async move {
            // The page that follows says that nobody is signed in.
            drop(login.sign_out().await);
        });
    };
    let person = computed(move || {
        login.me().map(|me| {
            let remote_access = if me.tenant.remote_access_enabled { text::ENABLED } else { text::DISABLED };
            view! {
                <div class="panel-body person">
                    <span class="avatar avatar-large" aria-hidden="true">{initials(&me.user.name)}</span>
                    <div>
                        <p class="person-name">{me.user.name}</p>
                        <p class="person-email">{me.user.email}</p>
                    </div>
                </div>
                <dl class="facts panel-body">
                    <div><dt>{text::ORGANISATION}</dt><dd>{me.tenant.name}</dd></div>
                    <div><dt>{text::REMOTE_ACCESS}</dt><dd>{remote_access}</dd></div>
                </dl>
            }
            .into_any()
        })
    });
    view! {
        <section class="panel" aria-labelledby="account-heading">
            <div class="panel-head"><h2 id="account-heading">{text::ACCOUNT}</h2></div>
            {person}
            <div class="panel-body panel-row panel-foot">
                <p class="panel-text">{text::SIGN_OUT_WHY}</p>
                <button type="button" class="button" on:click=sign_out><Icon symbol=Symbol::SignOut/>{text::SIGN_OUT}</button>
            </div>
            <SignOutEverywhere/>
        </section>
    }
}

#[component]
fn About() -> impl IntoView {
    view! {
        <section class="panel" aria-labelledby="about">
            <div class="panel-head"><h2 id="about">{text::ABOUT}</h2></div>
            <dl class="facts panel-body">
                <div><dt>{text::VERSION}</dt><dd>{env!("CARGO_PKG_VERSION")}</dd></div>
            </dl>
            <p class="panel-body panel-foot links">
                <a href="/help/session" target="_blank">{text::HELP}</a>
                <a href="/api/v1/openapi.json" target="_blank">{text::API}</a>
            </p>
        </section>
    }
}
