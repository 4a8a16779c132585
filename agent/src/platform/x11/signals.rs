//! What the system's lists say about the room's devices. No device is opened, no sound and no picture is taken.
//!
//! - Displays: those that are announced.
//! - Microphone and speaker: ALSA's list of devices. What only a sound server knows (a Bluetooth or network microphone)
//!   needs a command.
//! - Camera: the kernel's list of video devices.
//! - Network: the state of the interface that the default route uses, or of any that is up where there is none.
//! - Room app: a process of the configured name.

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use protocol::ids::DisplayId;
use protocol::signals::{SignalKind, SignalState, SystemUser};

use super::displays::{Layout, Place};
use super::seat::Seat;
use crate::platform::asked::{Finding, Found, unknown};

/// The kernel keeps so much of a process's name.
const PROCESS_NAME_MAX_BYTES: usize = 15;

pub(super) struct X11Signals {
    layout: Arc<Layout>,
    app_process: String,
    seat: Seat,
    roots: Roots,
}

/// Where the system keeps its lists.
struct Roots {
    processes: PathBuf,
    sound: PathBuf,
    video: PathBuf,
    network: PathBuf,
    routes: PathBuf,
}

impl Default for Roots {
    fn default() -> Self {
        Self {
            processes: "/proc".into(),
            sound: "/proc/asound".into(),
            video: "/sys/class/video4linux".into(),
            network: "/sys/class/net".into(),
            routes: "/proc/net".into(),
        }
    }
}

/// Which way sound goes: the last letter of ALSA's names for devices.
const CAPTURED: char = 'c';
const PLAYED: char = 'p';

impl X11Signals {
    pub(super) fn new(layout: Arc<Layout>, app_process: &str) -> Self {
        Self { layout, app_process: app_process.to_owned(), seat: Seat::default(), roots: Roots::default() }
    }
}

impl Found for X11Signals {
    fn signal(&mut self, kind: SignalKind) -> Finding {
        match kind {
            SignalKind::ConsoleDisplay => displays(&self.layout.places(), |id| id == DisplayId::Console),
            SignalKind::FrontOfRoomDisplay => displays(&self.layout.places(), |id| id != DisplayId::Console),
            SignalKind::Microphone => self.roots.sound(CAPTURED),
            SignalKind::Speaker => self.roots.sound(PLAYED),
            SignalKind::Camera => self.roots.camera(),
            SignalKind::Network => self.roots.network(),
            SignalKind::RoomApp => self.roots.process(&self.app_process),
            SignalKind::RoomAppSignIn | SignalKind::RoomAppVersion => unknown(),
            SignalKind::OperatingSystem => (SignalState::Ok, super::operating_system()),
        }
    }

    fn user(&mut self) -> SystemUser {
        self.seat.user(self.layout.place(DisplayId::Console).map(|place| place.server).as_deref())
    }
}

fn displays(places: &[Place], wanted: impl Fn(DisplayId) -> bool) -> Finding {
    let shown = places.iter().filter(|place| wanted(place.display));
    found(shown.map(|place| format!("{} × {}", place.size.width, place.size.height)).collect())
}

/// Well with the names of what is there, missing without any.
fn found(names: Vec<String>) -> Finding {
    let state = if names.is_empty() { SignalState::Missing } else { SignalState::Ok };
    (state, names.join(", "))
}

impl Roots {
    fn sound(&self, way: char) -> Finding {
        let is_device = |name: &str| name.starts_with("pcm") && name.ends_with(way);
        let cards = entries(&self.sound, |name| name.starts_with("card") && name != "cards");
        let has_device = |card: &PathBuf| !entries(card, is_device).is_empty();
        found(cards.iter().filter(|card| has_device(card)).map(|card| self.card_name(card)).collect())
    }

    /// ` 0 [PCH            ]: HDA-Intel - HDA Intel PCH` has the long name; the folder has the short one.
    fn card_name(&self, card: &Path) -> String {
        let number = file_name(card).trim_start_matches("card");
        let list = read(&self.sound.join("cards"));
        let line = list.lines().find(|line| line.split_whitespace().next() == Some(number));
        let long = line.and_then(|line| line.split_once(" - ")).map(|(_, name)| name.trim().to_owned());
        long.filter(|name| !name.is_empty()).unwrap_or_else(|| read(&card.join("id")).trim().to_owned())
    }

