//! What the console says while the session lives.

use leptos::prelude::*;
use protocol::control::{CommandKind, CommandRefusal, Notice, PictureState, RestartPhase};
use protocol::cursor::CursorUpdate;
use protocol::ids::DisplayId;
use protocol::reason::EndReason;
use protocol::time::Micros;

use super::Engine;
use crate::browser::clock;
use crate::browser::elements::{Bitmap, show_bitmap};
use crate::session::overlay::seconds;
use crate::session::state::{Ending, EndsSoon, RemoteCursor, RemotePointer, UserSwitched};

impl Engine {
    pub(super) fn notice(self, notice: Notice) {
        match notice {
            Notice::Displays { displays, selected, .. } => {
                self.displays.set(displays.into_vec());
                self.selected.set(selected);
            }
            Notice::People { people } => self.people.set(people.into_vec()),
            Notice::RestartOnEnd { on } => self.restart_on_end.set(on),
            Notice::Picture { state } => self.picture_is(state),
            Notice::InCall { on } => self.call_is(on),
            Notice::UserSwitched { user, can_sign_out } => {
                self.user_is(user.map(|user| user.to_string()), can_sign_out);
            }
            Notice::Restart { phase } => self.restart_phase(phase),
            Notice::ShortcutDone { shortcut } => self.announce(format!("{} was performed.", shortcut.name())),
            Notice::Refused { command, refusal } => self.refused(command, refusal),
            Notice::EndsSoon { remaining, reason } => {
                self.ends_soon.set(Some(EndsSoon { at: clock::now() + remaining, reason }));
                self.announce(text::ends_soon(remaining, reason));
            }
            Notice::EndsLater => {
                self.ends_soon.set(None);
                self.announce(text::STAYS);
            }
            Notice::Bye { reason } => self.over(Ending::Ended(reason)),
        }
    }

    fn picture_is(self, state: PictureState) {
        let was_paused = self.state.picture.get_untracked() == PictureState::PausedByCall;
        let is_paused = state == PictureState::PausedByCall;
        self.picture.set(state);
        if is_paused {
            self.set_captured(false);
        }
        match (was_paused, is_paused) {
            (false, true) => self.announce(text::PAUSED),
            (true, false) => self.announce(text::GOES_ON),
            _ => {}
        }
    }

    /// A call that pauses the session is said by the picture's state.
    fn call_is(self, on: bool) {
        let was_on = self.state.in_call.get_untracked();
        self.in_call.set(on);
        let is_paused = self.state.picture.get_untracked() == PictureState::PausedByCall;
        if on && !was_on && !is_paused {
            self.announce(text::IN_CALL);
        }
    }

    fn user_is(self, user: Option<String>, can_sign_out: bool) {
        let switched = user.map(|user| UserSwitched { user, can_sign_out });
        // Said at every connection.
        if self.state.user_switched.with_untracked(|present| *present == switched) {
            return;
        }
        match &switched {
            Some(switched) => self.announce(text::user_switched(&switched.user)),
            None => self.announce(text::USER_IS_BACK),
        }
        self.user_switched.set(switched);
    }

    fn refused(self, command: CommandKind, refusal: CommandRefusal) {
        if command == CommandKind::RestartDevice {
            self.restart.set(None);
        }
        self.show_announcement(format!("{} {}", subject(command), predicate(refusal)), true);
    }

    fn restart_phase(self, phase: RestartPhase) {
        self.restart.set(Some(phase));
        let is_drawn = self.state.shown.get_untracked().is_some_and(|shown| shown.drawn);
        if phase == RestartPhase::DisplayReady && is_drawn {
            self.back_from_restart();
        }
    }

    fn back_from_restart(self) {
        self.restart.set(None);
        self.announce("The device is back.");
    }

    pub(super) fn first_picture(self, display: DisplayId) {
        self.shown.update(|shown| {
            if let Some(shown) = shown.as_mut().filter(|shown| shown.display == display) {
                shown.drawn = true;
            }
        });
        // A picture that comes while the device goes down is not yet the one of its return.
        if self.state.restart.get_untracked().is_some_and(|phase| phase != RestartPhase::GoingDown) {
            self.back_from_restart();
        }
    }

    pub(super) fn cursor(self, update: CursorUpdate) {
        match update {
            CursorUpdate::Shape { shape } => self.cursor.set(RemoteCursor::Shape(shape)),
            CursorUpdate::Hidden => self.cursor.set(RemoteCursor::Hidden),
            CursorUpdate::Moved { display, x, y } => {
                self.remote_pointer.set(Some(RemotePointer { display, x, y, moved_at: clock::now() }));
            }
        }
    }

    pub(super) fn thumbnail(self, display: DisplayId, bitmap: Option<Bitmap>) {
        let Some(bitmap) = bitmap else { return };
        self.thumbnails.with_value(|thumbnails| {
            if let Some((_, canvas)) = thumbnails.iter().find(|(present, _)| *present == display) {
                show_bitmap(canvas, &bitmap);
            }
        });
    }
}

mod text {
    use super::{EndReason, Micros, seconds};

    pub(super) const PAUSED: &str = "A call started in the room. The session is paused until the call has ended.";
    pub(super) const GOES_ON: &str = "The call has ended. The session goes on.";
    pub(super) const IN_CALL: &str = "The room is in a call. The session goes on, and people in the call may be seen.";
    pub(super) const STAYS: &str = "You stay connected.";
    pub(super) const USER_IS_BACK: &str = "The user who was signed in at the start is signed in again.";

    pub(super) fn user_switched(user: &str) -> String {
        format!("{user} is signed in on the console now. Sign out before you end the session.")
    }

    pub(super) fn ends_soon(remaining: Micros, reason: EndReason) -> String {
        let why = match reason {
            EndReason::Idle => "because nothing is typed or clicked. Choose Stay connected to go on.",
            _ => "because it reaches its longest duration.",
        };
        format!("The session ends in {} {why}", seconds(remaining))
    }
}

const fn subject(command: CommandKind) -> &'static str {
    match command {
        CommandKind::SelectDisplay => "The display",
        CommandKind::RestartDevice => "The restart",
        CommandKind::SetRestartOnEnd => "The restart at the end",
        CommandKind::Shortcut => "The shortcut",
        CommandKind::TakeInput => "Keyboard and pointer",
        CommandKind::SignOutAndRestart => "Signing out",
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
