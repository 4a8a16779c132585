//! The session screen: a modal over the portal with the picture of a console, its toolbar and its status.
//!
//! Reading order: [`engine`] (the one writer), [`state`] (what it writes), `screen` (the picture), `capture` and the
//! pure modules [`keyboard`], [`pointer`], [`touch`], [`viewport`] behind it, `toolbar` and its controls.

#![expect(
    clippy::large_types_passed_by_value,
    reason = "the engine is a handle: a bundle of small handles that are copied on purpose"
)]

mod capture;
mod display_switcher;
mod end_button;
mod engine;
mod full_screen_button;
mod help_link;
mod key_names;
pub mod keyboard;
mod overlay;
pub mod pins;
pub mod pointer;
mod reconnect;
mod restart_device;
mod restart_toggle;
mod screen;
mod shortcuts;
pub mod state;
mod statistics_panel;
mod status_line;
pub mod stuck_keys;
mod toolbar;
pub mod touch;
mod type_text;
pub mod typed_text;
pub mod viewport;
pub mod withheld_keys;

pub use engine::warm_up;

use std::time::Duration;

use leptos::html;
use leptos::prelude::*;
use protocol::access::Access;
use protocol::ids::RoomId;

use crate::api::ApiError;
use crate::browser::elements::DialogElement;
use crate::browser::leave::LeaveGuard;
use crate::browser::listener::Listener;
use crate::browser::{full_screen, task};
use crate::components::effect;
use crate::state::live::Live;
use engine::Engine;
use keyboard::Typing;
use screen::Screen;
use status_line::StatusLine;
use toolbar::Toolbar;
use type_text::TypeText;

/// For so long the way out of full screen is shown.
const HINT_SHOWN_FOR: Duration = Duration::from_secs(5);

/// A session of one room over the whole portal, from the start to its end. Asks the server for the session itself;
/// `on_close` follows the end. A start that is refused closes the view and is handed to `on_refused`; without one the
/// view itself says why.
#[component]
pub fn SessionView(
    room: RoomId,
    #[prop(into)] room_name: String,
    /// People in the room are asked for so many seconds before it begins.
    asks_for_s: Option<u32>,
    on_close: Callback<()>,
    #[prop(optional, into)] on_refused: Option<Callback<ApiError>>,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    // Every start has an engine, a key and a canvas of its own.
    let n_starts = RwSignal::new(0);
    effect(move || show(dialog.get()));
    let on_again = Callback::new(move |()| n_starts.update(|n| *n += 1));
    let label = format!("Remote session in {room_name}");
    view! {
        // Esc belongs to the console; a browser that closes the dialog all the same finds it open again.
        <dialog
            class="session-view"
            node_ref=dialog
            aria-label=label
            tabindex="-1"
            closedby="none"
            on:cancel=|event: leptos::ev::Event| event.prevent_default()
            on:close=move |_| show(dialog.get_untracked())
        >
            {move || {
                n_starts.track();
                view! { <Session room=room.clone() room_name=room_name.clone() asks_for_s on_close on_refused on_again/> }
            }}
        </dialog>
    }
}

/// Closes the view before the page says why there is no session.
fn closing(on_refused: Callback<ApiError>, on_close: Callback<()>) -> Callback<ApiError> {
    Callback::new(move |error| {
        on_close.run(());
        on_refused.run(error);
    })
}

fn show(dialog: Option<DialogElement>) {
    if let Some(dialog) = dialog.filter(|dialog| !dialog.open()) {
        // A dialog that is not in the page any more stays shut.
        let _ = dialog.show_modal();
        // Until the picture is there the focus is on the dialog itself; then it goes to the picture.
        let _ = dialog.focus();
    }
}

#[component]
fn Session(
    room: RoomId,
    room_name: String,
    asks_for_s: Option<u32>,
    on_close: Callback<()>,
    on_refused: Option<Callback<ApiError>>,
    on_again: Callback<()>,
) -> impl IntoView {
    let engine = Engine::new(room, on_refused.map(|on_refused| closing(on_refused, on_close)));
    let state = engine.state();
    let typing = RwSignal::new(Typing::default());
    let is_typing_text = RwSignal::new(false);
    let frame = NodeRef::<html::Div>::new();
    let hint = RwSignal::new(None::<&'static str>);
    if let Some(live) = use_context::<Live>() {
        live.on_event(move |event| engine.hear(&event));
    }
    guard_leaving(engine);

    let on_full_screen = Callback::new(move |()| {
        if full_screen::is_on() {
            full_screen::leave();
        } else if let Some(frame) = frame.get_untracked() {
            full_screen::enter(&frame);
        }
    });
    on_full_screen_change(engine, hint);
    on_cleanup(|| {
        if full_screen::is_on() {
            full_screen::leave();
        }
    });

    view! {
        <div class="session-frame" node_ref=frame>
            <header class="session-bar">
                <Toolbar
                    engine
                    room_name=room_name.clone()
                    typing
                    on_type_text=Callback::new(move |()| is_typing_text.set(true))
                    on_full_screen
                />
                <StatusLine engine room_name=room_name.clone()/>
            </header>
            <Screen engine room_name asks_for_s typing on_close on_again/>
            <p class="session-hint" class:is-shown=move || hint.get().is_some()>{move || hint.get()}</p>
            <p
                class="session-announcement"
                class:is-shown=move || state.announcement.get().is_some()
                class:is-refusal=move || state.announcement.get().is_some_and(|shown| shown.is_refusal)
                aria-live="polite"
            >
                {move || state.announcement.get().map(|shown| shown.text)}
            </p>
            <TypeText engine open=is_typing_text/>
        </div>
    }
}

/// Asks before the page is left while a session lives, and ends the session when it is left all the same.
fn guard_leaving(engine: Engine) {
    let state = engine.state();
    let guard = StoredValue::new_local(None::<LeaveGuard>);
    effect(move || {
        let is_over = state.phase.get().is_over();
        guard.set_value((!is_over).then(LeaveGuard::begin));
    });
    let listener = Listener::on_window("pagehide", move |_: leptos::ev::Event| engine.leave());
    let listener = StoredValue::new_local(listener);
    on_cleanup(move || {
        guard.dispose();
        listener.dispose();
    });
}

/// In full screen the keyboard is the console's as far as the browser allows, and people are told how to leave.
fn on_full_screen_change(engine: Engine, hint: RwSignal<Option<&'static str>>) {
    let listener = Listener::on_document("fullscreenchange", move |_: leptos::ev::Event| {
        if !full_screen::is_on() {
            full_screen::unlock_keyboard();
            hint.try_set(None);
            return;
        }
        let modifies = engine.state().access.get_untracked() == Some(Access::Modify);
        task::spawn(async move {
            let locked = modifies && full_screen::lock_keyboard().await;
            let text = if locked { "Hold Esc to leave full screen" } else { "Press Esc to leave full screen" };
            hint.try_set(Some(text));
            set_timeout(
                move || {
                    hint.try_set(None);
                },
                HINT_SHOWN_FOR,
            );
        });
    });
    let listener = StoredValue::new_local(listener);
    on_cleanup(move || listener.dispose());
}