    fn camera(&self) -> Finding {
        // A camera has a node for its picture and often another for data about it, of the same name.
        let nodes = entries(&self.video, |name| name.starts_with("video"));
        let names: BTreeSet<String> = nodes.iter().map(|node| read(&node.join("name")).trim().to_owned()).collect();
        found(names.into_iter().collect())
    }

    fn network(&self) -> Finding {
        if let Some(interface) = self.default_interface() {
            let folder = self.network.join(&interface);
            return match read(&folder.join("operstate")).trim() {
                // Tunnels and bridges do not say.
                "up" | "unknown" => (SignalState::Ok, self.described(&interface)),
                state => (SignalState::Failing, format!("{interface} is {state}")),
            };
        }
        let is_up = |folder: &PathBuf| read(&folder.join("operstate")).trim() == "up";
        let up = entries(&self.network, |name| name != "lo").into_iter().filter(is_up);
        found(up.map(|folder| self.described(file_name(&folder))).collect())
    }

    /// The interface of the default route.
    fn default_interface(&self) -> Option<String> {
        let routes = read(&self.routes.join("route"));
        let version_4 = routes.lines().skip(1).find_map(|line| {
            let mut words = line.split_whitespace();
            let interface = words.next()?;
            (words.next()? == "00000000").then_some(interface)
        });
        let routes = read(&self.routes.join("ipv6_route"));
        let version_6 = || {
            routes.lines().find_map(|line| {
                let words: Vec<_> = line.split_whitespace().collect();
                let is_default = words.get(1) == Some(&"00") && words.first()?.bytes().all(|b| b == b'0');
                // The kernel's own last resort goes nowhere.
                words.last().copied().filter(|interface| is_default && *interface != "lo")
            })
        };
        version_4.or_else(version_6).map(str::to_owned)
    }

    /// `eth0, 1000 Mbit/s`
    fn described(&self, interface: &str) -> String {
        let speed = read(&self.network.join(interface).join("speed"));
        match speed.trim().parse::<u32>() {
            Ok(speed) if 0 < speed => format!("{interface}, {speed} Mbit/s"),
            _ => interface.to_owned(),
        }
    }

    fn process(&self, name: &str) -> Finding {
        if name.is_empty() {
            return unknown();
        }
        let is_number = |name: &str| name.bytes().all(|byte| byte.is_ascii_digit());
        // The kernel cuts long names; the command line has all of it, unless the program changed it.
        let is_short = name.len() <= PROCESS_NAME_MAX_BYTES;
        let has_name = |process: &PathBuf| is_short && read(&process.join("comm")).trim_end() == name;
        let runs = entries(&self.processes, is_number)
            .iter()
            .any(|process| has_name(process) || program(process) == name.as_bytes());
        (if runs { SignalState::Ok } else { SignalState::Missing }, name.to_owned())
    }
}

/// The last part of the path of a process's program.
fn program(process: &Path) -> Vec<u8> {
    let line = bytes(&process.join("cmdline"));
    let first = line.split(|byte| *byte == 0).next().unwrap_or_default();
    Path::new(std::ffi::OsStr::from_bytes(first)).file_name().map(|name| name.as_bytes().to_vec()).unwrap_or_default()
}

fn file_name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

/// What a file of the system holds; nothing when it is not there or may not be read.
pub(super) fn read(path: &Path) -> String {
    String::from_utf8_lossy(&bytes(path)).into_owned()
}

fn bytes(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_default()
}

