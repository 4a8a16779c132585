//! What the console keeps over a restart.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::super::keymap::KeyboardLayout;

/// The settings of a simulated console. What is typed into the notes is not among them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the settings")]
pub struct SavedSettings {
    pub keyboard: KeyboardLayout,
    pub twenty_four_hours: bool,
    pub hide_titles: bool,
    pub motion: bool,
    pub swap_displays: bool,
    pub noise_suppression: bool,
    pub join_sound: bool,
    pub volume: u8,
    pub microphone: u8,
    pub lights: u8,
    pub blinds: bool,
    /// Tenths of a degree Celsius.
    pub temperature: i16,
    pub device_name: String,
    pub contact: String,
    pub camera_plugged: bool,
    pub microphone_plugged: bool,
    pub speakers_plugged: bool,
    /// The room app runs.
    pub room_app: bool,
    /// Who is signed in at the console instead of the room's own user.
    pub account: Option<String>,
}

impl Default for SavedSettings {
    fn default() -> Self {
        Self {
            keyboard: KeyboardLayout::default(),
            twenty_four_hours: true,
            hide_titles: false,
            motion: true,
            swap_displays: false,
            noise_suppression: true,
            join_sound: true,
            volume: 60,
            microphone: 80,
            lights: 70,
            blinds: false,
            temperature: 215,
            device_name: "Table console".to_owned(),
            contact: "Room support".to_owned(),
            camera_plugged: true,
            microphone_plugged: true,
            speakers_plugged: true,
            room_app: true,
            account: None,
        }
    }
}

impl SavedSettings {
    /// What the file holds; the defaults when it is not there or cannot be read.
    pub(super) fn load(file: &Path) -> Self {
        let Ok(text) = std::fs::read_to_string(file) else { return Self::default() };
        serde_json::from_str(&text).unwrap_or_else(|error| {
            tracing::warn!(%error, "the simulated console's settings cannot be read, starting with new ones");
            Self::default()
        })
    }

    /// Replaces the file as a whole.
    pub(super) fn store(&self, file: &Path) {
        let Ok(text) = serde_json::to_string_pretty(self) else { return };
        let beside = file.with_extension("new");
        if let Err(error) = write_private(&beside, &text).and_then(|()| std::fs::rename(&beside, file)) {
            tracing::warn!(%error, "the simulated console's settings cannot be saved");
        }
    }
}

/// Like every file of the agent's folder, it is for the agent alone.
fn write_private(file: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)?.write_all(text.as_bytes())
}
