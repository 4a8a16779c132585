//! What is said over the picture, or instead of it: there is never a bare black canvas.

use leptos::prelude::*;
use protocol::control::{PictureState, RestartPhase};
use protocol::reason::EndReason;
use protocol::time::Micros;

use super::engine::Engine;
use super::state::{Ending, Phase};
use crate::browser::{clock, page};
use crate::components::{Icon, Symbol, computed, effect};

/// What the overlay says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saying {
    Nothing,
    Starting,
    Connecting,
    FirstPicture,
    NoPicture(PictureState),
    /// The device restarts; the console is not reached while `away`.
    Restarting {
        phase: RestartPhase,
        away: bool,
    },
    /// What is on the canvas is as old as this tells.
    Reconnecting {
        since: Micros,
    },
    Silent {
        since: Micros,
    },
    Over(Ending),
}

/// What the session looks like to the overlay.
#[derive(Debug, Clone, Copy)]
pub struct Looks {
    pub phase: Phase,
    pub picture: PictureState,
    pub restart: Option<RestartPhase>,
    pub silent_since: Option<Micros>,
    /// A picture of this connection is on the canvas.
    pub drawn: bool,
}

/// The most important thing first.
pub fn saying(looks: Looks) -> Saying {
    match looks.phase {
        Phase::Over(ending) => return Saying::Over(ending),
        Phase::Starting => return Saying::Starting,
        Phase::Connecting => return Saying::Connecting,
        Phase::Reconnecting { .. } | Phase::Live => {}
    }
    let reconnecting_since = if let Phase::Reconnecting { since } = looks.phase { Some(since) } else { None };
    if let Some(phase) = looks.restart {
        return Saying::Restarting { phase, away: reconnecting_since.is_some() };
    }
    match (reconnecting_since, looks.silent_since) {
        (Some(since), _) => Saying::Reconnecting { since },
        (None, Some(since)) => Saying::Silent { since },
        (None, None) if looks.picture != PictureState::Live => Saying::NoPicture(looks.picture),
        (None, None) if !looks.drawn => Saying::FirstPicture,
        (None, None) => Saying::Nothing,
    }
}

#[component]
pub(super) fn Overlay(
    engine: Engine,
    asks_for_s: Option<u32>,
    on_close: Callback<()>,
    on_again: Callback<()>,
) -> impl IntoView {
    let state = engine.state();
    let saying = Memo::new(move |_| {
        saying(Looks {
            phase: state.phase.get(),
            picture: state.picture.get(),
            restart: state.restart.get(),
            silent_since: state.silent_since.get(),
            drawn: state.shown.get().is_some_and(|shown| shown.drawn),
        })
    });
    computed(move || match saying.get() {
        Saying::Nothing => ().into_any(),
        Saying::Starting => match asks_for_s {
            Some(seconds) => waiting("Asking the room", text::asked(seconds)),
            None => waiting("Asking the console", text::RING_FIRST.to_owned()),
        },
        Saying::Connecting => {
            waiting("Connecting", "The encrypted connection to the console is being made.".to_owned())
        }
        Saying::FirstPicture => {
            waiting("Waiting for the picture", "The console is sending its first picture.".to_owned())
        }
        Saying::NoPicture(picture) => no_picture(picture).into_any(),
        Saying::Restarting { phase, away } => view! { <Restarting phase away/> }.into_any(),
        Saying::Reconnecting { since } => view! { <Old title="Connection lost" verb="Reconnecting" since/> }.into_any(),
        Saying::Silent { since } => view! { <Old title="No answer from the console" verb="Waiting" since/> }.into_any(),
        Saying::Over(ending) => view! { <Over engine ending on_close on_again/> }.into_any(),
    })
}

mod text {
    pub(super) const RING_FIRST: &str = "The console shows its red ring first, then its picture appears here.";

    pub(super) fn asked(seconds: u32) -> String {
        format!("The displays in the room show your name. If nobody declines within {seconds} s, the session begins.")
    }
}

fn waiting(title: &'static str, text: String) -> AnyView {
    view! {
        <div class="session-overlay">
            <span class="spinner spinner-large" aria-hidden="true"></span>
            <h2>{title}</h2>
            <p>{text}</p>
        </div>
    }
    .into_any()
}

fn no_picture(picture: PictureState) -> impl IntoView {
    let (title, text) = match picture {
        PictureState::Live => ("", ""),
        PictureState::Starting => ("The console is starting", "Its picture appears as soon as its screen is there."),
        PictureState::DisplayAsleep => {
            ("The display is asleep", "Choose Wake display under Shortcut commands, or touch the console in the room.")
        }
        PictureState::SecureDesktop => (
            "A protected screen",
            "The console shows a screen that may not be captured. The picture comes back after it.",
        ),
        PictureState::NoOutput => ("No output", "This display is not connected. Choose another one under Displays."),
        PictureState::PausedByCall => {
            ("Paused during a call", "A call started in the room. The session goes on when the call has ended.")
        }
        PictureState::PausedBySilence => ("Paused", "The console rests until it hears from this browser again."),
    };
    let symbol = match picture {
        PictureState::PausedByCall => Symbol::Call,
        PictureState::SecureDesktop => Symbol::Lock,
        PictureState::DisplayAsleep => Symbol::Moon,
        _ => Symbol::Display,
    };
    view! {
        <div class="session-overlay">
            <Icon symbol/>
            <h2>{title}</h2>
            <p>{text}</p>
        </div>
    }
}

