//! Health signals: what the agent sees of the room's devices, and who is signed in at the console.
//!
//! Lists are read and links are looked at; no device is opened for it. Everything here is hostile text to the server and
//! the portal.

use crate::wire::{List, Text, record, tagged};

/// Longest detail of a signal in bytes.
pub const SIGNAL_DETAIL_MAX_BYTES: usize = 96;
/// Longest name of a system user in bytes.
pub const SYSTEM_USER_MAX_BYTES: usize = 64;

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "api", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum SignalKind {
    ConsoleDisplay,
    FrontOfRoomDisplay,
    Microphone,
    Speaker,
    Camera,
    Network,
    /// The program that the room is for runs.
    RoomApp,
    /// The room's account is signed in to it.
    RoomAppSignIn,
    RoomAppVersion,
    OperatingSystem,
}

tagged!(SignalKind {
    0 => ConsoleDisplay,
    1 => FrontOfRoomDisplay,
    2 => Microphone,
    3 => Speaker,
    4 => Camera,
    5 => Network,
    6 => RoomApp,
    7 => RoomAppSignIn,
    8 => RoomAppVersion,
    9 => OperatingSystem,
});

impl SignalKind {
    /// In the order in which people read them.
    pub const ALL: [Self; 10] = [
        Self::ConsoleDisplay,
        Self::FrontOfRoomDisplay,
        Self::Microphone,
        Self::Speaker,
        Self::Camera,
        Self::Network,
        Self::RoomApp,
        Self::RoomAppSignIn,
        Self::RoomAppVersion,
        Self::OperatingSystem,
    ];

    /// As configuration and API spell it.
    pub const fn id(self) -> &'static str {
        match self {
            Self::ConsoleDisplay => "console_display",
            Self::FrontOfRoomDisplay => "front_of_room_display",
            Self::Microphone => "microphone",
            Self::Speaker => "speaker",
            Self::Camera => "camera",
            Self::Network => "network",
            Self::RoomApp => "room_app",
            Self::RoomAppSignIn => "room_app_sign_in",
            Self::RoomAppVersion => "room_app_version",
            Self::OperatingSystem => "operating_system",
        }
    }

    /// What people read, in English.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ConsoleDisplay => "Console display",
            Self::FrontOfRoomDisplay => "Front-of-room display",
            Self::Microphone => "Microphone",
            Self::Speaker => "Speaker",
            Self::Camera => "Camera",
            Self::Network => "Network",
            Self::RoomApp => "Room app",
            Self::RoomAppSignIn => "Room app sign-in",
            Self::RoomAppVersion => "Room app version",
            Self::OperatingSystem => "Operating system",
        }
    }
}

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "api", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum SignalState {
    Ok,
    /// Not there: unplugged, not running, signed out.
    Missing,
    /// There, and not working.
    Failing,
    /// Cannot be told.
    Unknown,
}

tagged!(SignalState { 0 => Ok, 1 => Missing, 2 => Failing, 3 => Unknown });

/// One look at one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signal {
    pub kind: SignalKind,
    pub state: SignalState,
    /// The device's name, a version, or why; often empty.
    pub detail: Text<SIGNAL_DETAIL_MAX_BYTES>,
}

record!(Signal { kind, state, detail });

/// Who is signed in at the console's system.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum SystemUser {
    /// Cannot be told.
    #[default]
    Unknown,
    /// The sign-in screen is up.
    Nobody,
    SignedIn {
        name: Text<SYSTEM_USER_MAX_BYTES>,
    },
}

tagged!(SystemUser { 0 => Unknown, 1 => Nobody, 2 => SignedIn { name } });

/// Everything that one look found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Signals {
    /// Each kind once at most; what is not there is unknown.
    pub list: List<Signal, { SignalKind::ALL.len() }>,
    pub user: SystemUser,
}

record!(Signals { list, user });
