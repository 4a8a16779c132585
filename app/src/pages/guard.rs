//! What stands before every page that wants somebody signed in.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::message::{LoadingPage, MessagePage};
use crate::browser::page;
use crate::components::{RetryButton, Symbol, computed, effect};
use crate::state::login::{Absence, Login, Who};

mod text {
    pub(super) const NO_SERVER: &str = "The server does not answer";
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Gate {
    Waiting,
    Open,
    Shut(Absence),
    Broken(String),
}

/// Shows its children to people who are signed in; sends others to the sign-in page, from where they come back.
#[component]
pub fn Guard(children: ChildrenFn) -> impl IntoView {
    let login = expect_context::<Login>();
    let gate = Memo::new(move |_| login.who().with(gate));
    let navigate = use_navigate();
    effect(move || {
        if let Gate::Shut(absence) = gate.get() {
            navigate(&sign_in_path(absence), NavigateOptions { replace: true, ..NavigateOptions::default() });
        }
    });
    computed(move || match gate.get() {
        Gate::Open => children(),
        Gate::Waiting => view! { <LoadingPage n_lines=6/> }.into_any(),
        Gate::Shut(_) => ().into_any(),
        Gate::Broken(sentence) => view! {
            <MessagePage symbol=Symbol::PlugOff title=text::NO_SERVER text=sentence>
                <RetryButton on_retry=move |()| login.ask_again()/>
            </MessagePage>
        }
        .into_any(),
    })
}

fn gate(who: &Who) -> Gate {
    match who {
        Who::Asking => Gate::Waiting,
        Who::SignedIn(_) => Gate::Open,
        Who::Nobody(absence) => Gate::Shut(*absence),
        Who::Unknown(error) => Gate::Broken(error.sentence()),
    }
}

/// People who signed out on purpose start from the beginning; others come back to where they were.
fn sign_in_path(absence: Absence) -> String {
    let here = page::address();
    if absence == Absence::SignedOut || here == "/" || here == "/rooms" {
        return "/sign-in".to_owned();
    }
    format!("/sign-in?next={}", page::encode_component(&here))
}