/// The waiting screen of a restart, with how far it has come.
#[component]
fn Restarting(phase: RestartPhase, away: bool) -> impl IntoView {
    let n_done = match (phase, away) {
        (RestartPhase::GoingDown, false) => 0,
        (RestartPhase::GoingDown, true) => 1,
        (RestartPhase::AgentBack, _) => 2,
        (RestartPhase::DisplayReady, _) => 3,
    };
    let step = move |(index, name): (usize, &'static str)| {
        let (state, symbol) = match index {
            index if index < n_done => ("done", Symbol::CheckCircle),
            index if index == n_done => ("now", Symbol::Clock),
            _ => ("later", Symbol::Dash),
        };
        view! {
            <li data-state=state aria-current=(state == "now").then_some("step")>
                <Icon symbol/>
                <span>{name}</span>
            </li>
        }
        .into_any()
    };
    let steps = ["Device goes down", "Agent comes back", "Display is ready"];
    view! {
        <div class="session-overlay session-restarting">
            <span class="spinner spinner-large" aria-hidden="true"></span>
            <h2>"The device restarts"</h2>
            <p>"The session goes on by itself when the device is back. You can leave this open."</p>
            <ol class="session-steps">{steps.into_iter().enumerate().map(step).collect_view()}</ol>
        </div>
    }
}

/// A picture that is not live any more, with its age.
#[component]
fn Old(title: &'static str, verb: &'static str, since: Micros) -> impl IntoView {
    let age = RwSignal::new(clock::now().since(since));
    let ticking =
        set_interval_with_handle(move || age.set(clock::now().since(since)), std::time::Duration::from_millis(500));
    on_cleanup(move || {
        if let Ok(ticking) = ticking {
            ticking.clear();
        }
    });
    view! {
        <div class="session-overlay session-overlay-thin">
            <span class="spinner" aria-hidden="true"></span>
            <h2>{title}</h2>
            <p>{move || format!("{verb}. The picture is {} old.", seconds(age.get()))}</p>
        </div>
    }
}

#[component]
fn Over(engine: Engine, ending: Ending, on_close: Callback<()>, on_again: Callback<()>) -> impl IntoView {
    effect(|| {
        page::focus(".session-over .button-primary");
    });
    let (symbol, title) = match ending {
        Ending::Ended(EndReason::KeyMismatch) => (Symbol::Shield, "The connection could not be trusted"),
        Ending::Ended(_) => (Symbol::CheckCircle, "The session has ended"),
        Ending::NotStarted => (Symbol::CrossCircle, "The session was not started"),
        Ending::KeyChanged => (Symbol::Shield, "The console's key has changed"),
        Ending::Lost | Ending::Failed | Ending::Unable(_) => (Symbol::CrossCircle, "The session could not go on"),
    };
    view! {
        <div class="session-overlay session-over">
            <Icon symbol/>
            <h2>{title}</h2>
            <p>{move || engine.state().refusal.get().unwrap_or_else(|| ending.sentence().to_owned())}</p>
            <div class="session-over-choices">
                // There is no way on from a key that has changed.
                {(ending != Ending::KeyChanged).then(|| view! {
                    <button type="button" class="button" on:click=move |_| on_again.run(())>"Start again"</button>
                }.into_any())}
                <button type="button" class="button button-primary" on:click=move |_| on_close.run(())>"Close"</button>
            </div>
        </div>
    }
}

/// `8 s`, `2 min 5 s`.
pub fn seconds(time: Micros) -> String {
    let seconds = time.0 / 1_000_000;
    if seconds < 60 { format!("{seconds} s") } else { format!("{} min {} s", seconds / 60, seconds % 60) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIVE: Looks =
        Looks { phase: Phase::Live, picture: PictureState::Live, restart: None, silent_since: None, drawn: true };
    const SINCE: Micros = Micros::from_secs(3);

    #[test]
    fn only_a_live_picture_has_nothing_over_it() {
        assert_eq!(saying(LIVE), Saying::Nothing);
        let reconnecting = Phase::Reconnecting { since: SINCE };
        for looks in [
            Looks { phase: Phase::Starting, ..LIVE },
            Looks { phase: Phase::Connecting, ..LIVE },
            Looks { drawn: false, ..LIVE },
            Looks { picture: PictureState::DisplayAsleep, ..LIVE },
            Looks { silent_since: Some(SINCE), ..LIVE },
            Looks { phase: reconnecting, ..LIVE },
            Looks { phase: reconnecting, restart: Some(RestartPhase::GoingDown), ..LIVE },
            Looks { phase: Phase::Over(Ending::Lost), ..LIVE },
        ] {
            assert_ne!(saying(looks), Saying::Nothing, "{looks:?}");
        }
    }

    #[test]
    fn the_end_comes_before_everything() {
        let ending = Ending::Ended(EndReason::RestartTimedOut);
        let looks = Looks { phase: Phase::Over(ending), restart: Some(RestartPhase::GoingDown), ..LIVE };
        assert_eq!(saying(looks), Saying::Over(ending));
    }

    #[test]
    fn a_restart_explains_the_lost_connection() {
        let looks =
            Looks { phase: Phase::Reconnecting { since: SINCE }, restart: Some(RestartPhase::GoingDown), ..LIVE };
        assert_eq!(saying(looks), Saying::Restarting { phase: RestartPhase::GoingDown, away: true });
    }

    #[test]
    fn ages_are_read_easily() {
        assert_eq!(seconds(Micros::from_millis(8_900)), "8 s");
        assert_eq!(seconds(Micros::from_secs(125)), "2 min 5 s");
    }
}
