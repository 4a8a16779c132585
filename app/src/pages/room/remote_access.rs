//! The tab *Remote access*: whether a session may start, what it would allow, and the button that starts it.

use leptos::prelude::*;
use protocol::access::Access;
use protocol::api::{GateCheck, GateChecklist, GateOutcome};
use protocol::refusal::RefusalCode;

use super::loaded::Loaded;
use crate::api::ApiError;
use crate::browser::features::{self, Feature};
use crate::browser::page;
use crate::components::{EmptyState, Icon, Notice, NoticeTone, Skeleton, Symbol, computed};
use crate::pages::reach::RoomReachPanel;
use crate::session::{self, SessionView};
use crate::state::clock::Clock;
use crate::state::watches::Watches;

mod text {
    use super::{Access, Feature};

    pub(super) const READY: &str = "Ready when you are";
    pub(super) const READY_WHY: &str = "Everything that can be checked before the start is fine.";
    pub(super) const NOT_READY: &str = "Not possible right now";
    pub(super) const START: &str = "Start session";
    pub(super) const CHECKLIST: &str = "What has to be right";
    pub(super) const PASSED: &str = "Fine";
    pub(super) const FAILED: &str = "Not yet";
    pub(super) const NOT_CHECKED: &str = "Not checked yet";
    pub(super) const AT_START: &str = "Checked at the start";
    pub(super) const REFUSED: &str = "The session was not started.";
    pub(super) const GATE_FAILED: &str = "The conditions could not be checked";
    pub(super) const TRY_AGAIN: &str = "Try again";
    pub(super) const TELL_ME: &str = "Tell me when it is free";
    pub(super) const TELLING: &str = "You will be told";
    pub(super) const TELLING_WHY: &str = "While this tab is open, a message appears here as soon as the call ends.";
    pub(super) const YOUR_ACCESS: &str = "What you may do";
    pub(super) const COMMANDS: &str = "Switch displays, use shortcut commands, restart the device";
    pub(super) const SEE: &str = "See every display of the room, live";
    pub(super) const TYPE: &str = "Type, click and scroll on the console";
    pub(super) const NO_TYPE: &str = "Nothing that you type or click reaches the console";
    pub(super) const PRIVACY: &str = "What the room notices";
    pub(super) const PRIVACY_RING: &str =
        "A red ring around every display, with your name, for as long as you are connected.";
    pub(super) const PRIVACY_AUDIO: &str = "You hear nothing and are not heard: sessions have no sound.";
    pub(super) const PRIVACY_RECORD: &str =
        "Pictures and keystrokes are encrypted all the way to the console and are never recorded.";
    pub(super) const PRIVACY_LOG: &str = "The audit log keeps who connected, when, for how long and how it ended.";
    pub(super) const PRACTICE: &str = "Good habits";
    pub(super) const PRACTICE_PASSWORD: &str =
        "Keep passwords of powerful accounts to yourself: use one made for this console.";
    pub(super) const PRACTICE_SIGN_OUT: &str =
        "If you switched to another user of the console, sign that user out before you end.";
    pub(super) const PRACTICE_RESTART: &str =
        "Leave “Restart at end” on, so that the next meeting finds a fresh device.";
    pub(super) const HELP: &str = "Everything about the session screen";

    pub(super) const fn level(access: Access) -> &'static str {
        match access {
            Access::View => "You would look and not touch (View).",
            Access::Modify => "You would have keyboard and pointer (Modify).",
        }
    }

    pub(super) fn asked(seconds: u32) -> String {
        format!("People in the room are asked first: they have {seconds} s to decline, and you wait.")
    }

    pub(super) const fn missing(feature: Feature) -> &'static str {
        match feature {
            Feature::SecureContext => "a secure address: open the portal with https",
            Feature::WebSocket => "live connections (WebSocket)",
            Feature::Worker => "background work (Web Worker)",
            Feature::OffscreenCanvas => "drawing in the background (OffscreenCanvas)",
            Feature::VideoDecoder => "fast video decoding (WebCodecs)",
        }
    }

    pub(super) fn browser(missing: &[Feature]) -> String {
        let list: Vec<_> = missing.iter().map(|feature| self::missing(*feature)).collect();
        format!(
            "This browser cannot show a session. It lacks {}. Microsoft Edge and other Chromium browsers have it.",
            list.join("; ")
        )
    }
}

