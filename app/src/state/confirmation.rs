//! Confirming that it is the person of the login who is at the browser, whichever request the server wants that for.

use futures_channel::oneshot::{self, Sender};
use leptos::prelude::*;

use crate::api;

/// The question, and the requests that wait for its answer.
#[derive(Clone, Copy)]
pub struct Confirmation {
    asking: RwSignal<bool>,
    waiting: StoredValue<Vec<Sender<bool>>, LocalStorage>,
}

impl Confirmation {
    /// From now on requests ask here.
    pub fn follow() -> Self {
        let confirmation = Self { asking: RwSignal::new(false), waiting: StoredValue::new_local(Vec::new()) };
        api::confirm_with(move || Box::pin(confirmation.ask()));
        confirmation
    }

    /// Whether the person is being asked. Setting it to `false` breaks the question off.
    pub fn asking(self) -> RwSignal<bool> {
        self.asking
    }

    /// Answers the requests that wait.
    pub fn answer(self, confirmed: bool) {
        let waiting = self.waiting.try_update_value(std::mem::take).unwrap_or_default();
        for request in waiting {
            // A request that was given up does not listen any more.
            let _ = request.send(confirmed);
        }
        if self.asking.get_untracked() {
            self.asking.set(false);
        }
    }

    async fn ask(self) -> bool {
        let (request, answer) = oneshot::channel();
        self.waiting.update_value(|waiting| waiting.push(request));
        self.asking.set(true);
        answer.await.unwrap_or(false)
    }
}
