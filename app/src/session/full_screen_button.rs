use leptos::prelude::*;

use crate::browser::full_screen;
use crate::browser::listener::Listener;
use crate::components::{Icon, Symbol, computed};

/// Enters and leaves full screen. The browser tells which of the two it is: people leave by Esc or F11 as well.
#[component]
pub(super) fn FullScreenButton(on_press: Callback<()>) -> impl IntoView {
    let is_on = RwSignal::new(full_screen::is_on());
    let listener = Listener::on_document("fullscreenchange", move |_: leptos::ev::Event| {
        is_on.try_set(full_screen::is_on());
    });
    let listener = StoredValue::new_local(listener);
    on_cleanup(move || listener.dispose());
    let label = computed(move || if is_on.get() { "Exit full screen" } else { "Enter full screen" });
    let title = label.clone();
    view! {
        <button type="button" class="session-control" title=title on:click=move |_| on_press.run(())>
            {move || {
                let symbol = if is_on.get() { Symbol::FullScreenExit } else { Symbol::FullScreen };
                view! { <Icon symbol/> }
            }}
            <span>{label}</span>
        </button>
    }
}
