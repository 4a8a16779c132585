//! What can be touched, and the places of the text fields.

use super::super::super::text::Style;
use super::super::cursor::CursorKind;
use super::super::draw::Area;
use super::super::keymap::KeyboardLayout;
use super::field::Lines;

/// A screen of the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Page {
    #[default]
    Home,
    Join,
    Share,
    Controls,
    Settings(Section),
    SignIn,
    Call,
}

/// A part of the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Section {
    General,
    Audio,
    Displays,
    Keyboard,
    Devices,
    About,
}

impl Section {
    pub(super) const ALL: [Self; 6] =
        [Self::General, Self::Audio, Self::Displays, Self::Keyboard, Self::Devices, Self::About];
}

/// Something that is on or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Switch {
    TwentyFourHours,
    HideTitles,
    Motion,
    SwapDisplays,
    NoiseSuppression,
    JoinSound,
    ShareCode,
    Blinds,
    Muted,
    CameraOff,
    CameraPlugged,
    MicrophonePlugged,
    SpeakersPlugged,
    RoomApp,
}

/// Something between 0 and 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Slider {
    Volume,
    Microphone,
    Lights,
}

/// A text field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FieldId {
    Notes,
    JoinCode,
    DeviceName,
    Contact,
    TryOut,
    Account,
    Password,
}

/// A list that scrolls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in super::super) enum List {
    Meetings,
    Events,
}

/// Whatever the pointer or the keyboard can reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in super::super) enum Id {
    Go(Page),
    StartCall,
    JoinCode,
    /// The meeting that starts in this minute.
    JoinMeeting(i64),
    Leave,
    Switch(Switch),
    Slider(Slider),
    Field(FieldId),
    Layout(KeyboardLayout),
    /// Lights and blinds for an occasion, by its place in the list.
    Mood(u8),
    Warmer,
    Colder,
    Digit(char),
    Erase,
    ClearNotes,
    SignIn,
    SignOut,
    ScreensOff,
    Restart,
    Lock,
    Cancel,
    List(List),
    /// Takes the touch and does nothing: what lies below is out of reach.
    Nothing,
}

impl Id {
    pub(super) const fn cursor(self) -> CursorKind {
        match self {
            Self::Field(_) => CursorKind::Caret,
            Self::List(_) | Self::Nothing => CursorKind::Arrow,
            _ => CursorKind::Hand,
        }
    }

    pub(super) const fn takes_focus(self) -> bool {
        !matches!(self, Self::List(_) | Self::Nothing)
    }
}

/// How a field is laid out; drawing and pointing both need it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    pub(super) area: Area,
    pub(super) padding: (i32, i32),
    pub(super) style: Style,
    pub(super) lines: Lines,
    pub(super) max_chars: usize,
    pub(super) masked: bool,
    pub(super) hint: &'static str,
}

impl Form {
    /// Where the text is.
    pub(super) const fn inner(self) -> Area {
        let (x, y) = self.padding;
        Area::new(self.area.x + x, self.area.y + y, self.area.width - 2 * x, self.area.height - 2 * y)
    }

    pub(super) const fn line_height(self) -> i32 {
        self.style.size_px as i32 * 3 / 2
    }
}

const fn one(area: Area, hint: &'static str) -> Form {
    let style = Style::regular(26);
    Form { area, padding: (24, 14), style, lines: Lines::One, max_chars: 60, masked: false, hint }
}

impl FieldId {
    pub(super) const ALL: [Self; 7] =
        [Self::Notes, Self::JoinCode, Self::DeviceName, Self::Contact, Self::TryOut, Self::Account, Self::Password];

    pub(super) const fn form(self) -> Form {
        match self {
            Self::Notes => Form {
                padding: (24, 18),
                style: Style::regular(28),
                lines: Lines::Many,
                max_chars: 800,
                ..one(super::home::NOTES, "Write something down…")
            },
            Self::JoinCode => Form {
                padding: (32, 24),
                style: Style::semi_bold(44),
                max_chars: 24,
                ..one(super::join::CODE, "Meeting code")
            },
            Self::DeviceName => one(super::settings_page::field_area(0), "Name of this console"),
            Self::Contact => one(super::settings_page::field_area(1), "Who helps when something fails"),
            Self::TryOut => one(super::settings_page::field_area(2), "Type here to try the keyboard"),
            Self::Account => one(super::sign_in::ACCOUNT, "name@example.com"),
            Self::Password => Form { masked: true, ..one(super::sign_in::PASSWORD, "Password") },
        }
    }
}
