//! Tells whether the room is in a call.
//!
//! A configured command knows best. Without one, a call is taken to be what records sound:
//!
//! 1. A capture device of ALSA that is open: in a call, whoever opened it.
//! 2. A sound server that answers `pactl`: in a call when it has a recording stream, idle when it has none.
//! 3. A sound server that cannot be asked: unknown, for it may record from a network or Bluetooth microphone.
//! 4. No sound server, and no open capture device: idle. A console on which no program can reach a microphone
//!    cannot be in a call.
//!
//! Whoever asks treats unknown as in a call. No sound is opened here, only lists are read.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::platform::{CallObservation, CallStateSource, Program, program};

pub(super) struct X11CallState {
    program: Program,
    roots: Roots,
}

impl X11CallState {
    pub(super) fn new(program: Program) -> Self {
        Self { program, roots: Roots::default() }
    }
}

impl CallStateSource for X11CallState {
    fn look(&mut self) -> CallObservation {
        if self.program.is_configured() { CallObservation::told_by(&self.program) } else { self.roots.look() }
    }
}

/// Where the system keeps what is looked at.
struct Roots {
    alsa: PathBuf,
    /// Folders that hold one run-time folder per user.
    users: PathBuf,
    system_sockets: Vec<PathBuf>,
    pulse_server_is_set: bool,
    pactl: String,
}

impl Default for Roots {
    fn default() -> Self {
        Self {
            alsa: "/proc/asound".into(),
            users: "/run/user".into(),
            system_sockets: vec!["/run/pulse/native".into(), "/run/pipewire/pipewire-0".into()],
            pulse_server_is_set: std::env::var_os("PULSE_SERVER").is_some_and(|server| !server.is_empty()),
            pactl: "pactl".to_owned(),
        }
    }
}

impl Roots {
    fn look(&self) -> CallObservation {
        if self.is_alsa_recording() {
            return CallObservation::InCall;
        }
        if self.pulse_server_is_set {
            return self.ask_sound_server(None);
        }
        let servers: Vec<PathBuf> =
            self.sockets().into_iter().filter(|socket| UnixStream::connect(socket).is_ok()).collect();
        let (pulse, others): (Vec<_>, Vec<_>) =
            servers.into_iter().partition(|socket| socket.ends_with("pulse/native"));
        // PipeWire speaks the protocol of PulseAudio in the same run-time folder; where it does not, it cannot be asked.
        let is_asked =
            |other: &PathBuf| pulse.iter().any(|socket| socket.parent().and_then(Path::parent) == other.parent());
        let mut found = CallObservation::Idle;
        if !others.iter().all(is_asked) {
            found = CallObservation::Unknown;
        }
        for socket in &pulse {
            match self.ask_sound_server(Some(socket)) {
                CallObservation::InCall => return CallObservation::InCall,
                CallObservation::Unknown => found = CallObservation::Unknown,
                CallObservation::Idle => {}
            }
        }
        found
    }

    /// A capture stream that is not closed: `card*/pcm*c/sub*/status`.
    fn is_alsa_recording(&self) -> bool {
        let cards = entries(&self.alsa, |name| name.starts_with("card"));
        let devices =
            cards.iter().flat_map(|card| entries(card, |name| name.starts_with("pcm") && name.ends_with('c')));
        let streams = devices.flat_map(|device| entries(&device, |name| name.starts_with("sub")));
        streams
            .filter_map(|stream| std::fs::read_to_string(stream.join("status")).ok())
            .any(|status| status.trim() != "closed")
    }

    fn sockets(&self) -> Vec<PathBuf> {
        let users = entries(&self.users, |_| true);
        let of_users = users.iter().flat_map(|user| [user.join("pulse/native"), user.join("pipewire-0")]);
        of_users.chain(self.system_sockets.iter().cloned()).collect()
    }

