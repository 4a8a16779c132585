//! The panel *Signals*: how the room's devices are, and who is signed in at the console.

use leptos::prelude::*;
use protocol::api::{ConsoleSignals, SignalKind, SignalReport, SignalState, SystemUserReport};

use crate::components::{Badge, BadgeTone, Symbol, computed};
use crate::state::clock::Clock;

mod text {
    pub(super) const TITLE: &str = "Signals";
    pub(super) const NONE: &str = "The console has not said anything about its devices yet.";
    pub(super) const OK: &str = "OK";
    pub(super) const RUNNING: &str = "Running";
    pub(super) const SIGNED_IN: &str = "Signed in";
    pub(super) const KNOWN: &str = "Known";
    pub(super) const MISSING: &str = "Missing";
    pub(super) const NOT_RUNNING: &str = "Not running";
    pub(super) const SIGNED_OUT: &str = "Signed out";
    pub(super) const FAILING: &str = "Failing";
    pub(super) const UNKNOWN: &str = "Unknown";
    pub(super) const NOBODY: &str = "Nobody";
    pub(super) const USER: &str = "System user";
    pub(super) const USER_NOBODY: &str = "The sign-in screen is up.";
    pub(super) const APP_HOW: &str = "Name its process in the console's agent.toml: app_process under [signals].";
    pub(super) const COMMAND_HOW: &str =
        "Name a command that tells it in the console's agent.toml: commands under [signals].";
    pub(super) const USER_HOW: &str =
        "Name a command that tells it in the console's agent.toml: user_command under [signals].";
    pub(super) const LOOKED: &str = "The console looks every 10 seconds and says what changed. Last change:";
    pub(super) const AWAY: &str = "The console is not connected; this is what it said last,";
}

#[component]
pub(super) fn Signals(
    signals: Option<ConsoleSignals>,
    /// The console is connected.
    #[prop(into)]
    heard: Signal<bool>,
) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let body = match signals {
        None => view! { <p class="panel-body faint">{text::NONE}</p> }.into_any(),
        Some(ConsoleSignals { reported_at, list, system_user }) => {
            let when = computed(move || {
                let words = if heard.get() { text::LOOKED } else { text::AWAY };
                format!("{words} {}.", clock.ago(reported_at))
            });
            view! {
                <ul class="signals">
                    {list.into_iter().map(signal).collect_view()}
                    {user(system_user)}
                </ul>
                <p class="panel-body panel-foot fine-print">{when}</p>
            }
            .into_any()
        }
    };
    view! {
        <section class="panel" aria-labelledby="signals">
            <div class="panel-head"><h2 id="signals">{text::TITLE}</h2></div>
            {body}
        </section>
    }
}

fn signal(SignalReport { kind, state, detail }: SignalReport) -> AnyView {
    let how = match (state, kind) {
        (SignalState::Unknown, SignalKind::RoomApp) => Some(text::APP_HOW),
        (SignalState::Unknown, _) => Some(text::COMMAND_HOW),
        _ => None,
    };
    row(kind.name(), look(state), word(kind, state), detail, how)
}

fn user(user: SystemUserReport) -> AnyView {
    let (state, word, detail, how) = match user {
        SystemUserReport::SignedIn { name } => (SignalState::Ok, text::SIGNED_IN, name, None),
        SystemUserReport::Nobody => (SignalState::Missing, text::NOBODY, text::USER_NOBODY.to_owned(), None),
        SystemUserReport::Unknown => (SignalState::Unknown, text::UNKNOWN, String::new(), Some(text::USER_HOW)),
    };
    row(text::USER, look(state), word, detail, how)
}

fn row(
    name: &'static str,
    (tone, symbol): (BadgeTone, Symbol),
    word: &'static str,
    detail: String,
    how: Option<&'static str>,
) -> AnyView {
    view! {
        <li class="signal">
            <span class="signal-name">{name}</span>
            <Badge tone symbol text=word/>
            <span class="signal-detail">{detail}</span>
            {how.map(|how| view! { <span class="signal-how">{how}</span> }.into_any())}
        </li>
    }
    .into_any()
}

const fn look(state: SignalState) -> (BadgeTone, Symbol) {
    match state {
        SignalState::Ok => (BadgeTone::Good, Symbol::CheckCircle),
        SignalState::Missing => (BadgeTone::Warning, Symbol::PlugOff),
        SignalState::Failing => (BadgeTone::Warning, Symbol::Warning),
        SignalState::Unknown => (BadgeTone::Faint, Symbol::Help),
    }
}

const fn word(kind: SignalKind, state: SignalState) -> &'static str {
    match (state, kind) {
        (SignalState::Ok, SignalKind::RoomApp) => text::RUNNING,
        (SignalState::Ok, SignalKind::RoomAppSignIn) => text::SIGNED_IN,
        (SignalState::Ok, SignalKind::RoomAppVersion | SignalKind::OperatingSystem) => text::KNOWN,
        (SignalState::Ok, _) => text::OK,
        (SignalState::Missing, SignalKind::RoomApp) => text::NOT_RUNNING,
        (SignalState::Missing, SignalKind::RoomAppSignIn) => text::SIGNED_OUT,
        (SignalState::Missing, _) => text::MISSING,
        (SignalState::Failing, _) => text::FAILING,
        (SignalState::Unknown, _) => text::UNKNOWN,
    }
}
