//! What the session screen knows. Everything here is for reading; [`super::engine::Engine`] writes it.

use leptos::prelude::*;
use protocol::access::Access;
use protocol::control::{Person, PictureState, RestartPhase, Shortcut};
use protocol::cursor::CursorShape;
use protocol::geometry::PixelSize;
use protocol::ids::{DisplayId, DisplayInfo};
use protocol::reason::EndReason;
use protocol::secure::SessionCode;
use protocol::terms::ShortcutPolicy;
use protocol::time::Micros;
use viewer::ui::{Missing, Statistics};

/// How far a session has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The server and the console are asked.
    Starting,
    /// The console agreed; the connection is being made.
    Connecting,
    Live,
    /// The connection was lost at this time and is being made anew.
    Reconnecting {
        since: Micros,
    },
    Over(Ending),
}

impl Phase {
    pub fn is_over(self) -> bool {
        matches!(self, Self::Over(_))
    }
}

/// How a session came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    Ended(EndReason),
    /// The connection was lost and nobody says why.
    Lost,
    /// This browser cannot show it.
    Unable(Missing),
    /// The engine stopped.
    Failed,
    /// The console has another key than the one that this browser remembers: nothing was sent.
    KeyChanged,
    /// It was never started; [`SessionState::refusal`] says why.
    NotStarted,
}

impl Ending {
    /// A sentence for people.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Ended(reason) => reason.sentence(),
            Self::Lost => "The connection to the console was lost and could not be made again.",
            Self::Unable(Missing::VideoDecoder) => {
                "This browser cannot decode video (WebCodecs is missing). Use a current Microsoft Edge or another Chromium browser."
            }
            Self::Unable(Missing::OffscreenCanvas) => {
                "This browser cannot draw the picture. Use a current Microsoft Edge or another Chromium browser."
            }
            Self::Unable(Missing::Connection) => {
                "The server's answer could not be used. Reload the page, then try again."
            }
            Self::KeyChanged => {
                "The server names another key for this console than the one that this browser remembers, and the console was not enrolled anew. Somebody may be pretending to be the console, so nothing was sent to it. Tell an administrator: they compare the fingerprint on the room's page with the one that the agent shows on the console. Enrolling the console anew makes its key known again."
            }
            Self::NotStarted => "The session was not started.",
            Self::Failed => "The viewer stopped unexpectedly. Start the session again.",
        }
    }
}

/// What is on the canvas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    pub display: DisplayId,
    /// Of the display list that the picture belongs to.
    pub epoch: u32,
    pub size: PixelSize,
    /// Its first picture is drawn.
    pub drawn: bool,
}

/// The console's pointer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum RemoteCursor {
    /// Not told yet: the browser's own.
    #[default]
    Unknown,
    Shape(CursorShape),
    Hidden,
}

/// Where somebody else has moved the pointer; units of [`protocol::input::PointerPosition`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemotePointer {
    pub display: DisplayId,
    pub x: u16,
    pub y: u16,
    pub moved_at: Micros,
}

/// A short message about what was done or refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// Tells two of the same text apart.
    pub id: u32,
    pub text: String,
    pub is_refusal: bool,
}

/// The end comes by itself unless something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndsSoon {
    pub at: Micros,
    pub reason: EndReason,
}

/// Somebody else is signed in at the console than when people connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserSwitched {
    pub user: String,
    /// The console can restart, which is how that user is signed out.
    pub can_sign_out: bool,
}

/// The session as the screen shows it.
#[derive(Clone, Copy)]
pub struct SessionState {
    pub phase: ReadSignal<Phase>,
    pub access: ReadSignal<Option<Access>>,
    pub displays: ReadSignal<Vec<DisplayInfo>>,
    /// The display that was chosen; another may still be on the canvas.
    pub selected: ReadSignal<DisplayId>,
    pub shown: ReadSignal<Option<Shown>>,
    pub restart_on_end: ReadSignal<bool>,
    pub people: ReadSignal<Vec<Person>>,
    pub picture: ReadSignal<PictureState>,
    pub restart: ReadSignal<Option<RestartPhase>>,
    /// Since when nothing was heard on a connection that is there.
    pub silent_since: ReadSignal<Option<Micros>>,
    pub statistics: ReadSignal<Statistics>,
    pub cursor: ReadSignal<RemoteCursor>,
    pub remote_pointer: ReadSignal<Option<RemotePointer>>,
    pub announcement: ReadSignal<Option<Announcement>>,
    pub ends_soon: ReadSignal<Option<EndsSoon>>,
    /// The room is in a call, or may be.
    pub in_call: ReadSignal<bool>,
    /// Another system user than at the start is signed in at the console.
    pub user_switched: ReadSignal<Option<UserSwitched>>,
    /// Which shortcut commands the session may use while its access is View.
    pub view_shortcuts: ReadSignal<ShortcutPolicy>,
    /// Stands on the console as well, for this connection.
    pub code: ReadSignal<Option<SessionCode>>,
    /// The keyboard goes to the console.
    pub captured: ReadSignal<bool>,
    /// Why the session was not started, with [`Ending::NotStarted`].
    pub refusal: ReadSignal<Option<String>>,
}

impl SessionState {
    pub fn is_live(self) -> bool {
        self.phase.get() == Phase::Live
    }

    /// This session may type and click at all.
    pub fn may_modify(self) -> bool {
        self.access.get() == Some(Access::Modify)
    }

    /// Somebody else holds the keyboard and pointer.
    pub fn input_holder(self) -> Option<String> {
        let holder = |people: &Vec<Person>| {
            people.iter().find(|person| person.holds_input && !person.you).map(|person| person.name.to_string())
        };
        self.people.with(holder)
    }

    /// A call in the room has the session wait.
    pub fn is_paused(self) -> bool {
        self.picture.get() == PictureState::PausedByCall
    }

    /// The session may use this shortcut command.
    pub fn may_use(self, shortcut: Shortcut) -> bool {
        self.access.get().is_some_and(|access| self.view_shortcuts.get().allows(access, shortcut))
    }

    /// What is typed and clicked here reaches the console.
    pub fn has_input(self) -> bool {
        self.may_modify() && self.is_live() && self.input_holder().is_none() && !self.is_paused()
    }
}
