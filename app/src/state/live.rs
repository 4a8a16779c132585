//! What happens on the server, as it happens.

use std::time::Duration;

use leptos::prelude::*;
use protocol::api::LiveEvent;

use super::login::Login;
use crate::api;
use crate::browser::event_source::{EventSource, StreamEvent};

/// How long to wait before a refused stream is opened again; doubled up to [`LONGEST_PAUSE`].
const SHORTEST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// How long the browser may take to have a login that follows another one.
const NEW_LOGIN_WITHIN: Duration = Duration::from_millis(1500);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiveStatus {
    /// Nobody is signed in, or the first connection is being made.
    Idle,
    Connected,
    /// What is on the page may be old.
    Interrupted,
}

/// The stream of live events, open while somebody is signed in.
#[derive(Clone, Copy)]
pub struct Live {
    status: ReadSignal<LiveStatus>,
    set_status: WriteSignal<LiveStatus>,
    listeners: StoredValue<Vec<(u32, Callback<LiveEvent>)>>,
    last_id: StoredValue<u32>,
    source: StoredValue<Option<EventSource>, LocalStorage>,
    pause: StoredValue<Duration>,
    login: Login,
}

impl Live {
    /// Opens and closes the stream as people sign in and out.
    pub fn follow(login: Login) -> Self {
        let (status, set_status) = signal(LiveStatus::Idle);
        let live = Self {
            status,
            set_status,
            listeners: StoredValue::new(Vec::new()),
            last_id: StoredValue::new(0),
            source: StoredValue::new_local(None),
            pause: StoredValue::new(SHORTEST_PAUSE),
            login,
        };
        let signed_in = Memo::new(move |_| login.is_signed_in());
        Effect::new(move |_| if signed_in.get() { live.open() } else { live.close() });
        live
    }

    pub fn status(self) -> ReadSignal<LiveStatus> {
        self.status
    }

    /// Calls `listener` with every event until the present owner is gone.
    pub fn on_event(self, listener: impl Fn(LiveEvent) + Send + Sync + 'static) {
        let id = self.last_id.get_value() + 1;
        self.last_id.set_value(id);
        self.listeners.update_value(|listeners| listeners.push((id, Callback::new(listener))));
        on_cleanup(move || {
            self.listeners.try_update_value(|listeners| listeners.retain(|(present, _)| *present != id));
        });
    }

    fn open(self) {
        let source = EventSource::open(&api::events_url(), move |event| self.take(event));
        self.source.set_value(source);
    }

    fn close(self) {
        self.source.set_value(None);
        self.set_status.set(LiveStatus::Idle);
    }

    fn take(self, event: StreamEvent) {
        match event {
            StreamEvent::Open => self.opened(),
            StreamEvent::Message(data) => self.read(&data),
            StreamEvent::Interrupted => self.interrupted(),
            StreamEvent::Closed => self.refused(),
        }
    }

    /// Events are lost while the stream is broken, so everything is loaded again after a break.
    fn opened(self) {
        self.pause.set_value(SHORTEST_PAUSE);
        if self.status.get_untracked() == LiveStatus::Interrupted {
            self.tell(&LiveEvent::Reload);
        }
        self.set_status.set(LiveStatus::Connected);
    }

    /// An event of a newer server that this portal does not know is not for it.
    fn read(self, data: &str) {
        if let Ok(event) = serde_json::from_str(data) {
            if event == LiveEvent::SettingsChanged {
                self.login.ask_again();
            }
            self.tell(&event);
        }
    }

    fn tell(self, event: &LiveEvent) {
        for (_, listener) in self.listeners.get_value() {
            listener.run(event.clone());
        }
    }

    /// The server ends the stream when it ends the login: the page tells so at once.
    ///
    /// Somebody who signs in again in another tab has the old login ended a moment before the browser has the new one.
    fn interrupted(self) {
        self.set_status.set(LiveStatus::Interrupted);
        self.login.ask_again_or(move || set_timeout(move || self.login.ask_again(), NEW_LOGIN_WITHIN));
    }

    /// The browser gives up after an answer that is not a stream: perhaps the login ran out.
    fn refused(self) {
        self.set_status.set(LiveStatus::Interrupted);
        let pause = self.pause.get_value();
        self.pause.set_value((pause * 2).min(LONGEST_PAUSE));
        self.login.ask_again();
        set_timeout(
            move || {
                if self.login.who().with_untracked(|who| matches!(who, super::login::Who::SignedIn(_))) {
                    self.open();
                }
            },
            pause,
        );
    }
}
