//! The session's engine as the screen sees it: starts the worker, sends it commands and input, asks the server for the
//! session, and turns everything that happens into the signals of [`SessionState`]. It alone writes them.
//!
//! Here is what the parts of the screen call; `connection` is the way from the start of a session to its end, `news` what
//! the console says on that way.

mod connection;
mod news;

use std::cell::RefCell;
use std::time::Duration;

use leptos::prelude::*;
use protocol::access::Access;
use protocol::control::{Command, Person, PictureState, RestartPhase, Shortcut};
use protocol::ids::{DisplayId, DisplayInfo, RoomId, SessionId};
use protocol::input::InputEvent;
use protocol::secure::SessionCode;
use protocol::session::SILENT_AFTER;
use protocol::terms::ShortcutPolicy;
use protocol::time::Micros;
use viewer::ui::{FromEngine, Missing, Statistics, ToEngine};

use super::state::{
    Announcement, Ending, EndsSoon, Phase, RemoteCursor, RemotePointer, SessionState, Shown, UserSwitched,
};
use crate::api::ApiError;
use crate::browser::clock;
use crate::browser::elements::{Bitmap, Canvas};
use crate::browser::task::TakingBack;
use crate::browser::worker::{Worker, WorkerEvent};

const ANNOUNCED_FOR: Duration = Duration::from_secs(6);
/// A worker gets so long to send its last message before it is ended.
const LAST_WORDS: Duration = Duration::from_millis(300);

thread_local! {
    /// An engine that was started before it was needed, its key asked for.
    static WARM: RefCell<Option<Worker>> = const { RefCell::new(None) };
}

/// Starts an engine for the session that may be started soon, so that its start does not wait for it.
pub fn warm_up() {
    WARM.with_borrow_mut(|warm| {
        if warm.is_none() {
            *warm = asked_for_its_key();
        }
    });
}

fn asked_for_its_key() -> Option<Worker> {
    let worker = Worker::start()?;
    worker.post(&ToEngine::MakeKey);
    Some(worker)
}

/// One session, from its start to its end. A handle: copies lead to the same session.
#[derive(Clone, Copy)]
pub struct Engine {
    state: SessionState,
    room: StoredValue<RoomId>,
    worker: StoredValue<Option<Worker>, LocalStorage>,
    thumbnails: StoredValue<Vec<(DisplayId, Canvas)>, LocalStorage>,
    session: StoredValue<Option<SessionId>>,
    /// Of the request that the server has not answered yet.
    taking_back: StoredValue<Option<TakingBack>, LocalStorage>,
    on_refused: Option<Callback<ApiError>>,
    n_tries: StoredValue<u32>,
    /// To be said when the connection is there.
    is_enrolled_anew: StoredValue<bool>,
    n_announcements: StoredValue<u32>,
    phase: WriteSignal<Phase>,
    access: WriteSignal<Option<Access>>,
    displays: WriteSignal<Vec<DisplayInfo>>,
    selected: WriteSignal<DisplayId>,
    shown: WriteSignal<Option<Shown>>,
    restart_on_end: WriteSignal<bool>,
    people: WriteSignal<Vec<Person>>,
    picture: WriteSignal<PictureState>,
    restart: WriteSignal<Option<RestartPhase>>,
    silent_since: WriteSignal<Option<Micros>>,
    statistics: WriteSignal<Statistics>,
    cursor: WriteSignal<RemoteCursor>,
    remote_pointer: WriteSignal<Option<RemotePointer>>,
    announcement: WriteSignal<Option<Announcement>>,
    ends_soon: WriteSignal<Option<EndsSoon>>,
    in_call: WriteSignal<bool>,
    user_switched: WriteSignal<Option<UserSwitched>>,
    view_shortcuts: WriteSignal<ShortcutPolicy>,
    code: WriteSignal<Option<SessionCode>>,
    captured: WriteSignal<bool>,
    refusal: WriteSignal<Option<String>>,
}

