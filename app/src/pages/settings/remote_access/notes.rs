//! What people should know before they enable remote access.

use leptos::prelude::*;

use crate::components::{Icon, Symbol};

mod text {
    pub(super) const TITLE: &str = "Good to know first";
    pub(super) const NOTES: [(&str, &str); 6] = [
        (
            "People in the room see it",
            "A red ring around every display, with the name of who is connected, from before the first picture until after the last.",
        ),
        (
            "No sound, no recording",
            "Microphones and speakers are never touched. Pictures, key strokes and typed texts are neither recorded nor logged.",
        ),
        (
            "Every session is in the audit log",
            "Who connected, to which room, when, what they used and how it ended; the opt-in itself, too.",
        ),
        (
            "Keep the list of viewers short",
            "Nobody can connect just because this is on. Give remote access by roles, to the few who need it, for the rooms they look after.",
        ),
        (
            "No passwords of privileged accounts",
            "Do not type them in a session: people in the room can see the displays, and the console is a shared device.",
        ),
        (
            "Sign out a switched Windows user",
            "Who signed in as another Windows user signs out before ending the session. Otherwise that account stays open in the room.",
        ),
    ];
}

const SYMBOLS: [Symbol; 6] = [Symbol::Eye, Symbol::Lock, Symbol::Clock, Symbol::People, Symbol::Key, Symbol::SignOut];

#[component]
pub(super) fn Notes() -> impl IntoView {
    let note = |((title, why), symbol)| {
        view! { <li class="note"><Icon symbol/><div><strong>{title}</strong><p>{why}</p></div></li> }.into_any()
    };
    view! {
        <aside class="panel panel-calm beside-notes" aria-labelledby="notes-title">
            <div class="panel-head"><h2 id="notes-title">{text::TITLE}</h2></div>
            <ul class="notes panel-body">{text::NOTES.into_iter().zip(SYMBOLS).map(note).collect_view()}</ul>
        </aside>
    }
}
