//! A simulated console as `redring-agent run` opens it.

use std::path::Path;
use std::sync::Arc;

use agent::config::{Cli, Command, Config};
use agent::platform::simulated::{ManualClock, Options, Simulated, seed_of};
use agent::platform::{Platform, Settings};
use agent::state_dir::StateDir;
use clap::Parser as _;
use protocol::geometry::PixelPoint;
use protocol::ids::{DisplayId, RoomId};
use protocol::input::PointerButton;

/// A Sunday in November, five past two in the afternoon.
const AFTERNOON: i64 = 1_795_356_300;
const SETTINGS: PixelPoint = PixelPoint { x: 1600, y: 550 };
const TWENTY_FOUR_HOURS: PixelPoint = PixelPoint { x: 1754, y: 522 };

/// What the command line and the state folder say.
fn settings(folder: &Path) -> Settings {
    let folder_name = folder.to_str().expect("a plain name");
    let line = ["redring-agent", "run", "--platform", "simulated", "--state-dir", folder_name];
    let Command::Run(args) = Cli::try_parse_from(line).expect("it is right").command else { panic!("it runs") };
    let dir = StateDir::open(folder).expect("ours");
    Config::load(&args, &dir).expect("it is right").platform
}

fn open(settings: &Settings) -> Simulated {
    let clock = Arc::new(ManualClock::new(AFTERNOON));
    Simulated::open(Options { clock, ..settings.into() }).expect("three displays")
}

fn click(platform: &mut Platform, point: PixelPoint) {
    platform.injector.pointer(DisplayId::Console, point).expect("moves");
    platform.injector.button(PointerButton::Primary, true).expect("presses");
    platform.injector.button(PointerButton::Primary, false).expect("releases");
}

#[test]
fn a_setting_survives_the_agent() {
    let folder = tempfile::tempdir().expect("a folder");
    let console = open(&settings(folder.path()));
    assert!(console.state().settings.twenty_four_hours);
    let mut platform = console.platform();
    click(&mut platform, SETTINGS);
    click(&mut platform, TWENTY_FOUR_HOURS);
    let changed = console.state().settings;
    assert!(!changed.twenty_four_hours);
    drop((platform, console));
    assert_eq!(open(&settings(folder.path())).state().settings, changed);
}

#[cfg(unix)]
#[test]
fn the_settings_are_for_the_agent_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().expect("a folder");
    let mut platform = open(&settings(folder.path())).platform();
    click(&mut platform, SETTINGS);
    click(&mut platform, TWENTY_FOUR_HOURS);
    let file = std::fs::metadata(folder.path().join("simulated.json")).expect("it was written");
    assert_eq!(file.permissions().mode() & 0o777, 0o600);
}

#[test]
fn every_room_has_meetings_of_its_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = |room: &str| {
        let room = RoomId::new(room).expect("a slug");
        let settings = Settings { simulated_seed: seed_of(&room), ..settings(folder.path()) };
        open(&settings).snapshot(DisplayId::Console).expect("it is connected").bgra
    };
    assert!(home("aurora") == home("aurora"), "the same at every start");
    assert!(home("aurora") != home("borealis"));
}
