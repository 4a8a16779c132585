//! Short messages at the edge of the page.

use std::time::Duration;

use leptos::prelude::*;

const SHOWN_FOR: Duration = Duration::from_secs(8);
/// The oldest goes when there are more.
const MOST: usize = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Done,
    Info,
    Failed,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toast {
    pub id: u32,
    pub tone: Tone,
    pub text: String,
    /// A page to go to: its name and its path.
    pub link: Option<(String, String)>,
}

/// The messages on show, newest last.
#[derive(Clone, Copy)]
pub struct Toasts {
    shown: ReadSignal<Vec<Toast>>,
    set_shown: WriteSignal<Vec<Toast>>,
    last_id: StoredValue<u32>,
}

impl Toasts {
    pub fn new() -> Self {
        let (shown, set_shown) = signal(Vec::new());
        Self { shown, set_shown, last_id: StoredValue::new(0) }
    }

    pub fn shown(self) -> ReadSignal<Vec<Toast>> {
        self.shown
    }

    pub fn done(self, text: impl Into<String>) {
        self.show(Tone::Done, text.into(), None);
    }

    /// Stays until it is dismissed.
    pub fn failed(self, text: impl Into<String>) {
        self.show(Tone::Failed, text.into(), None);
    }

    /// Offers a page to go to, and stays until it is dismissed.
    pub fn offer(self, text: impl Into<String>, link_name: &str, path: String) {
        self.show(Tone::Info, text.into(), Some((link_name.to_owned(), path)));
    }

    pub fn dismiss(self, id: u32) {
        self.set_shown.update(|toasts| toasts.retain(|toast| toast.id != id));
    }

    fn show(self, tone: Tone, text: String, link: Option<(String, String)>) {
        let id = self.last_id.get_value() + 1;
        self.last_id.set_value(id);
        let stays = tone == Tone::Failed || link.is_some();
        self.set_shown.update(|toasts| {
            toasts.push(Toast { id, tone, text, link });
            let surplus = toasts.len().saturating_sub(MOST);
            toasts.drain(..surplus);
        });
        if !stays {
            set_timeout(move || self.dismiss(id), SHOWN_FOR);
        }
    }
}

impl Default for Toasts {
    fn default() -> Self {
        Self::new()
    }
}
