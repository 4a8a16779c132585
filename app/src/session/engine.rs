//! The session's engine as the screen sees it: starts the worker, sends it commands and input, asks the server for the
//! session, and turns everything that happens into the signals of [`SessionState`]. It alone writes them.

use std::cell::RefCell;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use leptos::prelude::*;
use protocol::access::Access;
use protocol::api::{CSRF_HEADER, LiveEvent, PREFIX, StartSession, StartedSession};
use protocol::control::{Command, CommandKind, CommandRefusal, Notice, Person, PictureState, RestartPhase, Shortcut};
use protocol::cursor::CursorUpdate;
use protocol::ids::{DisplayId, DisplayInfo, RoomId, SessionId};
use protocol::input::InputEvent;
use protocol::link::close;
use protocol::reason::EndReason;
use protocol::secure::PublicKey;
use protocol::session::SILENT_AFTER;
use protocol::time::Micros;
use protocol::wire::{Blob, Text};
use viewer::ui::{Connection, FromEngine, Missing, Statistics, ToEngine};

use super::reconnect::{self, Next};
use super::state::{Announcement, Ending, EndsSoon, Phase, RemoteCursor, RemotePointer, SessionState, Shown};
use crate::api::{self, ApiError};
use crate::browser::elements::{Bitmap, Canvas, show_bitmap};
use crate::browser::worker::{Worker, WorkerEvent};
use crate::browser::{clock, leave, task};

/// After so long, an end that the console has not confirmed is asked of the server.
const END_CONFIRMED_WITHIN: Duration = Duration::from_millis(1500);
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
    room: StoredValue<RoomId>,
    worker: StoredValue<Option<Worker>, LocalStorage>,
    thumbnails: StoredValue<Vec<(DisplayId, Canvas)>, LocalStorage>,
    session: StoredValue<Option<SessionId>>,
    on_refused: Option<Callback<ApiError>>,
    n_tries: StoredValue<u32>,
    n_announcements: StoredValue<u32>,
    phase: RwSignal<Phase>,
    access: RwSignal<Option<Access>>,
    displays: RwSignal<Vec<DisplayInfo>>,
    selected: RwSignal<DisplayId>,
    shown: RwSignal<Option<Shown>>,
    restart_on_end: RwSignal<bool>,
    people: RwSignal<Vec<Person>>,
    picture: RwSignal<PictureState>,
    restart: RwSignal<Option<RestartPhase>>,
    silent_since: RwSignal<Option<Micros>>,
    statistics: RwSignal<Statistics>,
    cursor: RwSignal<RemoteCursor>,
    remote_pointer: RwSignal<Option<RemotePointer>>,
    announcement: RwSignal<Option<Announcement>>,
    ends_soon: RwSignal<Option<EndsSoon>>,
    captured: RwSignal<bool>,
    refusal: RwSignal<Option<String>>,
}

impl Engine {
    /// A session of `room` that is not started yet. It ends with the present owner.
    pub fn new(room: RoomId, on_refused: Option<Callback<ApiError>>) -> Self {
        let engine = Self {
            room: StoredValue::new(room),
            worker: StoredValue::new_local(None),
            thumbnails: StoredValue::new_local(Vec::new()),
            session: StoredValue::new(None),
            on_refused,
            n_tries: StoredValue::new(0),
            n_announcements: StoredValue::new(0),
            phase: RwSignal::new(Phase::Starting),
            access: RwSignal::new(None),
            displays: RwSignal::new(Vec::new()),
            selected: RwSignal::new(DisplayId::Console),
            shown: RwSignal::new(None),
            restart_on_end: RwSignal::new(true),
            people: RwSignal::new(Vec::new()),
            picture: RwSignal::new(PictureState::Live),
            restart: RwSignal::new(None),
            silent_since: RwSignal::new(None),
            statistics: RwSignal::new(Statistics::default()),
            cursor: RwSignal::new(RemoteCursor::default()),
            remote_pointer: RwSignal::new(None),
            announcement: RwSignal::new(None),
            ends_soon: RwSignal::new(None),
            captured: RwSignal::new(false),
            refusal: RwSignal::new(None),
        };
        on_cleanup(move || engine.abandon());
        engine
    }

