//! Commands of the toolbar (open to View and Modify) and what the agent says about the session.

use crate::access::Access;
use crate::ids::{DisplayId, DisplayInfo};
use crate::reason::EndReason;
use crate::signals::SYSTEM_USER_MAX_BYTES;
use crate::time::Micros;
use crate::wire::{List, Text, record, tagged};

/// Longest name of a person or room in bytes.
pub const NAME_MAX_BYTES: usize = 128;
/// Most people shown in one session.
pub const PEOPLE_MAX: usize = 32;

/// From the viewer: what the toolbar offers, and the service of its picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// The first message of every connection: the agent sends no pixel before it.
    Open { display: DisplayId },
    /// Show another display to this viewer.
    SelectDisplay { display: DisplayId },
    /// Restart the device now; the session goes on when it is back.
    RestartDevice,
    /// Restart the device when the session ends.
    SetRestartOnEnd { on: bool },
    /// Perform a named shortcut.
    Shortcut { shortcut: Shortcut },
    /// Take the keyboard and pointer from the person who holds them (Modify only).
    TakeInput,
    /// Send small pictures of all displays until switched off.
    WatchThumbnails { on: bool },
    /// The decoder lost its state: start the picture anew.
    RequestKeyframe,
    /// End the session for this viewer.
    End,
    /// Somebody is there: the answer to a warning that the session ends because nothing is done.
    StayConnected,
    /// End the session for this viewer and restart the device when nobody is connected, whatever the switch says: that
    /// signs out who is signed in at the console.
    SignOutAndRestart,
}

tagged!(Command {
    0 => Open { display },
    1 => SelectDisplay { display },
    2 => RestartDevice,
    3 => SetRestartOnEnd { on },
    4 => Shortcut { shortcut },
    5 => TakeInput,
    6 => WatchThumbnails { on },
    7 => RequestKeyframe,
    8 => End,
    9 => StayConnected,
    10 => SignOutAndRestart,
});

impl Command {
    /// Somebody is at work: what the viewer asks for by itself, its picture and its thumbnails, is not.
    pub const fn is_activity(self) -> bool {
        !matches!(self, Self::Open { .. } | Self::WatchThumbnails { .. } | Self::RequestKeyframe)
    }
}

/// A fixed sequence that the agent performs as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "api", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Shortcut {
    /// Ctrl+Alt+Del, on Windows as the secure attention sequence.
    SecureAttention,
    WindowsKey,
    /// Five times the Windows key: reaches the sign-in screen of a hung room app.
    WindowsKeyFiveTimes,
    AltTab,
    AltF4,
    CtrlShiftEsc,
    WindowsI,
    Esc,
    Tab,
    Enter,
    PrintScreen,
    WakeDisplay,
    RefreshPicture,
}

tagged!(Shortcut {
    0 => SecureAttention,
    1 => WindowsKey,
    2 => WindowsKeyFiveTimes,
    3 => AltTab,
    4 => AltF4,
    5 => CtrlShiftEsc,
    6 => WindowsI,
    7 => Esc,
    8 => Tab,
    9 => Enter,
    10 => PrintScreen,
    11 => WakeDisplay,
    12 => RefreshPicture,
});

impl Shortcut {
    pub const ALL: [Self; 13] = [
        Self::SecureAttention,
        Self::WindowsKey,
        Self::WindowsKeyFiveTimes,
        Self::AltTab,
        Self::AltF4,
        Self::CtrlShiftEsc,
        Self::WindowsI,
        Self::Esc,
        Self::Tab,
        Self::Enter,
        Self::PrintScreen,
        Self::WakeDisplay,
        Self::RefreshPicture,
    ];

    /// What people read, in English.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SecureAttention => "Ctrl+Alt+Del",
            Self::WindowsKey => "Windows key",
            Self::WindowsKeyFiveTimes => "Windows key five times",
            Self::AltTab => "Alt+Tab",
            Self::AltF4 => "Alt+F4",
            Self::CtrlShiftEsc => "Ctrl+Shift+Esc",
            Self::WindowsI => "Windows+I",
            Self::Esc => "Esc",
            Self::Tab => "Tab",
            Self::Enter => "Enter",
            Self::PrintScreen => "Print Screen",
            Self::WakeDisplay => "Wake display",
            Self::RefreshPicture => "Refresh picture",
        }
    }

    /// Changes nothing on the console but its display's sleep.
    pub const fn is_safe(self) -> bool {
        matches!(self, Self::WakeDisplay | Self::RefreshPicture)
    }
}

