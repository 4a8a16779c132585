//! The session between browser, server and console: how it is asked for, connected, lost, resumed and ended.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use leptos::prelude::*;
use protocol::api::{CSRF_HEADER, LiveEvent, StartSession, StartedSession};
use protocol::control::{Command, PictureState};
use protocol::ids::{DisplayId, SessionId};
use protocol::link::close;
use protocol::reason::EndReason;
use protocol::secure::{PublicKey, SessionCode};
use protocol::wire::{Blob, Text};
use viewer::ui::{Connection, Missing, ToEngine};

use super::Engine;
use crate::api::{self, ApiError};
use crate::browser::task::TakingBack;
use crate::browser::{clock, leave, task};
use crate::session::pins::{self, Known};
use crate::session::reconnect::{self, Next};
use crate::session::state::{Ending, Phase};

/// After so long, an end that the console has not confirmed is asked of the server.
const END_CONFIRMED_WITHIN: Duration = Duration::from_millis(1500);

const ENROLLED_ANEW: &str = "This room's console was enrolled anew since this browser last reached it. \
    Its fingerprint is on the room's page.";

impl Engine {
    /// Ends the session for this viewer.
    pub fn end(self) {
        if self.state.phase.get_untracked() != Phase::Live {
            self.end_through_server();
            return;
        }
        self.command(Command::End);
        set_timeout(move || self.end_through_server(), END_CONFIRMED_WITHIN);
    }

    /// The page is being left: nothing can be waited for. The server alone is told, because a command to the console would
    /// get there first and say that somebody pressed End.
    pub fn leave(self) {
        if self.state.phase.try_get_untracked().is_none_or(Phase::is_over) {
            return;
        }
        match self.session.try_get_value() {
            Some(Some(session)) => leave::delete_outliving(&api::closed_session_url(&session), CSRF_HEADER),
            _ => self.take_back(),
        }
    }

    /// Nobody waits for the session any more that is being started: the room is not asked about it any longer.
    fn take_back(self) {
        if let Some(asked) = self.taking_back.try_update_value(Option::take).flatten() {
            asked.now();
        }
    }

    /// The engine's last word. That somebody else seems to be at the other end is for the log, and only this end may know.
    pub(super) fn ended(self, reason: EndReason) {
        if reason == EndReason::KeyMismatch
            && let Some(session) = self.session.get_value()
        {
            task::spawn(async move {
                let _ = api::mistrust_session(&session).await;
            });
        }
        self.over(Ending::Ended(reason));
    }

    /// A live event of the server: it may know of the session's end before the console says so.
    pub fn hear(self, event: &LiveEvent) {
        if let LiveEvent::SessionEnded { session, reason } = event
            && self.session.get_value() == Some(*session)
        {
            let knows_better = matches!(self.state.phase.get_untracked(), Phase::Over(Ending::Ended(_)));
            if !knows_better {
                self.over(Ending::Ended(*reason));
            }
        }
    }

    /// The key of the next connection is there: asks for the session, or for it to go on.
    pub(super) fn ask_server(self, viewer_key: PublicKey) {
        if self.state.phase.get_untracked().is_over() {
            return;
        }
        task::spawn(async move {
            let request = StartSession { viewer_key };
            match self.session.get_value() {
                None => {
                    let taking_back = TakingBack::new();
                    self.taking_back.set_value(taking_back.clone());
                    self.started(api::start_session(&self.room.get_value(), &request, taking_back).await);
                }
                Some(session) => self.resumed(api::resume_session(&session, &request).await),
            }
        });
    }

