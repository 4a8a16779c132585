//! The tab *Overview*: how the room is, its console, its displays, and who is connected.

use leptos::prelude::*;
use protocol::access::Permission;
use protocol::api::{CallStatus, ConsoleDetail, ConsoleStatus, EnrolmentOffer, RoomState, RoomSummary, SessionSummary};
use protocol::ids::DisplayInfo;

use super::approval::Approval;
use super::loaded::Loaded;
use super::signals::Signals;
use super::trust::{Revoke, SetAside};
use crate::api;
use crate::browser::{dates, page, task};
use crate::components::{CopyField, EmptyState, Icon, Symbol, computed, effect};
use crate::pages::copying::{WORDS, copying};
use crate::pages::enrolment::EnrolmentSteps;
use crate::pages::header::initials;
use crate::pages::room_words::{AccessBadge, state_words};
use crate::state::clock::Clock;
use crate::state::login::Login;
use crate::state::toasts::Toasts;

mod text {
    pub(super) const STATUS: &str = "Status";
    pub(super) const STATE: &str = "State";
    pub(super) const CALL: &str = "Call";
    pub(super) const FREE: &str = "Not in a call";
    pub(super) const CALL_UNKNOWN: &str = "Unknown, so it counts as in a call";
    pub(super) const LAST_SEEN: &str = "Last seen";
    pub(super) const NEVER: &str = "Never";
    pub(super) const CONSOLE: &str = "Console";
    pub(super) const HOST: &str = "Name";
    pub(super) const SYSTEM: &str = "Operating system";
    pub(super) const PLATFORM: &str = "Platform";
    pub(super) const AGENT: &str = "Agent version";
    pub(super) const HIGHEST: &str = "Highest access it allows";
    pub(super) const RESTART: &str = "Can be restarted";
    pub(super) const YES: &str = "Yes";
    pub(super) const NO: &str = "No";
    pub(super) const SINCE: &str = "Enrolled";
    pub(super) const APPROVED: &str = "Approved";
    pub(super) const IN_ADVANCE: &str = "in advance, on the server";
    pub(super) const REVOKE_WHY: &str = "Takes this console out of the room for good.";
    pub(super) const FINGERPRINT: &str = "Key fingerprint";
    pub(super) const FINGERPRINT_WHY: &str =
        "The console shows the same groups. If they differ, it is not this console.";
    pub(super) const DISPLAYS: &str = "Displays";
    pub(super) const NO_DISPLAYS: &str = "The console reports no display.";
    pub(super) const SESSIONS: &str = "Connected now";
    pub(super) const NO_SESSIONS: &str = "Nobody is connected.";
    pub(super) const NO_CONSOLE_TITLE: &str = "No console yet";
    pub(super) const NO_CONSOLE_ADDER: &str = "Connect the console of this room with a one-time string.";
    pub(super) const NO_CONSOLE: &str = "An administrator connects the console of this room.";
    pub(super) const OFFER: &str = "Create enrolment string";
    pub(super) const OFFER_BUSY: &str = "Creating";
    pub(super) const ENROL: &str = "Connect the console";
}

#[component]
pub(super) fn Overview(loaded: Loaded) -> impl IntoView {
    let room = Memo::new(move |_| loaded.detail.with(|detail| detail.as_ref().map(|detail| detail.summary.clone())));
    let signals = Memo::new(move |_| {
        loaded.detail.with(|detail| detail.as_ref()?.console.as_ref().map(|console| console.signals.clone()))
    });
    // Without the signals, so that they change without the rest.
    let console = Memo::new(move |_| {
        let console = loaded.detail.with(|detail| detail.as_ref().and_then(|detail| detail.console.clone()));
        console.map(|console| ConsoleDetail { signals: None, ..console })
    });
    let heard = Signal::derive(move || {
        room.with(|room| room.as_ref().is_some_and(|room| room.state != RoomState::Disconnected))
    });
    let sessions = Memo::new(move |_| {
        loaded.detail.with(|detail| detail.as_ref().map(|detail| detail.sessions.clone()).unwrap_or_default())
    });
    // What waits for a decision stays the same panel while the console says more about itself.
    let undecided = Memo::new(move |before: Option<&Option<ConsoleDetail>>| {
        let present = console.get().filter(|console| console.status != ConsoleStatus::Approved);
        match before {
            Some(Some(before)) if present.as_ref().is_some_and(|present| is_same(before, present)) => {
                Some(before.clone())
            }
            _ => present,
        }
    });
    let decision = computed(move || {
        undecided.get().map(|console| match console.status {
            ConsoleStatus::Quarantined => view! { <SetAside loaded console/> }.into_any(),
            _ => view! { <Approval loaded console/> }.into_any(),
        })
    });
    // Whoever waited for the console finds the focus at what to do next, when what had it is gone.
    let has_waited = StoredValue::new(false);
    effect(move || {
        if undecided.with(Option::is_none) {
            has_waited.set_value(true);
        } else if has_waited.get_value() {
            request_animation_frame(|| {
                if page::focus_is_lost() {
                    page::focus("#approval, #set-aside");
                }
            });
        }
    });
    view! {
        <div class="columns">
            <div class="column">
                {decision}
                {move || match console.get() {
                    Some(console) => view! { <Console loaded console/> }.into_any(),
                    None => view! { <NoConsole loaded/> }.into_any(),
                }}
            </div>
            <div class="column">
                {move || room.get().map(|room| view! { <Status room/> })}
                {move || view! { <Sessions sessions=sessions.get()/> }}
                {move || signals.get().map(|signals| view! { <Signals signals heard/> })}
            </div>
        </div>
    }
}

