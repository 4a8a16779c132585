//! The stage: the canvas that the engine draws on, what listens over it, and what is said instead of a picture.

use leptos::html;
use leptos::prelude::*;
use protocol::ids::DisplayId;
use protocol::time::Micros;

use super::capture::Capture;
use super::engine::Engine;
use super::keyboard::Typing;
use super::overlay::Overlay;
use super::state::{Phase, RemoteCursor, RemotePointer};
use super::viewport;
use crate::browser::clock;
use crate::browser::elements::{self, picture_address};
use crate::components::{When, computed, effect};

/// For so long the place is shown to which somebody else moved the pointer.
const REMOTE_POINTER_SHOWN_FOR: Micros = Micros::from_secs(3);

#[component]
pub(super) fn Screen(
    engine: Engine,
    #[prop(into)] room_name: String,
    asks_for_s: Option<u32>,
    typing: RwSignal<Typing>,
    on_close: Callback<()>,
    on_again: Callback<()>,
) -> impl IntoView {
    let state = engine.state();
    let canvas = NodeRef::<html::Canvas>::new();
    let sink = NodeRef::<html::Textarea>::new();
    let capture = StoredValue::new_local(None::<Capture>);

    let mut is_started = false;
    effect(move || {
        if let Some(canvas) = canvas.get().filter(|_| !is_started) {
            is_started = true;
            engine.start(&canvas);
        }
    });
    let has_input = Memo::new(move |_| state.has_input());
    effect(move || {
        let parts = canvas.get().zip(sink.get()).filter(|_| has_input.get());
        capture.set_value(parts.map(|(canvas, sink)| Capture::begin(engine, &canvas, &sink)));
        set_capture_typing(capture, typing.get());
    });
    let is_drawn = Memo::new(move |_| state.shown.get().is_some_and(|shown| shown.drawn));
    effect(move || {
        if is_drawn.get() && has_input.get() {
            focus_unless_elsewhere(capture);
        }
    });
    on_cleanup(move || capture.dispose());

    let name = computed(move || format!("Picture of {} in {room_name}", shown_display(engine).name()));
    let side = move |pick: fn(protocol::geometry::PixelSize) -> u16, default: u16| {
        state.shown.get().map_or(default, |shown| pick(shown.size)).to_string()
    };
    view! {
        <div
            class="session-stage"
            class:is-stale=move || is_stale(engine)
            class:is-captured=move || state.captured.get()
            style:--picture-width=move || side(|size| size.width, 16)
            style:--picture-height=move || side(|size| size.height, 9)
        >
            <div class="session-picture" class:is-hidden=move || state.shown.get().is_none()>
                <canvas
                    node_ref=canvas
                    class="session-canvas"
                    role="img"
                    aria-label=name
                    tabindex=move || has_input.get().then_some("-1")
                    style:cursor=move || cursor(engine)
                ></canvas>
                {move || state.remote_pointer.get().map(|pointer| view! { <OthersPointer engine pointer/> })}
            </div>
            <When condition=move || state.may_modify()>
                <textarea
                    node_ref=sink
                    class="session-keys"
                    aria-label=move || format!("Keyboard of {}", shown_display(engine).name())
                    aria-describedby="session-keys-hint"
                    autocomplete="off"
                    autocapitalize="off"
                    spellcheck="false"
                    tabindex="0"
                ></textarea>
            </When>
            <Overlay engine asks_for_s on_close on_again/>
        </div>
    }
}

/// Where somebody else has moved the pointer to, for a moment.
#[component]
fn OthersPointer(engine: Engine, pointer: RemotePointer) -> impl IntoView {
    let state = engine.state();
    let now = RwSignal::new(clock::now());
    let rest = (pointer.moved_at + REMOTE_POINTER_SHOWN_FOR).since(clock::now());
    set_timeout(
        move || {
            now.try_set(clock::now());
        },
        std::time::Duration::from_micros(rest.0),
    );
    let visible = move || {
        let is_recent = now.get().since(pointer.moved_at) < REMOTE_POINTER_SHOWN_FOR;
        is_recent && state.shown.get().is_some_and(|shown| shown.display == pointer.display)
    };
    view! {
        <When condition=visible>
            <div
                class="session-others-pointer"
                aria-hidden="true"
                style:left=format!("{}%", viewport::percent(pointer.x))
                style:top=format!("{}%", viewport::percent(pointer.y))
            >
                {move || state.input_holder()}
            </div>
        </When>
    }
}

fn set_capture_typing(capture: StoredValue<Option<Capture>, LocalStorage>, typing: Typing) {
    capture.with_value(|capture| {
        if let Some(capture) = capture {
            capture.set_typing(typing);
        }
    });
}

fn focus_unless_elsewhere(capture: StoredValue<Option<Capture>, LocalStorage>) {
    capture.with_value(|capture| {
        if let Some(capture) = capture.as_ref().filter(|_| elements::focus_is_free()) {
            capture.focus();
        }
    });
}

fn shown_display(engine: Engine) -> DisplayId {
    let state = engine.state();
    state.shown.get().map_or_else(|| state.selected.get(), |shown| shown.display)
}

fn is_stale(engine: Engine) -> bool {
    let state = engine.state();
    state.phase.get() != Phase::Live || state.silent_since.get().is_some() || state.is_paused()
}

/// The console's own cursor where what is done here reaches it, and a refusing one where it does not.
fn cursor(engine: Engine) -> String {
    let state = engine.state();
    if !state.has_input() {
        return "not-allowed".to_owned();
    }
    match state.cursor.get() {
        RemoteCursor::Unknown => "default".to_owned(),
        RemoteCursor::Hidden => "none".to_owned(),
        RemoteCursor::Shape(shape) => {
            let address = picture_address(shape.width.into(), shape.height.into(), &shape.rgba);
            address.map_or_else(
                || "default".to_owned(),
                |address| format!("url(\"{address}\") {} {}, default", shape.hot_x, shape.hot_y),
            )
        }
    }
}