/// Whether the button starts something.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Readiness {
    Asking,
    Ready,
    /// The sentence says why, and what to do.
    Shut {
        code: Option<RefusalCode>,
        sentence: String,
    },
    Unknown(String),
}

#[component]
pub(super) fn RemoteAccess(loaded: Loaded) -> impl IntoView {
    let in_session = RwSignal::new(false);
    let refused = RwSignal::new(None::<ApiError>);
    let missing = StoredValue::new(features::missing());
    let readiness =
        Memo::new(move |_| loaded.gate.with(|gate| missing.with_value(|missing| readiness(gate.as_ref(), missing))));
    session::warm_up();
    // A page that was left open for a while asks again.
    loaded.refresh_gate();
    let access = Memo::new(move |_| loaded.gate.with(|gate| gate.as_ref().and_then(|gate| gate.as_ref().ok()?.access)));
    let start = Callback::new(move |()| {
        refused.set(None);
        in_session.set(true);
    });
    let stop = Callback::new(move |()| {
        in_session.set(false);
        loaded.refresh();
        // The session's own button had the focus and is gone.
        request_animation_frame(|| {
            page::focus(".start .button-primary");
        });
    });
    let refuse = Callback::new(move |error| {
        refused.set(Some(error));
        stop.run(());
    });
    view! {
        <div class="columns">
            <div class="column">
                <Start loaded readiness refused start access/>
                <Checklist loaded/>
                <RoomReachPanel room=loaded.id.get_value()/>
            </div>
            <aside class="column">
                {move || access.get().map(|access| view! { <YourAccess access/> })}
                <Privacy/>
                <Practice/>
            </aside>
        </div>
        {move || in_session.get().then(|| {
            let room = loaded.id.get_value();
            let room_name = loaded.detail.with_untracked(|detail| detail.as_ref().map(|detail| detail.summary.name.clone()).unwrap_or_default());
            let asks_for_s = untrack(|| asks_for(loaded));
            view! { <SessionView room room_name asks_for_s on_close=stop on_refused=refuse/> }
        })}
    }
}

fn readiness(gate: Option<&Result<GateChecklist, ApiError>>, missing: &[Feature]) -> Readiness {
    match gate {
        _ if !missing.is_empty() => Readiness::Shut { code: None, sentence: text::browser(missing) },
        None => Readiness::Asking,
        Some(Err(error)) => Readiness::Unknown(error.sentence()),
        Some(Ok(gate)) if gate.open => Readiness::Ready,
        Some(Ok(gate)) => shut(gate),
    }
}

/// Seconds for which people in the room are asked before a session begins.
fn asks_for(loaded: Loaded) -> Option<u32> {
    loaded.gate.with(|gate| gate.as_ref().and_then(|gate| gate.as_ref().ok()?.decline_within_s))
}

fn shut(gate: &GateChecklist) -> Readiness {
    let failed = gate.checks.iter().find(|check| check.outcome == GateOutcome::Failed);
    let code = failed.map(|check| check.code);
    let sentence =
        failed.and_then(|check| check.explanation.clone().or_else(|| Some(check.code.sentence().to_owned())));
    Readiness::Shut { code, sentence: sentence.unwrap_or_default() }
}