#[component]
fn Status(room: RoomSummary) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let words = state_words(room.state);
    let call = computed(move || match room.call {
        CallStatus::Idle => text::FREE.to_owned(),
        CallStatus::InCall { since } => format!("Since {} ({})", clock.at(since), clock.lasting(since)),
        CallStatus::Unknown => text::CALL_UNKNOWN.to_owned(),
    });
    let last_seen = computed(move || room.last_seen_at.map_or_else(|| text::NEVER.to_owned(), |at| clock.ago(at)));
    view! {
        <section class="panel" aria-labelledby="status">
            <div class="panel-head"><h2 id="status">{text::STATUS}</h2></div>
            <dl class="facts panel-body">
                <div><dt>{text::STATE}</dt><dd>{words.name}<span class="fact-note">{words.meaning}</span></dd></div>
                <div><dt>{text::CALL}</dt><dd>{call}</dd></div>
                <div><dt>{text::LAST_SEEN}</dt><dd>{last_seen}</dd></div>
            </dl>
        </section>
    }
}

fn is_same(one: &ConsoleDetail, other: &ConsoleDetail) -> bool {
    let facts =
        |console: &ConsoleDetail| (console.id, console.fingerprint.clone(), console.status, console.host_name.clone());
    facts(one) == facts(other)
}

#[component]
fn Console(loaded: Loaded, console: ConsoleDetail) -> impl IntoView {
    let id = console.id;
    let is_pending = console.status == ConsoleStatus::Pending;
    let may_revoke = console.status == ConsoleStatus::Approved && loaded.may(Permission::RoomUnenroll);
    let approved = console.approved_at.map(|at| {
        let by = console.approved_by.as_ref().map_or_else(|| text::IN_ADVANCE.to_owned(), |name| format!("by {name}"));
        format!("{} {by}", dates::date_time(at))
    });
    let restart = if console.can_restart { text::YES } else { text::NO };
    view! {
        <section class="panel" aria-labelledby="displays">
            <div class="panel-head"><h2 id="displays">{text::DISPLAYS}</h2></div>
            <Displays displays=console.displays/>
        </section>
        <section class="panel" aria-labelledby="console">
            <div class="panel-head"><h2 id="console">{text::CONSOLE}</h2></div>
            <dl class="facts facts-wide panel-body">
                <div><dt>{text::HOST}</dt><dd>{console.host_name}</dd></div>
                <div><dt>{text::SYSTEM}</dt><dd>{console.operating_system}</dd></div>
                <div><dt>{text::PLATFORM}</dt><dd>{console.platform}</dd></div>
                <div><dt>{text::AGENT}</dt><dd>{console.agent_version}</dd></div>
                <div><dt>{text::HIGHEST}</dt><dd>{console.highest_access.name()}</dd></div>
                <div><dt>{text::RESTART}</dt><dd>{restart}</dd></div>
                <div><dt>{text::SINCE}</dt><dd>{dates::date_time(console.enrolled_at)}</dd></div>
                {approved.map(|approved| view! { <div><dt>{text::APPROVED}</dt><dd>{approved}</dd></div> }.into_any())}
            </dl>
            {(!is_pending).then(|| view! {
                <div class="panel-body panel-foot">
                    <CopyField label=text::FINGERPRINT value=console.fingerprint words=WORDS on_copy=copying()/>
                    <p class="fine-print">{text::FINGERPRINT_WHY}</p>
                </div>
            }
            .into_any())}
            {may_revoke.then(|| view! {
                <div class="panel-body panel-row panel-foot">
                    <p class="panel-text">{text::REVOKE_WHY}</p>
                    <Revoke loaded console=id/>
                </div>
            }
            .into_any())}
        </section>
    }
}

