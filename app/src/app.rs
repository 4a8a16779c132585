//! The router, what every page has around it, and the states that all pages share.

use leptos::prelude::*;
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::path;

use crate::components::{Toaster, ToasterItem, ToasterTone};
use crate::pages::{
    ConfirmItIsYou, Guard, Header, HelpSession, Home, Navigated, NotFound, RoomPage, RoomsPage, SettingsPage,
    SetupPage, SignInPage, WelcomePage,
};
use crate::state::appearance::Appearance;
use crate::state::clock::Clock;
use crate::state::confirmation::Confirmation;
use crate::state::live::Live;
use crate::state::login::Login;
use crate::state::toasts::{Toast, Toasts, Tone};
use crate::state::watches::Watches;

#[component]
pub fn App() -> impl IntoView {
    provide_states();
    view! {
        <Router>
            <a class="skip-link" href="#main" rel="external">"Skip to content"</a>
            <Header/>
            <main id="main" tabindex="-1">
                <FlatRoutes fallback=NotFound>
                    <Route path=path!("/") view=Home/>
                    <Route path=path!("/sign-in") view=SignInPage/>
                    <Route path=path!("/setup") view=SetupPage/>
                    <Route path=path!("/welcome") view=WelcomePage/>
                    <Route path=path!("/rooms") view=|| view! { <Guard><RoomsPage/></Guard> }/>
                    <Route path=path!("/rooms/:room/*tab") view=|| view! { <Guard><RoomPage/></Guard> }/>
                    <Route path=path!("/settings/*rest") view=|| view! { <Guard><SettingsPage/></Guard> }/>
                    <Route path=path!("/help/session") view=HelpSession/>
                </FlatRoutes>
            </main>
            <ConfirmItIsYou/>
            <Messages/>
        </Router>
    }
}

fn provide_states() {
    let toasts = Toasts::new();
    let login = Login::ask();
    let live = Live::follow(login);
    provide_context(Confirmation::follow());
    provide_context(Clock::start());
    provide_context(Appearance::stored());
    provide_context(Navigated::default());
    provide_context(toasts);
    provide_context(login);
    provide_context(live);
    provide_context(Watches::follow(live, toasts));
}

#[component]
fn Messages() -> impl IntoView {
    let toasts = expect_context::<Toasts>();
    let items = Signal::derive(move || toasts.shown().get().into_iter().map(toaster_item).collect::<Vec<_>>());
    view! { <Toaster items on_dismiss=Callback::new(move |id| toasts.dismiss(id))/> }
}

fn toaster_item(toast: Toast) -> ToasterItem {
    let Toast { id, tone, text, link } = toast;
    let tone = match tone {
        Tone::Done => ToasterTone::Done,
        Tone::Info => ToasterTone::Info,
        Tone::Failed => ToasterTone::Failed,
    };
    ToasterItem { id, tone, text, link }
}