    fn started(self, result: Result<StartedSession, ApiError>) {
        let is_wanted = self.state.phase.try_get_untracked().is_some_and(|phase| !phase.is_over());
        self.taking_back.try_set_value(None);
        match result {
            // Closed in the meantime.
            Ok(started) if !is_wanted => task::spawn(async move {
                let _ = api::end_session(&started.session).await;
            }),
            Ok(started) => {
                self.session.set_value(Some(started.session));
                self.agreed(&started);
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
        let Some(Phase::Reconnecting { since }) = self.state.phase.try_get_untracked() else { return };
        match result {
            Ok(started) => self.agreed(&started),
            Err(error) => {
                let lost_for = clock::now().since(since);
                match reconnect::after(&error, lost_for, self.state.restart.get_untracked().is_some()) {
                    Next::TryAgain => self.try_again(),
                    Next::GiveUp => self.over(Ending::Lost),
                }
            }
        }
    }

    fn agreed(self, started: &StartedSession) {
        let is_resumed = self.state.phase.get_untracked() != Phase::Starting;
        let known = self.room.with_value(|room| pins::look(room, started));
        // Within a session a console keeps its enrolment.
        if known == Known::KeyChanged || (is_resumed && known == Known::EnrolledAnew) {
            return self.stop_before_handshake(started.session);
        }
        self.is_enrolled_anew.set_value(known == Known::EnrolledAnew);
        self.access.set(Some(started.access));
        self.view_shortcuts.set(started.view_shortcuts);
        self.connect(started);
    }

    /// Somebody else may be at the other end: it hears nothing from here, not even a handshake.
    fn stop_before_handshake(self, session: SessionId) {
        task::spawn(async move {
            let _ = api::mistrust_session(&session).await;
        });
        self.over(Ending::KeyChanged);
    }

    fn connect(self, started: &StartedSession) {
        let Some(connection) = connection(started, self.state.selected.get_untracked()) else {
            self.unable(Missing::Connection);
            return;
        };
        if self.state.phase.get_untracked() == Phase::Starting {
            self.phase.set(Phase::Connecting);
        }
        self.post(&ToEngine::Connect { connection });
    }

    pub(super) fn opened(self, code: SessionCode) {
        self.n_tries.set_value(0);
        self.code.set(Some(code));
        // The console says anew what holds.
        self.in_call.set(false);
        self.picture.set(PictureState::Live);
        self.silent_since.set(None);
        self.ends_soon.set(None);
        self.shown.update(|shown| {
            if let Some(shown) = shown {
                shown.drawn = false;
            }
        });
        self.phase.set(Phase::Live);
        if self.is_enrolled_anew.get_value() {
            self.is_enrolled_anew.set_value(false);
            self.announce(ENROLLED_ANEW);
        }
    }

    pub(super) fn lost(self, close_code: u16) {
        let phase = self.state.phase.get_untracked();
        if phase.is_over() {
            return;
        }
        if close_code == close::SESSION_ENDED && self.state.restart.get_untracked().is_none() {
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
                if matches!(self.state.phase.try_get_untracked(), Some(Phase::Reconnecting { .. })) {
                    self.post(&ToEngine::MakeKey);
                }
            },
            reconnect::pause(n_tries, clock::jitter()),
        );
    }

    fn end_through_server(self) {
        if self.state.phase.try_get_untracked().is_none_or(Phase::is_over) {
            return;
        }
        if let Some(session) = self.session.get_value() {
            task::spawn(async move {
                // A session that is over already is what was asked for.
                let _ = api::end_session(&session).await;
            });
        } else {
            self.take_back();
        }
        self.over(Ending::Ended(EndReason::EndedByViewer));
    }

    pub(super) fn unable(self, missing: Missing) {
        let session = self.session.get_value();
        if let Some(session) = session {
            task::spawn(async move {
                let _ = api::end_session(&session).await;
            });
        }
        self.over(Ending::Unable(missing));
    }

    pub(super) fn over(self, ending: Ending) {
        // What is known already is not replaced by what is known less.
        let known = self.state.phase.try_get_untracked();
        let is_news = matches!(known, Some(phase) if !phase.is_over() || phase == Phase::Over(Ending::Lost));
        if is_news {
            self.set_captured(false);
            self.announcement.set(None);
            self.post(&ToEngine::Disconnect);
            self.phase.set(Phase::Over(ending));
        }
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