impl Engine {
    /// A session of `room` that is not started yet. It ends with the present owner.
    pub fn new(room: RoomId, on_refused: Option<Callback<ApiError>>) -> Self {
        // The engine keeps the end to write with, the screen gets the end to read.
        let (phase, set_phase) = signal(Phase::Starting);
        let (access, set_access) = signal(None);
        let (displays, set_displays) = signal(Vec::new());
        let (selected, set_selected) = signal(DisplayId::Console);
        let (shown, set_shown) = signal(None);
        let (restart_on_end, set_restart_on_end) = signal(true);
        let (people, set_people) = signal(Vec::new());
        let (picture, set_picture) = signal(PictureState::Live);
        let (restart, set_restart) = signal(None);
        let (silent_since, set_silent_since) = signal(None);
        let (statistics, set_statistics) = signal(Statistics::default());
        let (cursor, set_cursor) = signal(RemoteCursor::default());
        let (remote_pointer, set_remote_pointer) = signal(None);
        let (announcement, set_announcement) = signal(None);
        let (ends_soon, set_ends_soon) = signal(None);
        let (in_call, set_in_call) = signal(false);
        let (user_switched, set_user_switched) = signal(None);
        let (view_shortcuts, set_view_shortcuts) = signal(ShortcutPolicy::None);
        let (code, set_code) = signal(None);
        let (captured, set_captured) = signal(false);
        let (refusal, set_refusal) = signal(None);
        let state = SessionState {
            phase,
            access,
            displays,
            selected,
            shown,
            restart_on_end,
            people,
            picture,
            restart,
            silent_since,
            statistics,
            cursor,
            remote_pointer,
            announcement,
            ends_soon,
            in_call,
            user_switched,
            view_shortcuts,
            code,
            captured,
            refusal,
        };
        let engine = Self {
            state,
            room: StoredValue::new(room),
            worker: StoredValue::new_local(None),
            thumbnails: StoredValue::new_local(Vec::new()),
            session: StoredValue::new(None),
            taking_back: StoredValue::new_local(None),
            on_refused,
            n_tries: StoredValue::new(0),
            is_enrolled_anew: StoredValue::new(false),
            n_announcements: StoredValue::new(0),
            phase: set_phase,
            access: set_access,
            displays: set_displays,
            selected: set_selected,
            shown: set_shown,
            restart_on_end: set_restart_on_end,
            people: set_people,
            picture: set_picture,
            restart: set_restart,
            silent_since: set_silent_since,
            statistics: set_statistics,
            cursor: set_cursor,
            remote_pointer: set_remote_pointer,
            announcement: set_announcement,
            ends_soon: set_ends_soon,
            in_call: set_in_call,
            user_switched: set_user_switched,
            view_shortcuts: set_view_shortcuts,
            code: set_code,
            captured: set_captured,
            refusal: set_refusal,
        };
        on_cleanup(move || engine.abandon());
        engine
    }

    pub fn state(self) -> SessionState {
        self.state
    }

    /// Starts the session, with its picture on `canvas`.
    pub fn start(self, canvas: &Canvas) {
        let worker = WARM.take().or_else(asked_for_its_key);
        let Some(worker) = worker.filter(|worker| worker.post_canvas(canvas)) else {
            self.over(Ending::Unable(Missing::OffscreenCanvas));
            return;
        };
        worker.listen(move |event| self.handle(event));
        self.worker.set_value(Some(worker));
    }

    pub fn select_display(self, display: DisplayId) {
        self.release_all();
        self.selected.set(display);
        self.command(Command::SelectDisplay { display });
    }

    pub fn set_restart_on_end(self, on: bool) {
        self.restart_on_end.set(on);
        self.command(Command::SetRestartOnEnd { on });
    }

