use std::collections::HashMap;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::shape::{ConnectionExt as _, SK};
use x11rb::protocol::xproto::{
    BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, ChangeWindowAttributesAux, ConnectionExt as _, CreateGCAux, EventMask,
    MOTION_NOTIFY_EVENT, MapState, Rectangle, SubwindowMode, Window,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

const BUTTONS: u16 = 0x1f00;
const MODIFIERS: u16 = 0xff;

/// An X server without a screen, and somebody who looks at it.
pub struct Xvfb {
    child: Child,
    /// `:7`
    pub name: String,
    connection: RustConnection,
    root: Window,
}

/// A window of the root came, with its width and height, or went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    Shown(Window, (u16, u16)),
    Hidden(Window),
}

type Changes = Arc<Mutex<Vec<(Instant, Change)>>>;

/// Whoever watches the windows.
pub struct Watcher(Changes);

impl Watcher {
    /// All so far, and when they were heard of.
    pub fn changes(&self) -> Vec<(Instant, Change)> {
        self.0.lock().expect("nobody panics with it").clone()
    }
}

fn note_changes(connection: &RustConnection, changes: &Changes) {
    let mut sizes = HashMap::new();
    while let Ok(event) = connection.wait_for_event() {
        let now = Instant::now();
        let change = match event {
            Event::CreateNotify(event) => {
                sizes.insert(event.window, (event.width, event.height));
                continue;
            }
            Event::MapNotify(event) => {
                Change::Shown(event.window, sizes.get(&event.window).copied().unwrap_or_default())
            }
            Event::UnmapNotify(event) => Change::Hidden(event.window),
            _ => continue,
        };
        changes.lock().expect("nobody panics with it").push((now, change));
    }
}

impl Xvfb {
    pub fn start(width: u16, height: u16) -> Self {
        let screen = format!("{width}x{height}x24");
        let mut command = Command::new("Xvfb");
        // The server looks for a free number and writes it to its standard output.
        command.args(["-displayfd", "1", "-screen", "0", &screen, "-nolisten", "tcp", "-noreset"]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child =
            child.unwrap_or_else(|error| panic!("Xvfb cannot be started ({error}); run: sudo apt-get install -y xvfb"));
        let mut number = String::new();
        let output = child.stdout.take().expect("it is piped");
        BufReader::new(output).read_line(&mut number).expect("Xvfb writes its number");
        let name = format!(":{}", number.trim());
        let (connection, screen) = RustConnection::connect(Some(&name)).expect("Xvfb answers");
        let root = connection.setup().roots[screen].root;
        Self { child, name, connection, root }
    }

    /// The codes of the keys that are down, whoever pressed them.
    pub fn keys_down(&self) -> Vec<u8> {
        let map = self.connection.query_keymap().expect("sent").reply().expect("a keymap").keys;
        (0..=u8::MAX).filter(|code| map[usize::from(code / 8)] & (1 << (code % 8)) != 0).collect()
    }

    /// Buttons 1 to 5, as a mask; X tells of no others.
    pub fn buttons_down(&self) -> u16 {
        let pointer = self.connection.query_pointer(self.root).expect("sent").reply().expect("a pointer");
        u16::from(pointer.mask) & BUTTONS
    }

    /// What modifiers are in force, held or locked.
    pub fn modifiers(&self) -> u16 {
        let pointer = self.connection.query_pointer(self.root).expect("sent").reply().expect("a pointer");
        u16::from(pointer.mask) & MODIFIERS
    }

    pub fn is_quiet(&self) -> bool {
        self.keys_down().is_empty() && self.buttons_down() == 0 && self.modifiers() == 0
    }

    /// Somebody who writes down which windows of the root come and go, from now on.
    pub fn watch(&self) -> Watcher {
        let (connection, screen) = RustConnection::connect(Some(&self.name)).expect("Xvfb answers");
        let root = connection.setup().roots[screen].root;
        let events = ChangeWindowAttributesAux::new().event_mask(EventMask::SUBSTRUCTURE_NOTIFY);
        connection.change_window_attributes(root, &events).expect("sent").check().expect("anybody may");
        let changes = Changes::default();
        let noted = Arc::clone(&changes);
        // Ends with the X server.
        std::thread::spawn(move || note_changes(&connection, &noted));
        Watcher(changes)
    }

    /// The windows that are on the screen.
    pub fn shown_windows(&self) -> Vec<Window> {
        let children = self.connection.query_tree(self.root).expect("sent").reply().expect("a tree").children;
        let is_shown = |window: &Window| {
            let attributes = self.connection.get_window_attributes(*window).expect("sent").reply();
            attributes.is_ok_and(|attributes| attributes.map_state == MapState::VIEWABLE)
        };
        children.into_iter().filter(is_shown).collect()
    }

    /// The middle of the one place where a window on the screen takes input: the button in the ring's line.
    pub fn button_place(&self) -> Option<(i16, i16)> {
        self.shown_windows().into_iter().find_map(|window| {
            let at = self.connection.get_geometry(window).expect("sent").reply().ok()?;
            let shape = self.connection.shape_get_rectangles(window, SK::INPUT).expect("sent").reply().ok()?;
            let rect = shape.rectangles.first()?;
            let middle = |at: i16, inside: i16, size: u16| at + inside + (size / 2) as i16;
            Some((middle(at.x, rect.x, rect.width), middle(at.y, rect.y, rect.height)))
        })
    }

    /// Somebody in the room clicks there.
    pub fn click(&self, (x, y): (i16, i16)) {
        let fake = |kind, detail, x, y| {
            self.connection.xtest_fake_input(kind, detail, 0, self.root, x, y, 0).expect("sent");
        };
        fake(MOTION_NOTIFY_EVENT, 0, x, y);
        fake(BUTTON_PRESS_EVENT, 1, 0, 0);
        fake(BUTTON_RELEASE_EVENT, 1, 0, 0);
        self.connection.get_input_focus().expect("sent").reply().expect("Xvfb is there");
    }

    /// Paints a rectangle of the root, whatever lies below it.
    pub fn paint(&self, (x, y): (i16, i16), (width, height): (u16, u16), pixel: u32) {
        let gc = self.connection.generate_id().expect("an id");
        let values = CreateGCAux::new().foreground(pixel).subwindow_mode(SubwindowMode::CLIP_BY_CHILDREN);
        self.connection.create_gc(gc, self.root, &values).expect("sent");
        self.connection.poly_fill_rectangle(self.root, gc, &[Rectangle { x, y, width, height }]).expect("sent");
        self.connection.free_gc(gc).expect("sent");
        self.connection.flush().expect("Xvfb is there");
    }
}

impl Drop for Xvfb {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