    pub fn state(self) -> SessionState {
        SessionState {
            phase: self.phase.into(),
            access: self.access.into(),
            displays: self.displays.into(),
            selected: self.selected.into(),
            shown: self.shown.into(),
            restart_on_end: self.restart_on_end.into(),
            people: self.people.into(),
            picture: self.picture.into(),
            restart: self.restart.into(),
            silent_since: self.silent_since.into(),
            statistics: self.statistics.into(),
            cursor: self.cursor.into(),
            remote_pointer: self.remote_pointer.into(),
            announcement: self.announcement.into(),
            ends_soon: self.ends_soon.into(),
            captured: self.captured.into(),
            refusal: self.refusal.into(),
        }
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

    pub fn restart_device(self) {
        self.command(Command::RestartDevice);
    }

    pub fn shortcut(self, shortcut: Shortcut) {
        self.command(Command::Shortcut { shortcut });
    }

    pub fn take_input(self) {
        self.command(Command::TakeInput);
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
        if self.captured.try_get_untracked() != Some(captured) {
            self.captured.try_set(captured);
        }
    }

    pub fn announce(self, text: impl Into<String>) {
        self.show_announcement(text.into(), false);
    }

    /// Ends the session for this viewer.
    pub fn end(self) {
        if self.phase.get_untracked() != Phase::Live {
            self.end_through_server();
            return;
        }
        self.command(Command::End);
        set_timeout(move || self.end_through_server(), END_CONFIRMED_WITHIN);
    }

    /// The page is being left: nothing can be waited for.
    pub fn leave(self) {
        if self.phase.try_get_untracked().is_none_or(Phase::is_over) {
            return;
        }
        self.command(Command::End);
        if let Some(Some(session)) = self.session.try_get_value() {
            leave::delete_outliving(&format!("{PREFIX}/sessions/{session}"), CSRF_HEADER);
        }
    }

    /// A live event of the server: it may know of the session's end before the console says so.
    pub fn hear(self, event: &LiveEvent) {
        if let LiveEvent::SessionEnded { session, reason } = event
            && self.session.get_value() == Some(*session)
        {
            let knows_better = matches!(self.phase.get_untracked(), Phase::Over(Ending::Ended(_)));
            if !knows_better {
                self.over(Ending::Ended(*reason));
            }
        }
    }

    fn handle(self, event: WorkerEvent) {
        match event {
            WorkerEvent::Message(message, bitmap) => self.take(message, bitmap),
            WorkerEvent::Failed => self.over(Ending::Failed),
        }
    }

    fn take(self, message: FromEngine, bitmap: Option<Bitmap>) {
        match message {
            FromEngine::Ready => {}
            FromEngine::PublicKey { key } => self.ask_server(key),
            FromEngine::Open => self.opened(),
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
            FromEngine::Ended { reason } => self.over(Ending::Ended(reason)),
            FromEngine::Unable { missing } => self.unable(missing),
        }
    }

    /// The key of the next connection is there: asks for the session, or for it to go on.
    fn ask_server(self, viewer_key: PublicKey) {
        if self.phase.get_untracked().is_over() {
            return;
        }
        task::spawn(async move {
            let request = StartSession { viewer_key };
            match self.session.get_value() {
                None => self.started(api::start_session(&self.room.get_value(), &request).await),
                Some(session) => self.resumed(api::resume_session(&session, &request).await),
            }
        });
    }

    fn started(self, result: Result<StartedSession, ApiError>) {
        let is_wanted = self.phase.try_get_untracked().is_some_and(|phase| !phase.is_over());
        match result {
            // Closed in the meantime.
            Ok(started) if !is_wanted => task::spawn(async move {
                let _ = api::end_session(&started.session).await;
            }),
            Ok(started) => {
                self.session.set_value(Some(started.session));
                self.access.set(Some(started.access));
                self.connect(&started);
            }
            Err(error) if is_wanted => self.not_started(error),
            Err(_) => {}
        }
    }

    fn not_started(self, error: ApiError) {
        if let Some(on_refused) = self.on_refused {
            // The page says it; this screen has shown nothing yet and goes away.
            self.phase.set(Phase::Over(Ending::NotStarted));
            on_refused.run(error);
        } else {
            self.refusal.set(Some(error.to_string()));
            self.phase.set(Phase::Over(Ending::NotStarted));
        }
    }

    fn resumed(self, result: Result<StartedSession, ApiError>) {
        let Some(Phase::Reconnecting { since }) = self.phase.try_get_untracked() else { return };
        match result {
            Ok(started) => {
                self.access.set(Some(started.access));
                self.connect(&started);
            }
            Err(error) => {
                let lost_for = clock::now().since(since);
                match reconnect::after(&error, lost_for, self.restart.get_untracked().is_some()) {
                    Next::TryAgain => self.try_again(),
                    Next::GiveUp => self.over(Ending::Lost),
                }
            }
        }
    }

    fn connect(self, started: &StartedSession) {
        let Some(connection) = connection(started, self.selected.get_untracked()) else {
            self.unable(Missing::Connection);
            return;
        };
        if self.phase.get_untracked() == Phase::Starting {
            self.phase.set(Phase::Connecting);
        }
        self.post(&ToEngine::Connect { connection });
    }

    fn opened(self) {
        self.n_tries.set_value(0);
        self.silent_since.set(None);
        self.ends_soon.set(None);
        self.shown.update(|shown| {
            if let Some(shown) = shown {
                shown.drawn = false;
            }
        });
        self.phase.set(Phase::Live);
    }

    fn lost(self, close_code: u16) {
        let phase = self.phase.get_untracked();
        if phase.is_over() {
            return;
        }
        if close_code == close::SESSION_ENDED && self.restart.get_untracked().is_none() {
            // The server's live events say why; they may be behind.
            set_timeout(move || self.over(Ending::Lost), Duration::from_secs(1));
        }
        if !matches!(phase, Phase::Reconnecting { .. }) {
            self.phase.set(Phase::Reconnecting { since: clock::now() });
        }
        self.set_captured(false);
        self.try_again();
    }

    fn try_again(self) {
        let n_tries = self.n_tries.get_value();
        self.n_tries.set_value(n_tries + 1);
        set_timeout(
            move || {
                if matches!(self.phase.try_get_untracked(), Some(Phase::Reconnecting { .. })) {
                    self.post(&ToEngine::MakeKey);
                }
            },
            reconnect::pause(n_tries, clock::jitter()),
        );
    }

    fn notice(self, notice: Notice) {
        match notice {
            Notice::Displays { displays, selected, .. } => {
                self.displays.set(displays.into_vec());
                self.selected.set(selected);
            }
            Notice::People { people } => self.people.set(people.into_vec()),
            Notice::RestartOnEnd { on } => self.restart_on_end.set(on),
            Notice::Picture { state } => self.picture.set(state),
            Notice::Restart { phase } => self.restart_phase(phase),
            Notice::ShortcutDone { shortcut } => self.announce(format!("{} was performed.", shortcut.name())),
            Notice::Refused { command, refusal } => self.refused(command, refusal),
            Notice::EndsSoon { remaining, reason } => {
                self.ends_soon.set(Some(EndsSoon { at: clock::now() + remaining, reason }));
            }
            Notice::Bye { reason } => self.over(Ending::Ended(reason)),
        }
    }

    fn refused(self, command: CommandKind, refusal: CommandRefusal) {
        if command == CommandKind::RestartDevice {
            self.restart.set(None);
        }
        self.show_announcement(format!("{} {}", subject(command), predicate(refusal)), true);
    }

    fn restart_phase(self, phase: RestartPhase) {
        self.restart.set(Some(phase));
        let is_drawn = self.shown.get_untracked().is_some_and(|shown| shown.drawn);
        if phase == RestartPhase::DisplayReady && is_drawn {
            self.back_from_restart();
        }
    }

    fn back_from_restart(self) {
        self.restart.set(None);
        self.announce("The device is back.");
    }

    fn first_picture(self, display: DisplayId) {
        self.shown.update(|shown| {
            if let Some(shown) = shown.as_mut().filter(|shown| shown.display == display) {
                shown.drawn = true;
            }
        });
        // A picture that comes while the device goes down is not yet the one of its return.
        if self.restart.get_untracked().is_some_and(|phase| phase != RestartPhase::GoingDown) {
            self.back_from_restart();
        }
    }

    fn cursor(self, update: CursorUpdate) {
        match update {
            CursorUpdate::Shape { shape } => self.cursor.set(RemoteCursor::Shape(shape)),
            CursorUpdate::Hidden => self.cursor.set(RemoteCursor::Hidden),
            CursorUpdate::Moved { display, x, y } => {
                self.remote_pointer.set(Some(RemotePointer { display, x, y, moved_at: clock::now() }));
            }
        }
    }

    fn thumbnail(self, display: DisplayId, bitmap: Option<Bitmap>) {
        let Some(bitmap) = bitmap else { return };
        self.thumbnails.with_value(|thumbnails| {
            if let Some((_, canvas)) = thumbnails.iter().find(|(present, _)| *present == display) {
                show_bitmap(canvas, &bitmap);
            }
        });
    }

    fn show_announcement(self, text: String, is_refusal: bool) {
        let id = self.n_announcements.get_value() + 1;
        self.n_announcements.set_value(id);
        self.announcement.set(Some(Announcement { id, text, is_refusal }));
        set_timeout(
            move || {
                let is_present = |shown: &Option<Announcement>| shown.as_ref().is_some_and(|shown| shown.id == id);
                if self.announcement.try_with_untracked(is_present) == Some(true) {
                    self.announcement.set(None);
                }
            },
            ANNOUNCED_FOR,
        );
    }

    fn end_through_server(self) {
        if self.phase.try_get_untracked().is_none_or(Phase::is_over) {
            return;
        }
        if let Some(session) = self.session.get_value() {
            task::spawn(async move {
                // A session that is over already is what was asked for.
                let _ = api::end_session(&session).await;
            });
        }
        self.over(Ending::Ended(EndReason::EndedByViewer));
    }

    fn unable(self, missing: Missing) {
        let session = self.session.get_value();
        if let Some(session) = session {
            task::spawn(async move {
                let _ = api::end_session(&session).await;
            });
        }
        self.over(Ending::Unable(missing));
    }

    fn over(self, ending: Ending) {
        // What is known already is not replaced by what is known less.
        let known = self.phase.try_get_untracked();
        let is_news = matches!(known, Some(phase) if !phase.is_over() || phase == Phase::Over(Ending::Lost));
        if is_news {
            self.set_captured(false);
            self.post(&ToEngine::Disconnect);
            self.phase.set(Phase::Over(ending));
        }
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

fn connection(started: &StartedSession, display: DisplayId) -> Option<Connection> {
    let ticket = URL_SAFE_NO_PAD.decode(&started.ticket).ok()?.try_into().ok()?;
    let grant = URL_SAFE_NO_PAD.decode(&started.grant).ok()?;
    Some(Connection {
        relay_url: Text::new(started.relay_url.clone()).ok()?,
        tenant: started.tenant.clone(),
        session: started.session,
        console: started.console,
        agent_key: started.agent_key,
        access: started.access,
        display,
        ticket,
        grant: Blob::new(grant).ok()?,
    })
}

const fn subject(command: CommandKind) -> &'static str {
    match command {
        CommandKind::SelectDisplay => "The display",
        CommandKind::RestartDevice => "The restart",
        CommandKind::SetRestartOnEnd => "The restart at the end",
        CommandKind::Shortcut => "The shortcut",
        CommandKind::TakeInput => "Keyboard and pointer",
    }
}

const fn predicate(refusal: CommandRefusal) -> &'static str {
    match refusal {
        CommandRefusal::Unsupported => "cannot be had: the console has no way to do it.",
        CommandRefusal::InCall => "must wait: the room is in a call.",
        CommandRefusal::NotAllowed => "is not allowed in this session.",
        CommandRefusal::Failed => "was tried by the console and failed.",
    }
}
