//! How pages say what the server reports about rooms.

use leptos::prelude::*;
use protocol::access::Access;
use protocol::api::{CallStatus, RoomState};

use crate::components::{Badge, BadgeTone, Symbol, computed};
use crate::state::clock::Clock;

pub(super) struct StateWords {
    pub(super) name: &'static str,
    /// What it means, for people who see it for the first time.
    pub(super) meaning: &'static str,
    pub(super) symbol: Symbol,
    pub(super) tone: BadgeTone,
}

pub(super) const STATES: [RoomState; 6] = [
    RoomState::Healthy,
    RoomState::Unhealthy,
    RoomState::Disconnected,
    RoomState::Suppressed,
    RoomState::Pending,
    RoomState::NotEnrolled,
];

pub(super) const fn state_words(state: RoomState) -> StateWords {
    let (name, meaning, symbol, tone) = match state {
        RoomState::Healthy => {
            ("Healthy", "The console is connected and all is well.", Symbol::CheckCircle, BadgeTone::Good)
        }
        RoomState::Unhealthy => (
            "Unhealthy",
            "The console has a problem that somebody should look at.",
            Symbol::Warning,
            BadgeTone::Warning,
        ),
        RoomState::Disconnected => {
            ("Disconnected", "The console cannot be reached right now.", Symbol::PlugOff, BadgeTone::Calm)
        }
        RoomState::Suppressed => {
            ("Suppressed", "Somebody paused the alerts of this room.", Symbol::Pause, BadgeTone::Accent)
        }
        RoomState::Pending => (
            "Waits for approval",
            "A console wants to join: compare its key, then approve it.",
            Symbol::Key,
            BadgeTone::Warning,
        ),
        RoomState::NotEnrolled => {
            ("Not enrolled", "No console belongs to this room yet.", Symbol::Plus, BadgeTone::Faint)
        }
    };
    StateWords { name, meaning, symbol, tone }
}

#[component]
pub(super) fn StateBadge(state: RoomState) -> impl IntoView {
    let words = state_words(state);
    view! { <Badge tone=words.tone symbol=words.symbol text=words.name/> }
}

#[component]
pub(super) fn AccessBadge(access: Access) -> impl IntoView {
    let symbol = match access {
        Access::View => Symbol::Eye,
        Access::Modify => Symbol::Keyboard,
    };
    view! { <Badge tone=BadgeTone::Calm symbol text=access.name()/> }
}

/// The call, when there is one.
#[component]
pub(super) fn CallBadge(call: CallStatus) -> impl IntoView {
    let clock = expect_context::<Clock>();
    match call {
        CallStatus::Idle | CallStatus::Unknown => None,
        CallStatus::InCall { since } => Some(computed(move || {
            view! { <Badge tone=BadgeTone::Accent symbol=Symbol::Call text=format!("In a call since {}", clock.at(since))/> }
        })),
    }
}

/// How many people are connected, when somebody is.
#[component]
pub(super) fn PeopleBadge(n_sessions: u32) -> impl IntoView {
    let text = match n_sessions {
        0 => return None,
        1 => "1 connected".to_owned(),
        n => format!("{n} connected"),
    };
    Some(view! { <Badge tone=BadgeTone::Ring symbol=Symbol::People text/> })
}

/// `Germany/Berlin/HQ` with the separators that people read.
pub(super) fn place_words(place: &str) -> String {
    place.split('/').map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" › ")
}

#[cfg(test)]
mod tests {
    use super::place_words;

    #[test]
    fn places_are_read_from_the_outside_in() {
        assert_eq!(place_words("Germany/Berlin//HQ "), "Germany › Berlin › HQ");
        assert_eq!(place_words(""), "");
    }
}