    /// Ends the session so that the device restarts after it, whatever the switch says.
    pub fn sign_out_and_restart(self) {
        self.command(Command::SignOutAndRestart);
    }

    pub fn restart_device(self) {
        self.command(Command::RestartDevice);
    }

    pub fn shortcut(self, shortcut: Shortcut) {
        self.command(Command::Shortcut { shortcut });
    }

    pub fn take_input(self) {
        self.command(Command::TakeInput);
    }

    /// Somebody is there: the session does not end for idleness now.
    pub fn stay_connected(self) {
        self.command(Command::StayConnected);
    }

    pub fn watch_thumbnails(self, on: bool) {
        self.command(Command::WatchThumbnails { on });
    }

    /// Where the thumbnails of a display are shown from now on.
    pub fn show_thumbnails_on(self, display: DisplayId, canvas: Canvas) {
        self.thumbnails.update_value(|thumbnails| {
            thumbnails.retain(|(present, _)| *present != display);
            thumbnails.push((display, canvas));
        });
    }

    pub fn input(self, event: InputEvent) {
        self.post(&ToEngine::Input { event });
    }

    pub fn release_all(self) {
        self.post(&ToEngine::ReleaseAll);
    }

    pub fn set_captured(self, captured: bool) {
        if self.state.captured.try_get_untracked() != Some(captured) {
            self.captured.try_set(captured);
        }
    }

    pub fn announce(self, text: impl Into<String>) {
        self.show_announcement(text.into(), false);
    }

    fn handle(self, event: WorkerEvent) {
        // A worker outlives its screen by its last words.
        if self.state.phase.is_disposed() {
            return;
        }
        match event {
            WorkerEvent::Message(message, bitmap) => self.take(message, bitmap),
            WorkerEvent::Failed => self.over(Ending::Failed),
        }
    }

    fn take(self, message: FromEngine, bitmap: Option<Bitmap>) {
        match message {
            FromEngine::Ready => {}
            FromEngine::PublicKey { key } => self.ask_server(key),
            FromEngine::Open { code } => self.opened(code),
            FromEngine::Notice { notice } => self.notice(notice),
            FromEngine::PictureSize { display, epoch, size } => {
                self.shown.set(Some(Shown { display, epoch, size, drawn: false }));
            }
            FromEngine::FirstPicture { display } => self.first_picture(display),
            FromEngine::Cursor { update } => self.cursor(update),
            FromEngine::Thumbnail { display, .. } => self.thumbnail(display, bitmap),
            FromEngine::Statistics { statistics } => self.statistics.set(statistics),
            FromEngine::Silent => self.silent_since.set(Some(clock::now().since(SILENT_AFTER))),
            FromEngine::Heard => self.silent_since.set(None),
            FromEngine::Lost { close_code } => self.lost(close_code),
            FromEngine::Ended { reason } => self.ended(reason),
            FromEngine::Unable { missing } => self.unable(missing),
        }
    }

    fn show_announcement(self, text: String, is_refusal: bool) {
        let id = self.n_announcements.get_value() + 1;
        self.n_announcements.set_value(id);
        self.announcement.set(Some(Announcement { id, text, is_refusal }));
        set_timeout(
            move || {
                let is_present = |shown: &Option<Announcement>| shown.as_ref().is_some_and(|shown| shown.id == id);
                if self.state.announcement.try_with_untracked(is_present) == Some(true) {
                    self.announcement.set(None);
                }
            },
            ANNOUNCED_FOR,
        );
    }

    fn abandon(self) {
        self.leave();
        if let Some(worker) = self.worker.try_update_value(Option::take).flatten() {
            set_timeout(move || drop(worker), LAST_WORDS);
        }
    }

    fn command(self, command: Command) {
        self.post(&ToEngine::Command { command });
    }

    fn post(self, message: &ToEngine) {
        self.worker.try_with_value(|worker| {
            if let Some(worker) = worker {
                worker.post(message);
            }
        });
    }
}