#[component]
fn Start(
    loaded: Loaded,
    readiness: Memo<Readiness>,
    refused: RwSignal<Option<ApiError>>,
    start: Callback<()>,
    access: Memo<Option<Access>>,
) -> impl IntoView {
    let is_ready = move || readiness.with(|readiness| *readiness == Readiness::Ready);
    let words = computed(move || {
        match readiness.get() {
        Readiness::Asking => view! { <Skeleton n_lines=2/> }.into_any(),
        Readiness::Ready => {
            let level = access.get().map(text::level);
            let asked = asks_for(loaded).map(text::asked);
            view! { <h2>{text::READY}</h2><p id="start-why">{text::READY_WHY} " " {level} " " {asked}</p> }.into_any()
        }
        Readiness::Shut { sentence, .. } => view! { <h2>{text::NOT_READY}</h2><p id="start-why">{sentence}</p> }.into_any(),
        Readiness::Unknown(sentence) => view! {
            <EmptyState symbol=Symbol::PlugOff title=text::GATE_FAILED text=sentence>
                <button type="button" class="button" on:click=move |_| { loaded.gate.set(None); loaded.refresh_gate(); }>{text::TRY_AGAIN}</button>
            </EmptyState>
        }
        .into_any(),
    }
    });
    let in_call = move || {
        readiness.with(|readiness| matches!(readiness, Readiness::Shut { code: Some(RefusalCode::InCall), .. }))
    };
    view! {
        <section class="panel start" data-ready=move || if is_ready() { "true" } else { "false" }>
            <div class="start-main">
                <div class="start-words" aria-live="polite">{words}</div>
                {move || in_call().then(|| view! { <CallSince loaded/> })}
                {move || refused.get().map(|error| view! {
                    <Notice tone=NoticeTone::Failed urgent=true text=format!("{} {}", text::REFUSED, error.sentence())/>
                })}
                <div class="start-buttons">
                    <button
                        type="button"
                        class="button button-primary button-big"
                        aria-disabled=move || (!is_ready()).then_some("true")
                        aria-describedby="start-why"
                        on:click=move |_| if is_ready() { start.run(()) }
                    >
                        <Icon symbol=Symbol::Display/>
                        {text::START}
                    </button>
                    {move || in_call().then(|| view! { <TellMe loaded/> })}
                </div>
            </div>
            <RingPicture/>
        </section>
    }
}

/// A display with the ring around it, as the room would see it.
#[component]
fn RingPicture() -> impl IntoView {
    view! {
        <svg class="ring-picture" viewBox="0 0 200 132" aria-hidden="true">
            <rect class="ring-picture-display" x="4" y="4" width="192" height="112" rx="10"></rect>
            <rect class="ring-picture-ring" x="10" y="10" width="180" height="100" rx="6"></rect>
            <rect class="ring-picture-label" x="60" y="8" width="80" height="14" rx="4"></rect>
            <path class="ring-picture-foot" d="M100 116v12M72 129h56"></path>
        </svg>
    }
}

#[component]
fn CallSince(loaded: Loaded) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let since = move || loaded.gate.with(|gate| gate.as_ref().and_then(|gate| gate.as_ref().ok()?.in_call_since));
    computed(move || {
        since().map(|at| {
            let words = format!("In a call since {} ({})", clock.at(at), clock.lasting(at));
            view! { <p class="in-call"><Icon symbol=Symbol::Call/>{words}</p> }.into_any()
        })
    })
}

/// The offer to tell when the call is over.
#[component]
fn TellMe(loaded: Loaded) -> impl IntoView {
    let watches = expect_context::<Watches>();
    let is_watched = move || loaded.id.with_value(|id| watches.has(id));
    view! {
        <button
            type="button"
            class="button button-tall"
            aria-pressed=move || if is_watched() { "true" } else { "false" }
            on:click=move |_| loaded.id.with_value(|id| watches.toggle(id))
        >
            <Icon symbol=Symbol::Bell/>
            {move || if is_watched() { text::TELLING } else { text::TELL_ME }}
        </button>
        <p class="fine-print" role="status">{move || is_watched().then_some(text::TELLING_WHY)}</p>
    }
}