    fn ask_sound_server(&self, socket: Option<&Path>) -> CallObservation {
        let mut command = Command::new(&self.pactl);
        command.args(["list", "short", "source-outputs"]).env("LC_ALL", "C");
        if let Some(socket) = socket {
            command.env("PULSE_SERVER", format!("unix:{}", socket.display()));
        }
        match program::output(&mut command) {
            Some(streams) if streams.trim_ascii().is_empty() => CallObservation::Idle,
            Some(_) => CallObservation::InCall,
            None => CallObservation::Unknown,
        }
    }
}

fn entries(folder: &Path, wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let wanted = |entry: &std::fs::DirEntry| entry.file_name().to_str().is_some_and(&wanted);
    entries.flatten().filter(wanted).map(|entry| entry.path()).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn a_configured_command_knows_best() {
        for (line, expected) in [("exit 0", CallObservation::InCall), ("exit 1", CallObservation::Idle)] {
            let command = ["sh", "-c", line].map(str::to_owned);
            assert_eq!(X11CallState::new(command.to_vec().into()).look(), expected, "{line}");
        }
    }

    /// A made-up system in a temporary folder.
    struct System {
        folder: tempfile::TempDir,
        roots: Roots,
        listeners: Vec<UnixListener>,
    }

    impl System {
        /// Without any sound.
        fn silent() -> Self {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let at = |name: &str| folder.path().join(name);
            let roots = Roots {
                alsa: at("asound"),
                users: at("users"),
                system_sockets: Vec::new(),
                pulse_server_is_set: false,
                pactl: at("pactl").to_string_lossy().into_owned(),
            };
            Self { folder, roots, listeners: Vec::new() }
        }

        fn write(&self, path: &str, text: &str) -> PathBuf {
            let path = self.folder.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("folders can be made");
            std::fs::write(&path, text).expect("files can be written");
            path
        }

        fn capture_device(self, status: &str) -> Self {
            self.write("asound/card0/pcm0c/sub0/status", status);
            self.write("asound/card0/pcm0p/sub0/status", "state: RUNNING\n");
            self
        }

        fn pactl(self, script: &str) -> Self {
            let path = self.write("pactl", &format!("#!/bin/sh\n{script}\n"));
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("it is our file");
            self
        }

        fn sound_server(mut self, socket: &str) -> Self {
            let path = self.write(&format!("users/1000/{socket}"), "");
            std::fs::remove_file(&path).expect("it was just made");
            self.listeners.push(UnixListener::bind(path).expect("a socket"));
            self
        }

        #[track_caller]
        fn is(&self, expected: CallObservation) {
            assert_eq!(self.roots.look(), expected);
        }
    }

    #[test]
    fn a_console_without_sound_cannot_be_in_a_call() {
        System::silent().is(CallObservation::Idle);
        System::silent().capture_device("closed\n").is(CallObservation::Idle);
    }

    #[test]
    fn an_open_microphone_is_a_call_whoever_opened_it() {
        System::silent().capture_device("state: RUNNING\nowner_pid   : 1\n").is(CallObservation::InCall);
    }

    #[test]
    fn a_recording_stream_of_the_sound_server_is_a_call() {
        let system = || System::silent().sound_server("pulse/native");
        system().pactl("printf '1\\t2\\t3\\n'").is(CallObservation::InCall);
        system().pactl("exit 0").is(CallObservation::Idle);
        system().sound_server("pipewire-0").pactl("exit 0").is(CallObservation::Idle);
    }

    #[test]
    fn a_sound_server_that_cannot_be_asked_is_unknown() {
        System::silent().sound_server("pulse/native").is(CallObservation::Unknown);
        System::silent().sound_server("pulse/native").pactl("exit 1").is(CallObservation::Unknown);
        System::silent().sound_server("pipewire-0").pactl("exit 0").is(CallObservation::Unknown);
    }

    #[test]
    fn a_socket_that_nobody_listens_on_is_no_sound_server() {
        let system = System::silent().pactl("exit 1");
        let path = system.write("users/1000/pulse/native", "");
        std::fs::remove_file(&path).expect("it was just made");
        drop(UnixListener::bind(path).expect("a socket"));
        system.is(CallObservation::Idle);
    }
}