/// Somebody connected to the console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub name: Text<NAME_MAX_BYTES>,
    pub access: Access,
    /// How long ago the person's session started.
    pub connected_for: Micros,
    /// This is the viewer that receives the list.
    pub you: bool,
    /// Keyboard and pointer are this person's at the moment.
    pub holds_input: bool,
}

record!(Person { name, access, connected_for, you, holds_input });

/// Why there is no live picture although the session lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureState {
    Live,
    /// The console is starting up or its screen is not there yet.
    Starting,
    DisplayAsleep,
    /// The system shows a screen that may not be captured.
    SecureDesktop,
    /// The chosen display is not connected.
    NoOutput,
    /// A call started; the tenant's policy pauses the session until it ends.
    PausedByCall,
    /// No heartbeat came for a while: capture rests.
    PausedBySilence,
}

tagged!(PictureState {
    0 => Live,
    1 => Starting,
    2 => DisplayAsleep,
    3 => SecureDesktop,
    4 => NoOutput,
    5 => PausedByCall,
    6 => PausedBySilence,
});

/// How far a restart of the device has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestartPhase {
    GoingDown,
    AgentBack,
    DisplayReady,
}

tagged!(RestartPhase { 0 => GoingDown, 1 => AgentBack, 2 => DisplayReady });

/// Why a command was not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandRefusal {
    /// The console has no way to do it (no restart command configured).
    Unsupported,
    /// Not during a call.
    InCall,
    /// The tenant's policy or the session's access does not allow it.
    NotAllowed,
    /// It was tried and failed.
    Failed,
}

tagged!(CommandRefusal { 0 => Unsupported, 1 => InCall, 2 => NotAllowed, 3 => Failed });

/// From the agent: the state of the session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The displays that are present and the one that this viewer sees. `epoch` grows with every change of
    /// a display's size or place; pointer events of an older epoch are dropped.
    Displays {
        displays: List<DisplayInfo, 3>,
        selected: DisplayId,
        epoch: u32,
    },
    /// Everybody who is connected.
    People {
        people: List<Person, PEOPLE_MAX>,
    },
    /// Whether the device restarts when the session ends.
    RestartOnEnd {
        on: bool,
    },
    /// The chosen display's picture.
    Picture {
        state: PictureState,
    },
    Restart {
        phase: RestartPhase,
    },
    /// A shortcut was performed.
    ShortcutDone {
        shortcut: Shortcut,
    },
    /// The last command of this kind was not carried out.
    Refused {
        command: CommandKind,
        refusal: CommandRefusal,
    },
    /// The session ends in so long unless something is done.
    EndsSoon {
        remaining: Micros,
        reason: EndReason,
    },
    /// The last message of a connection.
    Bye {
        reason: EndReason,
    },
    /// Something was done: the end that was announced does not come now.
    EndsLater,
    /// The room is in a call, or may be, or is not any more.
    InCall {
        on: bool,
    },
    /// Another system user than at the start is signed in at the console; `None`: no longer.
    UserSwitched {
        user: Option<Text<SYSTEM_USER_MAX_BYTES>>,
        /// The console can restart, which is how that user is signed out.
        can_sign_out: bool,
    },
}

tagged!(Notice {
    0 => Displays { displays, selected, epoch },
    1 => People { people },
    2 => RestartOnEnd { on },
    3 => Picture { state },
    4 => Restart { phase },
    5 => ShortcutDone { shortcut },
    6 => Refused { command, refusal },
    7 => EndsSoon { remaining, reason },
    8 => Bye { reason },
    9 => EndsLater,
    10 => InCall { on },
    11 => UserSwitched { user, can_sign_out },
});

/// A command without its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandKind {
    SelectDisplay,
    RestartDevice,
    SetRestartOnEnd,
    Shortcut,
    TakeInput,
    SignOutAndRestart,
}

tagged!(CommandKind {
    0 => SelectDisplay,
    1 => RestartDevice,
    2 => SetRestartOnEnd,
    3 => Shortcut,
    4 => TakeInput,
    5 => SignOutAndRestart,
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_viewer_asks_for_by_itself_is_no_activity() {
        let display = DisplayId::Console;
        let by_itself = [
            Command::Open { display },
            Command::WatchThumbnails { on: true },
            Command::WatchThumbnails { on: false },
            Command::RequestKeyframe,
        ];
        assert!(by_itself.iter().all(|command| !command.is_activity()));
        let by_people = [
            Command::SelectDisplay { display },
            Command::RestartDevice,
            Command::SetRestartOnEnd { on: true },
            Command::Shortcut { shortcut: Shortcut::Esc },
            Command::TakeInput,
            Command::StayConnected,
            Command::SignOutAndRestart,
        ];
        assert!(by_people.iter().all(|command| command.is_activity()));
    }
}
