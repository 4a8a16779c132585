use std::io::{PipeWriter, Write as _};
use std::thread::JoinHandle;

use x11rb::protocol::xproto::{
    BUTTON_PRESS_EVENT, ConnectionExt as _, CreateWindowAux, KEY_PRESS_EVENT, KEY_RELEASE_EVENT, Window, WindowClass,
};
use x11rb::protocol::xtest::ConnectionExt as _;

use super::super::connection::XServer;
use super::super::keyboard::set_locks;
use super::super::release_guard::{Held, Locks, Note, What, watch};
use super::xvfb::{Xvfb, eventually};
use crate::platform::PlatformError;

const KEY_A: u8 = 38;
const KEY_B: u8 = 56;
const SHIFT: u8 = 50;

/// A guard, and the agent's end of its pipe.
struct Guarded {
    pipe: PipeWriter,
    guard: JoinHandle<Result<(), PlatformError>>,
}

impl Guarded {
    fn start(servers: &[&Xvfb]) -> Self {
        let (input, pipe) = std::io::pipe().expect("a pipe");
        let names: Vec<String> = servers.iter().map(|server| server.name.clone()).collect();
        Self { pipe, guard: std::thread::spawn(move || watch(input, &names)) }
    }

    fn tell(&mut self, server: u8, what: What) {
        self.pipe.write_all(&Note { server, what }.to_bytes()).expect("the guard listens");
    }

    /// The agent is gone; returns when the guard is, too.
    fn end(self) {
        drop(self.pipe);
        self.guard.join().expect("no panic").expect("everything was released");
    }
}

fn press(server: &XServer, kind: u8, detail: u8) {
    server.connection.xtest_fake_input(kind, detail, 0, x11rb::NONE, 0, 0, 0).expect("sent");
    server.sync().expect("the server answers");
}

fn window(server: &XServer) -> Window {
    let window = server.new_id().expect("an id");
    let (class, values) = (WindowClass::INPUT_ONLY, CreateWindowAux::new());
    server.connection.create_window(0, window, server.root(), -1, -1, 1, 1, 0, class, 0, &values).expect("sent");
    server.sync().expect("the server answers");
    window
}

fn keys_down(server: &XServer) -> Vec<u8> {
    let map = server.connection.query_keymap().expect("sent").reply().expect("a keymap").keys;
    (0..=u8::MAX).filter(|code| map[usize::from(code / 8)] & (1 << (code % 8)) != 0).collect()
}

fn has_button_down(server: &XServer) -> bool {
    let pointer = server.connection.query_pointer(server.root()).expect("sent").reply().expect("a pointer");
    u16::from(pointer.mask) & 0x1f00 != 0
}

#[test]
fn what_is_down_when_the_agent_dies_is_released_and_nothing_else() {
    let xvfb = Xvfb::start();
    let (observer, agent, person) = (xvfb.connect(), xvfb.connect(), xvfb.connect());
    let mut guarded = Guarded::start(&[&xvfb]);
    guarded.tell(0, What::Presser(window(&agent)));
    for key in [SHIFT, KEY_A] {
        guarded.tell(0, What::Down(Held::Key(key)));
        press(&agent, KEY_PRESS_EVENT, key);
    }
    guarded.tell(0, What::Down(Held::Button(1)));
    press(&agent, BUTTON_PRESS_EVENT, 1);
    press(&agent, KEY_RELEASE_EVENT, KEY_A);
    guarded.tell(0, What::Up(Held::Key(KEY_A)));
    press(&person, KEY_PRESS_EVENT, KEY_B);
    press(&person, KEY_PRESS_EVENT, KEY_A);
    assert_eq!(keys_down(&observer), [KEY_A, SHIFT, KEY_B]);
    drop(agent);
    guarded.end();
    assert_eq!(keys_down(&observer), [KEY_A, KEY_B], "what others hold is theirs");
    assert!(!has_button_down(&observer));
}

#[test]
fn what_was_asked_for_last_is_released_too() {
    let xvfb = Xvfb::start();
    let (observer, agent) = (xvfb.connect(), xvfb.connect());
    let mut guarded = Guarded::start(&[&xvfb]);
    guarded.tell(0, What::Presser(window(&agent)));
    guarded.tell(0, What::Down(Held::Key(KEY_A)));
    let Guarded { pipe, guard } = guarded;
    drop(pipe);
    // As when the X server comes to read the agent's last request only after the guard's first.
    press(&agent, KEY_PRESS_EVENT, KEY_A);
    drop(agent);
    guard.join().expect("no panic").expect("everything was released");
    assert!(keys_down(&observer).is_empty());
}

/// What the modifiers are, held or locked.
fn modifiers(server: &XServer) -> u16 {
    let pointer = server.connection.query_pointer(server.root()).expect("sent").reply().expect("a pointer");
    u16::from(pointer.mask) & 0xff
}

#[test]
fn a_text_that_was_not_typed_to_its_end_leaves_nothing() {
    let xvfb = Xvfb::start();
    let (observer, agent) = (xvfb.connect(), xvfb.connect());
    let keysyms = |code| {
        let map = observer.connection.get_keyboard_mapping(code, 1).expect("sent").reply().expect("a map");
        map.keysyms.into_iter().filter(|keysym| *keysym != 0).collect::<Vec<_>>()
    };
    let spare = (8..=u8::MAX).find(|code| keysyms(*code).is_empty()).expect("a spare key code");
    let mut guarded = Guarded::start(&[&xvfb]);
    guarded.tell(0, What::Presser(window(&agent)));
    let before = Locks { modifiers: 2, group: 0 };
    set_locks(&agent, before).expect("sent");
    guarded.tell(0, What::TextBegins(before));
    set_locks(&agent, Locks { modifiers: 1, group: 0 }).expect("sent");
    guarded.tell(0, What::Lent(spare));
    agent.connection.change_keyboard_mapping(1, spare, 2, &[0x263A, 0x263A]).expect("sent");
    agent.sync().expect("the server answers");
    assert_eq!((modifiers(&observer), keysyms(spare).is_empty()), (1, false));
    drop(agent);
    guarded.end();
    assert_eq!(modifiers(&observer), 2, "Caps Lock is on again, and Shift is not");
    assert!(keysyms(spare).is_empty());
}

#[test]
fn each_x_server_is_released_for_itself() {
    let (one, two) = (Xvfb::start(), Xvfb::start());
    let (agent_one, agent_two) = (one.connect(), two.connect());
    let mut guarded = Guarded::start(&[&one, &two]);
    for (server, agent) in [(0, &agent_one), (1, &agent_two)] {
        guarded.tell(server, What::Down(Held::Key(KEY_A)));
        press(agent, KEY_PRESS_EVENT, KEY_A);
    }
    let observer = two.connect();
    drop((one, agent_one, agent_two));
    drop(guarded.pipe);
    // The first is gone, which is an error, and no reason to leave the second.
    assert!(guarded.guard.join().expect("no panic").is_err());
    eventually(|| keys_down(&observer).is_empty());
}