#[component]
fn Displays(displays: Vec<DisplayInfo>) -> impl IntoView {
    if displays.is_empty() {
        return view! { <p class="panel-body faint">{text::NO_DISPLAYS}</p> }.into_any();
    }
    let display = |display: DisplayInfo| {
        let (width, height) = (display.size.width, display.size.height);
        // Drawn to one scale, so that a small touch panel looks smaller than the screen on the wall.
        let (drawn_width, drawn_height) = (f32::from(width) / 32.0, f32::from(height) / 32.0);
        view! {
            <li class="display">
                <svg class="display-picture" viewBox="0 0 124 72" aria-hidden="true">
                    <rect
                        x=(124.0 - drawn_width.min(120.0)) / 2.0
                        y=70.0 - drawn_height.min(68.0)
                        width=drawn_width.min(120.0)
                        height=drawn_height.min(68.0)
                        rx="4"
                    ></rect>
                </svg>
                <span class="display-name">{display.id.name()}</span>
                <span class="faint">{format!("{width} × {height}")}</span>
            </li>
        }
        .into_any()
    };
    view! { <ul class="displays panel-body">{displays.into_iter().map(display).collect_view()}</ul> }.into_any()
}

#[component]
fn Sessions(sessions: Vec<SessionSummary>) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let is_empty = sessions.is_empty();
    let session = move |session: SessionSummary| {
        let started_at = session.started_at;
        view! {
            <li class="live-session">
                <span class="avatar avatar-ring" aria-hidden="true">{initials(&session.user_name)}</span>
                <span class="live-session-person">
                    {session.user_name}
                    <span class="faint">{move || format!("Since {} ({})", clock.at(started_at), clock.lasting(started_at))}</span>
                </span>
                <AccessBadge access=session.access/>
            </li>
        }
        .into_any()
    };
    view! {
        <section class="panel" aria-labelledby="sessions">
            <div class="panel-head"><h2 id="sessions">{text::SESSIONS}</h2></div>
            {is_empty.then(|| view! { <p class="panel-body faint">{text::NO_SESSIONS}</p> }.into_any())}
            <ul class="live-sessions">{sessions.into_iter().map(session).collect_view()}</ul>
        </section>
    }
}

/// What to do in a room without a console.
#[component]
fn NoConsole(loaded: Loaded) -> impl IntoView {
    let may_enrol = loaded.may(Permission::RoomModify);
    let offer = RwSignal::new(None::<EnrolmentOffer>);
    let advice = if may_enrol { text::NO_CONSOLE_ADDER } else { text::NO_CONSOLE };
    let empty = move || {
        view! {
            <EmptyState symbol=Symbol::Device title=text::NO_CONSOLE_TITLE text=advice>
                {may_enrol.then(|| view! { <OfferButton loaded offer/> })}
            </EmptyState>
        }
    };
    computed(move || match offer.get() {
        None => empty().into_any(),
        Some(offer) => view! {
            <section class="panel" aria-labelledby="enrol">
                <div class="panel-head"><h2 id="enrol">{text::ENROL}</h2></div>
                <div class="panel-body"><EnrolmentSteps offer/></div>
            </section>
        }
        .into_any(),
    })
}

#[component]
fn OfferButton(loaded: Loaded, offer: RwSignal<Option<EnrolmentOffer>>) -> impl IntoView {
    let login = expect_context::<Login>();
    let toasts = expect_context::<Toasts>();
    let busy = RwSignal::new(false);
    let ask = move |_| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        let id = loaded.id.get_value();
        task::spawn(async move {
            let result = login.noticing(api::new_enrolment(&id).await);
            busy.try_set(false);
            match result {
                Ok(new) => drop(offer.try_set(Some(new))),
                Err(error) => toasts.failed(error.sentence()),
            }
        });
    };
    view! {
        <button type="button" class="button button-primary" on:click=ask>
            <Icon symbol=Symbol::Key/>
            {move || if busy.get() { text::OFFER_BUSY } else { text::OFFER }}
        </button>
    }
}