/// In the order of their names, so that a look finds the same as the one before.
fn entries(folder: &Path, wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let wanted = |entry: &std::fs::DirEntry| entry.file_name().to_str().is_some_and(&wanted);
    let mut entries: Vec<_> = entries.flatten().filter(wanted).map(|entry| entry.path()).collect();
    entries.sort();
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A made-up system in a temporary folder.
    struct System {
        folder: tempfile::TempDir,
        roots: Roots,
    }

    impl System {
        fn new(files: &[(&str, &str)]) -> Self {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let at = |name: &str| folder.path().join(name);
            let roots = Roots {
                processes: at("proc"),
                sound: at("asound"),
                video: at("video"),
                network: at("net"),
                routes: at("routes"),
            };
            let system = Self { folder, roots };
            for (path, text) in files {
                let path = system.folder.path().join(path);
                std::fs::create_dir_all(path.parent().expect("a folder")).expect("folders can be made");
                std::fs::write(path, text).expect("files can be written");
            }
            system
        }
    }

    fn well(detail: &str) -> Finding {
        (SignalState::Ok, detail.to_owned())
    }

    fn missing(detail: &str) -> Finding {
        (SignalState::Missing, detail.to_owned())
    }

    #[test]
    fn microphones_and_speakers_are_the_cards_that_can() {
        let cards =
            " 0 [PCH            ]: HDA-Intel - HDA Intel PCH\n                      HDA Intel PCH at 0x1 irq 1\n";
        let files = [
            ("asound/cards", cards),
            ("asound/card0/pcm0p/info", ""),
            ("asound/card1/id", "Table\n"),
            ("asound/card1/pcm0c/info", ""),
            ("asound/card1/pcm0p/info", ""),
            ("asound/card2/id", "Midi\n"),
        ];
        let system = System::new(&files);
        assert_eq!(system.roots.sound(CAPTURED), well("Table"));
        assert_eq!(system.roots.sound(PLAYED), well("HDA Intel PCH, Table"));
        let silent = System::new(&[]);
        assert_eq!(silent.roots.sound(CAPTURED), missing(""));
    }

    #[test]
    fn a_camera_with_two_nodes_is_one() {
        let files = [("video/video0/name", "Huddle: Huddle\n"), ("video/video1/name", "Huddle: Huddle\n")];
        assert_eq!(System::new(&files).roots.camera(), well("Huddle: Huddle"));
        assert_eq!(System::new(&[("video/v4l-subdev0/name", "x")]).roots.camera(), missing(""));
    }

    #[test]
    fn the_network_is_the_interface_of_the_default_route() {
        const VIA_ETH0: &str = "Iface\tDestination\tGateway\neth1\t0000A8C0\t0\neth0\t00000000\t0102A8C0\n";
        let files = [("routes/route", VIA_ETH0), ("net/eth0/operstate", "up\n"), ("net/eth0/speed", "1000\n")];
        assert_eq!(System::new(&files).roots.network(), well("eth0, 1000 Mbit/s"));

        let files = [("routes/route", VIA_ETH0), ("net/eth0/operstate", "down\n"), ("net/eth1/operstate", "up\n")];
        assert_eq!(System::new(&files).roots.network(), (SignalState::Failing, "eth0 is down".to_owned()));

        let zero = "0".repeat(32);
        let nowhere = format!("{zero} 00 {zero} 00 {zero} ffffffff 1 0 200200 lo\n");
        let version_6 = format!("{nowhere}{zero} 00 {zero} 00 {zero} 00000400 1 0 3 wlan0\n");
        let files = [("routes/ipv6_route", version_6.as_str()), ("net/wlan0/operstate", "up\n")];
        assert_eq!(System::new(&files).roots.network(), well("wlan0"));

        let files = [("routes/ipv6_route", nowhere.as_str()), ("net/eth0/operstate", "up"), ("net/lo/operstate", "up")];
        assert_eq!(System::new(&files).roots.network(), well("eth0"), "without a default route, what is up");
        assert_eq!(System::new(&[("net/lo/operstate", "up")]).roots.network(), missing(""));
    }

    #[test]
    fn the_room_app_is_a_process_of_its_name() {
        let files = [
            ("proc/12/comm", "bash\n"),
            ("proc/12/cmdline", "/bin/bash\0"),
            ("proc/34/comm", "meeting-room-ap\n"),
            ("proc/34/cmdline", "/opt/meeting-room-app\0--kiosk\0"),
            ("proc/self/comm", "redring-agent\n"),
        ];
        let system = System::new(&files);
        for name in ["bash", "meeting-room-app"] {
            assert_eq!(system.roots.process(name), well(name));
        }
        for name in ["redring-agent", "meeting-room-ap2", "meeting-room-application", "sh"] {
            assert_eq!(system.roots.process(name), missing(name));
        }
        assert_eq!(system.roots.process(""), unknown(), "nobody said which it is");
    }
}
