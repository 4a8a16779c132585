//! The head of every page: the brand, the way around, and the person.

use leptos::prelude::*;
use leptos_router::components::A;
use protocol::api::Me;

use super::theme_choice::ThemeChoice;
use crate::browser::{letters, task};
use crate::components::{Icon, RingMark, Symbol, computed};
use crate::state::live::{Live, LiveStatus};
use crate::state::login::Login;
use crate::state::toasts::Toasts;

mod text {
    pub(super) const BRAND: &str = "Redring";
    pub(super) const NAVIGATION: &str = "Main";
    pub(super) const ROOMS: &str = "Rooms";
    pub(super) const SETTINGS: &str = "Settings";
    pub(super) const HELP: &str = "Help";
    pub(super) const ACCOUNT: &str = "Your account";
    pub(super) const SIGN_OUT: &str = "Sign out";
    pub(super) const SIGNED_OUT: &str = "You are signed out.";
    pub(super) const SIGNED_OUT_HERE: &str =
        "You are signed out here, but the server did not answer. Close the browser on a computer that others use.";
    pub(super) const INTERRUPTED: &str = "Reconnecting";
    pub(super) const INTERRUPTED_WHY: &str = "No live updates at the moment; what you see may be a little old.";
}

#[component]
pub fn Header() -> impl IntoView {
    let login = expect_context::<Login>();
    let person = computed(move || login.me().map(|me| view! { <Person me/> }));
    let navigation = computed(move || login.is_signed_in().then(|| view! { <Navigation/> }));
    view! {
        <header class="top">
            <div class="top-row">
                <A href="/rooms" attr:class="brand">
                    <RingMark/>
                    <span>{text::BRAND}</span>
                </A>
                {navigation}
                <div class="top-end">
                    <Interruption/>
                    {person}
                </div>
            </div>
        </header>
    }
}

#[component]
fn Navigation() -> impl IntoView {
    view! {
        <nav class="top-nav" aria-label=text::NAVIGATION>
            <A href="/rooms">{text::ROOMS}</A>
            <A href="/settings">{text::SETTINGS}</A>
        </nav>
    }
}

#[component]
fn Interruption() -> impl IntoView {
    let live = expect_context::<Live>();
    view! {
        <div role="status">
            {move || (live.status().get() == LiveStatus::Interrupted).then(|| view! {
                <span class="interruption" title=text::INTERRUPTED_WHY>
                    <span class="spinner" aria-hidden="true"></span>
                    {text::INTERRUPTED}
                </span>
            }.into_any())}
        </div>
    }
}

#[component]
fn Person(me: Me) -> impl IntoView {
    let login = expect_context::<Login>();
    let toasts = expect_context::<Toasts>();
    let sign_out = move |_| {
        task::spawn(async move {
            match login.sign_out().await {
                Ok(()) => toasts.done(text::SIGNED_OUT),
                Err(_) => toasts.failed(text::SIGNED_OUT_HERE),
            }
        });
    };
    view! {
        <a class="button button-quiet button-icon" href="/help/session" target="_blank" aria-label=text::HELP title=text::HELP>
            <Icon symbol=Symbol::Help/>
        </a>
        <button type="button" class="button button-quiet account-button" popovertarget="account">
            <span class="only-read">{text::ACCOUNT} ": "</span>
            <span class="avatar" aria-hidden="true">{initials(&me.user.name)}</span>
            <span class="account-name">{me.user.name.clone()}</span>
            <Icon symbol=Symbol::ChevronDown/>
        </button>
        <div class="menu" id="account" popover="auto">
            <div class="menu-person">
                <strong>{me.user.name}</strong>
                <span>{me.user.email}</span>
                <span>{me.tenant.name}</span>
            </div>
            <ThemeChoice group="menu-theme"/>
            <button type="button" class="menu-item" on:click=sign_out>
                <Icon symbol=Symbol::SignOut/>
                {text::SIGN_OUT}
            </button>
        </div>
    }
}

/// Up to two capitals that stand for a person.
pub(super) fn initials(name: &str) -> String {
    letters::capital(&first_letters(name))
}

/// The first letters of the first and the last word.
fn first_letters(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    let last = if words.len() < 2 { None } else { words.last() };
    words.first().into_iter().chain(last).filter_map(|word| word.chars().next()).collect()
}

#[cfg(test)]
mod tests {
    use super::first_letters;

    #[test]
    fn initials_are_of_the_first_and_the_last_word() {
        for (name, letters) in [("Ada Maria Admin", "AA"), ("Änne", "Ä"), ("  ", ""), ("joe van o'neil", "jo")] {
            assert_eq!(first_letters(name), letters, "{name:?}");
        }
    }
}
