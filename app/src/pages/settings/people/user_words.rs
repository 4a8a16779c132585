//! How pages say what the server reports about users.

use leptos::prelude::*;
use protocol::api::UserState;

use crate::components::{Badge, BadgeTone, Symbol, computed};
use crate::state::clock::Clock;

mod text {
    pub(super) const NEVER: &str = "Never";
}

pub(super) const STATES: [UserState; 3] = [UserState::Active, UserState::Invited, UserState::Disabled];
/// Their names in addresses.
pub(super) const STATE_IDS: [&str; 3] =
    [state_id(UserState::Active), state_id(UserState::Invited), state_id(UserState::Disabled)];

pub(super) const fn state_id(state: UserState) -> &'static str {
    match state {
        UserState::Active => "active",
        UserState::Invited => "invited",
        UserState::Disabled => "disabled",
    }
}

pub(super) const fn state_name(state: UserState) -> &'static str {
    match state {
        UserState::Active => "Active",
        UserState::Invited => "Invited",
        UserState::Disabled => "Disabled",
    }
}

/// What it means, for people who see it for the first time.
pub(super) const fn state_meaning(state: UserState) -> &'static str {
    match state {
        UserState::Active => "Can sign in.",
        UserState::Invited => "Has not set a password with the invitation link yet.",
        UserState::Disabled => "Cannot sign in until the account is enabled again.",
    }
}

#[component]
pub(super) fn UserStateBadge(state: UserState) -> impl IntoView {
    let (tone, symbol) = match state {
        UserState::Active => (BadgeTone::Good, Symbol::CheckCircle),
        UserState::Invited => (BadgeTone::Accent, Symbol::Clock),
        UserState::Disabled => (BadgeTone::Warning, Symbol::Lock),
    };
    view! { <Badge tone symbol text=state_name(state)/> }
}

/// When somebody was last here, in words.
pub(super) fn last_login(at: Option<i64>) -> AnyView {
    let clock = expect_context::<Clock>();
    match at {
        Some(at) => computed(move || clock.ago(at)).into_any(),
        None => view! { <span class="faint">{text::NEVER}</span> }.into_any(),
    }
}