#[component]
fn Checklist(loaded: Loaded) -> impl IntoView {
    let checks = Memo::new(move |_| {
        loaded
            .gate
            .with(|gate| gate.as_ref().map(|gate| gate.as_ref().map(|gate| gate.checks.clone()).unwrap_or_default()))
    });
    view! {
        <section class="panel" aria-labelledby="checklist">
            <div class="panel-head"><h2 id="checklist">{text::CHECKLIST}</h2></div>
            {move || match checks.get() {
                None => view! { <div class="panel-body"><Skeleton n_lines=5/></div> }.into_any(),
                Some(checks) => view! { <ol class="checks">{checks.into_iter().map(check).collect_view()}</ol> }.into_any(),
            }}
        </section>
    }
}

fn check(check: GateCheck) -> AnyView {
    let (id, symbol, word) = match check.outcome {
        GateOutcome::Passed => ("passed", Symbol::CheckCircle, text::PASSED),
        GateOutcome::Failed => ("failed", Symbol::Warning, text::FAILED),
        GateOutcome::NotChecked => ("open", Symbol::Dash, text::NOT_CHECKED),
        GateOutcome::AtStart => ("later", Symbol::Clock, text::AT_START),
    };
    view! {
        <li class="check" data-outcome=id>
            <Icon symbol/>
            <div class="check-words">
                <span class="check-condition">{check.condition}</span>
                {check.explanation.map(|explanation| view! { <p class="check-advice">{explanation}</p> }.into_any())}
            </div>
            <span class="check-outcome">{word}</span>
        </li>
    }
    .into_any()
}

#[component]
fn YourAccess(access: Access) -> impl IntoView {
    let (typing, may_type) = match access {
        Access::Modify => (text::TYPE, true),
        Access::View => (text::NO_TYPE, false),
    };
    view! {
        <section class="panel" aria-labelledby="your-access">
            <div class="panel-head"><h2 id="your-access">{text::YOUR_ACCESS}</h2><span class="badge" data-tone="calm">{access.name()}</span></div>
            <ul class="notes panel-body">
                <Note symbol=Symbol::Eye text=text::SEE/>
                <Note symbol=Symbol::Display text=text::COMMANDS/>
                <Note symbol=if may_type { Symbol::Keyboard } else { Symbol::Lock } text=typing/>
            </ul>
        </section>
    }
}

#[component]
fn Privacy() -> impl IntoView {
    view! {
        <section class="panel" aria-labelledby="privacy">
            <div class="panel-head"><h2 id="privacy">{text::PRIVACY}</h2></div>
            <ul class="notes panel-body">
                <Note symbol=Symbol::People text=text::PRIVACY_RING/>
                <Note symbol=Symbol::Dash text=text::PRIVACY_AUDIO/>
                <Note symbol=Symbol::Lock text=text::PRIVACY_RECORD/>
                <Note symbol=Symbol::Shield text=text::PRIVACY_LOG/>
            </ul>
        </section>
    }
}

#[component]
fn Practice() -> impl IntoView {
    view! {
        <section class="panel" aria-labelledby="practice">
            <div class="panel-head"><h2 id="practice">{text::PRACTICE}</h2></div>
            <ul class="notes panel-body">
                <Note symbol=Symbol::Key text=text::PRACTICE_PASSWORD/>
                <Note symbol=Symbol::SignOut text=text::PRACTICE_SIGN_OUT/>
                <Note symbol=Symbol::Refresh text=text::PRACTICE_RESTART/>
            </ul>
            <p class="panel-body panel-foot"><a href="/help/session" target="_blank">{text::HELP}</a></p>
        </section>
    }
}

#[component]
fn Note(symbol: Symbol, text: &'static str) -> impl IntoView {
    view! { <li class="note"><Icon symbol/><span>{text}</span></li> }
}
