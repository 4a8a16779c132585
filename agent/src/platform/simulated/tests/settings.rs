//! What the console keeps, and what it does not.

use protocol::keycode::KeyCode;
use protocol::signals::{SignalKind, SignalState, SystemUser};
use protocol::wire::Text;

use super::*;

#[test]
fn settings_survive_a_restart_and_notes_do_not() {
    let mut room = Room::new();
    room.click(NOTES);
    room.injector().text("gone soon").expect("types");
    room.click(SETTINGS);
    room.click(TWENTY_FOUR_HOURS);
    room.click((1500, 234));
    room.keys(&[KeyCode::ControlLeft, KeyCode::KeyA]);
    room.injector().text("Stage left\n").expect("types");
    room.platform.power.restart().expect("restarts");
    room.pass(Duration::from_secs(5));
    let state = room.console.state();
    assert!(!state.restarting);
    assert_eq!((state.page, state.notes.as_str()), (Page::Home, ""));
    assert!(!state.settings.twenty_four_hours);
    assert_eq!(state.settings.device_name, "Stage left");
}

#[test]
fn settings_are_kept_in_their_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("console.json");
    let mut room = Room::with(|options| options.state_file = Some(file.clone()));
    room.click(NOTES);
    room.injector().text("canary-of-the-notes").expect("types");
    room.click(SETTINGS);
    room.click(TWENTY_FOUR_HOURS);
    drop(room);
    let kept = std::fs::read_to_string(&file).expect("was written");
    assert!(!kept.contains("canary"), "what is typed into the notes is not kept");
    let again = Room::with(|options| options.state_file = Some(file.clone()));
    assert!(!again.console.state().settings.twenty_four_hours);
    std::fs::write(&file, "not json").expect("writes");
    let fresh = Room::with(|options| options.state_file = Some(file.clone()));
    assert_eq!(fresh.console.state().settings, SavedSettings::default());
}

#[test]
fn signing_in_takes_any_account() {
    let mut room = Room::new();
    room.click((1730, 82));
    room.click((960, 526));
    room.injector().text("ada@example.com\tsecret\n").expect("types");
    let state = room.console.state();
    assert_eq!((state.page, state.settings.account.as_deref()), (Page::Home, Some("ada@example.com")));
    room.click((1730, 82));
    assert_eq!(room.console.state().settings.account, None);
}

fn state_of(room: &mut Room, kind: SignalKind) -> SignalState {
    let signals = room.platform.signals.look();
    signals.list.iter().find(|signal| signal.kind == kind).expect("every kind").state
}

#[test]
fn every_device_is_well_until_it_is_unplugged() {
    let mut room = Room::new();
    for kind in SignalKind::ALL {
        assert_eq!(state_of(&mut room, kind), SignalState::Ok, "{}", kind.name());
    }
    room.click(SETTINGS);
    room.click(DEVICES);
    room.click(CAMERA);
    assert_eq!(state_of(&mut room, SignalKind::Camera), SignalState::Missing);
    room.console.set_plugged_in(DisplayId::FrontOfRoom1, false);
    assert_eq!(state_of(&mut room, SignalKind::FrontOfRoomDisplay), SignalState::Ok, "there is another");
    room.console.set_plugged_in(DisplayId::FrontOfRoom2, false);
    assert_eq!(state_of(&mut room, SignalKind::FrontOfRoomDisplay), SignalState::Missing);
    assert_eq!(state_of(&mut room, SignalKind::Microphone), SignalState::Ok);
}

#[test]
fn a_restart_signs_out_whoever_signed_in() {
    let mut room = Room::new();
    let signed_in = |name: &str| SystemUser::SignedIn { name: Text::fitted(name) };
    assert_eq!(room.platform.signals.user(), signed_in("room"));
    room.click((1730, 82));
    room.click((960, 526));
    room.injector().text("ada@example.com\tsecret\n").expect("types");
    assert_eq!(room.platform.signals.user(), signed_in("ada@example.com"));
    room.platform.power.restart().expect("restarts");
    room.pass(Duration::from_secs(5));
    assert_eq!(room.platform.signals.user(), signed_in("room"));
}
