//! The portal: sign-in, rooms, and the session screen.
//!
//! Reading order: [`app`] (routes and contexts), [`state`] (who is signed in, live updates), [`api`] (one function
//! per endpoint), [`pages`], [`session`] (the session screen), [`components`], [`browser`] (the only room that
//! talks to the browser itself).

#![expect(unreachable_pub, reason = "`#[component]` makes the type of the properties `pub`, whatever the component is")]

pub mod api;
pub mod app;
pub mod browser;
pub mod components;
pub mod pages;
pub mod session;
pub mod state;

/// Shows the portal in the page.
pub fn run() {
    if let Some(place) = browser::page::mount_point("app") {
        leptos::mount::mount_to(place, app::App).forget();
    }
}
