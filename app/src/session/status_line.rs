//! The status area: room, access, people, connection.

use leptos::prelude::*;
use protocol::access::Access;
use protocol::reason::EndReason;
use protocol::time::Micros;
use viewer::ui::Statistics;

use super::engine::Engine;
use super::keyboard::RELEASE_CHORD;
use super::overlay::seconds;
use super::state::{EndsSoon, Phase};
use super::statistics_panel::StatisticsPanel;
use crate::browser::{clock, page};
use crate::components::{Badge, BadgeTone, Icon, Symbol, When};

/// How well the connection serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quality {
    Good,
    Fair,
    Poor,
}

impl Quality {
    /// By the time that passes between a change in the room and its sight here.
    pub fn of(statistics: &Statistics) -> Option<Self> {
        let delay = statistics.glass_to_glass.or(statistics.round_trip)?;
        Some(match delay {
            delay if delay <= Micros::from_millis(120) => Self::Good,
            delay if delay <= Micros::from_millis(350) => Self::Fair,
            _ => Self::Poor,
        })
    }

    const fn id(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Fair => "fair",
            Self::Poor => "poor",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Good => "Good connection",
            Self::Fair => "Fair connection",
            Self::Poor => "Poor connection",
        }
    }
}

#[component]
pub(super) fn StatusLine(engine: Engine, #[prop(into)] room_name: String) -> impl IntoView {
    let state = engine.state();
    view! {
        <div class="session-status">
            <p class="session-room">{room_name}</p>
            {move || state.access.get().map(access_badge)}
            <People engine/>
            <p class="session-phase" role="status" data-phase=move || phase_id(state.phase.get())>
                <span class="session-phase-dot" aria-hidden="true"></span>
                <span class="session-phase-words">{move || phase_text(state.phase.get(), state.is_paused())}</span>
            </p>
            <When condition=move || state.is_live() && state.in_call.get() && !state.is_paused()>
                <Badge tone=BadgeTone::Warning symbol=Symbol::Call text="Room in a call"/>
            </When>
            <Connection engine/>
            {move || state.ends_soon.get().map(|ends_soon| view! { <Countdown engine ends_soon/> })}
            <p class="session-keys-hint" id="session-keys-hint">
                {move || keyboard_hint(engine)}
            </p>
        </div>
    }
}

/// What the status says; programs and people rely on these words.
pub fn phase_text(phase: Phase, is_paused: bool) -> String {
    match phase {
        Phase::Starting | Phase::Connecting => "Connecting".to_owned(),
        Phase::Live if is_paused => "Connected, paused during a call".to_owned(),
        Phase::Live => "Connected".to_owned(),
        Phase::Reconnecting { .. } => "Reconnecting".to_owned(),
        Phase::Over(ending) => format!("Ended: {}", ending.sentence()),
    }
}

const fn phase_id(phase: Phase) -> &'static str {
    match phase {
        Phase::Starting | Phase::Connecting => "connecting",
        Phase::Live => "live",
        Phase::Reconnecting { .. } => "reconnecting",
        Phase::Over(_) => "over",
    }
}

fn access_badge(access: Access) -> AnyView {
    let (tone, symbol, text) = match access {
        Access::View => (BadgeTone::Calm, Symbol::Eye, "View only"),
        Access::Modify => (BadgeTone::Accent, Symbol::Keyboard, "Modify"),
    };
    view! { <Badge tone symbol text/> }.into_any()
}

fn keyboard_hint(engine: Engine) -> String {
    let state = engine.state();
    if !state.has_input() {
        String::new()
    } else if state.captured.get() {
        format!("You type on the console. {RELEASE_CHORD} stops that.")
    } else {
        "Click or tab into the picture to type.".to_owned()
    }
}

/// Who else is there, and who types.
#[component]
fn People(engine: Engine) -> impl IntoView {
    let state = engine.state();
    let others = Memo::new(move |_| {
        let others = state.people.get().into_iter().filter(|person| !person.you);
        others.map(|person| format!("{} ({})", person.name, person.access.name())).collect::<Vec<_>>()
    });
    let holder = move || state.may_modify().then(|| state.input_holder()).flatten();
    view! {
        <When condition=move || others.with(|others| !others.is_empty())>
            <p class="session-people">
                <Icon symbol=Symbol::People/>
                <span class="only-read">"Also connected: "</span>
                <span class="session-names">{move || others.get().join(", ")}</span>
            </p>
        </When>
        {move || holder().map(|name| view! {
            <p class="session-holder">{format!("{name} has keyboard and pointer")}</p>
            <button type="button" class="button button-small" on:click=move |_| engine.take_input()>
                "Take keyboard and pointer"
            </button>
        }.into_any())}
    }
}

/// The quality in a word; its figures on demand.
#[component]
fn Connection(engine: Engine) -> impl IntoView {
    let state = engine.state();
    let is_heard = move || state.is_live() && state.silent_since.get().is_none();
    let quality = Memo::new(move |_| is_heard().then(|| state.statistics.with(Quality::of)).flatten());
    view! {
        {move || quality.get().map(|quality| view! {
            <button
                type="button"
                class="session-quality session-anchor-statistics"
                data-quality=quality.id()
                popovertarget="session-statistics"
                aria-haspopup="dialog"
            >
                <span class="session-bars" aria-hidden="true"><i></i><i></i><i></i></span>
                <span>{quality.name()}</span>
            </button>
        }.into_any())}
        <StatisticsPanel engine/>
    }
}

#[component]
fn Countdown(engine: Engine, ends_soon: EndsSoon) -> impl IntoView {
    let stay = move |_| {
        engine.stay_connected();
        // The button goes, and the focus is not to go with it.
        page::focus(".session-view");
    };
    let left = RwSignal::new(ends_soon.at.since(clock::now()));
    let ticking =
        set_interval_with_handle(move || left.set(ends_soon.at.since(clock::now())), std::time::Duration::from_secs(1));
    on_cleanup(move || {
        if let Ok(ticking) = ticking {
            ticking.clear();
        }
    });
    view! {
        <p class="session-countdown">
            <Icon symbol=Symbol::Clock/>
            <span>{move || format!("Ends in {}. {}", seconds(left.get()), ends_soon.reason.sentence())}</span>
        </p>
        {(ends_soon.reason == EndReason::Idle).then(|| view! {
            <button type="button" class="button button-small" on:click=stay>
                "Stay connected"
            </button>
        }.into_any())}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::state::Ending;

    #[test]
    fn the_words_of_the_status_are_fixed() {
        assert_eq!(phase_text(Phase::Live, false), "Connected");
        assert_eq!(phase_text(Phase::Live, true), "Connected, paused during a call");
        assert_eq!(phase_text(Phase::Reconnecting { since: Micros::ZERO }, false), "Reconnecting");
        let ended = phase_text(Phase::Over(Ending::Ended(EndReason::EndedByViewer)), false);
        assert!(ended.starts_with("Ended: "), "{ended}");
    }

    #[test]
    fn quality_is_the_delay_that_people_notice() {
        let of = |glass_to_glass| {
            let glass_to_glass = Some(Micros::from_millis(glass_to_glass));
            Quality::of(&Statistics { glass_to_glass, ..Statistics::default() })
        };
        assert_eq!([of(20), of(200), of(900)], [Quality::Good, Quality::Fair, Quality::Poor].map(Some));
        assert_eq!(Quality::of(&Statistics::default()), None);
    }
}
