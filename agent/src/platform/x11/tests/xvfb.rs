//! An X server for one test, and a program that opens windows on it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use protocol::geometry::PixelRect;
use protocol::ids::DisplayId;
use x11rb::protocol::Event;
use x11rb::protocol::randr::{ConnectionExt as _, ModeFlag, ModeInfo, MonitorInfo, Rotation, SetConfig};
use x11rb::protocol::xproto::{
    ConnectionExt as _, CreateGCAux, CreateWindowAux, EventMask, GX, Gcontext, ImageFormat, InputFocus, Rectangle,
    SubwindowMode, Window, WindowClass,
};

use super::super::connection::XServer;
use crate::platform::{Platform, Settings};

pub(super) const WIDTH: u16 = 1280;
pub(super) const HEIGHT: u16 = 720;
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) struct Xvfb {
    child: Child,
    pub(super) name: String,
}

impl Xvfb {
    pub(super) fn start() -> Self {
        Self::start_with(24, &[])
    }

    pub(super) fn start_with(depth: u8, arguments: &[&str]) -> Self {
        let screen = format!("{WIDTH}x{HEIGHT}x{depth}");
        let mut command = Command::new("Xvfb");
        // The server looks for a free number and writes it to its standard output.
        command.args(["-displayfd", "1", "-screen", "0", &screen, "-nolisten", "tcp", "-noreset"]).args(arguments);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = child.unwrap_or_else(|error| {
            panic!("Xvfb cannot be started ({error}); run: sudo apt-get install -y xvfb x11-xkb-utils xterm")
        });
        let mut number = String::new();
        let output = child.stdout.take().expect("it is piped");
        BufReader::new(output).read_line(&mut number).expect("Xvfb writes its number");
        let name = format!(":{}", number.trim());
        assert!(1 < name.len(), "Xvfb ended at once");
        Self { child, name }
    }

    pub(super) fn connect(&self) -> XServer {
        XServer::connect(&Arc::from(self.name.as_str())).expect("Xvfb answers")
    }

    /// The platform with this server as the console.
    pub(super) fn open(&self) -> Platform {
        Self::open_all(&[(DisplayId::Console, self)])
    }

    /// The platform with a server for each display.
    pub(super) fn open_all(displays: &[(DisplayId, &Self)]) -> Platform {
        let x11_displays = displays.iter().map(|(display, server)| (*display, server.name.clone())).collect();
        super::super::open(&Settings { x11_displays, ..Settings::default() }).expect("Xvfb has all extensions")
    }

    pub(super) fn set_layout(&self, layout: &str) {
        let status = Command::new("setxkbmap").args(["-display", &self.name, "-layout", layout]).status();
        let status = status.expect("setxkbmap is missing; run: sudo apt-get install -y x11-xkb-utils");
        assert!(status.success());
    }
}

impl Drop for Xvfb {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program with one window.
pub(super) struct Program {
    pub(super) server: XServer,
    pub(super) window: Window,
    gc: Gcontext,
}

impl Program {
    /// A window without a frame that has the focus and hears everything.
    pub(super) fn open(xvfb: &Xvfb, rect: PixelRect) -> Self {
        let server = xvfb.connect();
        let (window, gc) = (server.new_id().expect("an id"), server.new_id().expect("an id"));
        let values = CreateWindowAux::new().override_redirect(1).background_pixel(0).event_mask(
            EventMask::KEY_PRESS
                | EventMask::KEY_RELEASE
                | EventMask::BUTTON_PRESS
                | EventMask::BUTTON_RELEASE
                | EventMask::EXPOSURE
                | EventMask::FOCUS_CHANGE,
        );
        let (class, depth, visual) = (WindowClass::INPUT_OUTPUT, 0, 0);
        let (x, y) = (rect.x as i16, rect.y as i16);
        let connection = &server.connection;
        connection
            .create_window(depth, window, server.root(), x, y, rect.width, rect.height, 0, class, visual, &values)
            .expect("sent");
        connection.create_gc(gc, window, &CreateGCAux::new()).expect("sent");
        connection.map_window(window).expect("sent");
        connection.set_input_focus(InputFocus::PARENT, window, x11rb::CURRENT_TIME).expect("sent");
        server.sync().expect("the server answers");
        let program = Self { server, window, gc };
        program.take_events();
        program
    }

    pub(super) fn fill(&self, x: i16, y: i16, width: u16, height: u16, pixel: u32) {
        let colour = x11rb::protocol::xproto::ChangeGCAux::new().foreground(pixel);
        let connection = &self.server.connection;
        connection.change_gc(self.gc, &colour).expect("sent");
        connection.poly_fill_rectangle(self.window, self.gc, &[Rectangle { x, y, width, height }]).expect("sent");
        self.server.flush().expect("the server is there");
    }

    /// Everything that arrived by now.
    pub(super) fn take_events(&self) -> Vec<Event> {
        self.server.sync().expect("the server answers");
        std::iter::from_fn(|| self.server.next_event().expect("the server answers")).collect()
    }

    /// Waits until `n` events of a kind arrived, and a moment longer to see that there are no more.
    #[track_caller]
    pub(super) fn expect<T>(&self, n: usize, kind: impl Fn(&Event) -> Option<T>) -> Vec<T> {
        let mut found: Vec<T> = Vec::new();
        eventually(|| {
            found.extend(self.take_events().iter().filter_map(&kind));
            n <= found.len()
        });
        found.extend(self.take_events().iter().filter_map(&kind));
        assert_eq!(found.len(), n);
        found
    }
}

/// Blue, green, red of one pixel of the screen.
pub(super) fn pixel(server: &XServer, x: u16, y: u16) -> [u8; 3] {
    let format = ImageFormat::Z_PIXMAP;
    let image = server.connection.get_image(format, server.root(), x as i16, y as i16, 1, 1, u32::MAX).expect("sent");
    let data = image.reply().expect("it is on the screen").data;
    [data[0], data[1], data[2]]
}

/// Changes one pixel of the screen, whatever window shows it.
pub(super) fn invert(server: &XServer, x: u16, y: u16) {
    let (root, gc) = (server.root(), server.new_id().expect("an id"));
    let values = CreateGCAux::new().function(GX::INVERT).subwindow_mode(SubwindowMode::INCLUDE_INFERIORS);
    server.connection.create_gc(gc, root, &values).expect("sent");
    let pixel = Rectangle { x: x as i16, y: y as i16, width: 1, height: 1 };
    server.connection.poly_fill_rectangle(root, gc, &[pixel]).expect("sent");
    server.sync().expect("the server answers");
}

/// Cuts the screen into monitors side by side.
pub(super) fn set_monitors(server: &XServer, monitors: &[(&str, i16, u16)]) {
    let connection = &server.connection;
    let old = connection.randr_get_monitors(server.root(), true).expect("sent").reply().expect("RandR is there");
    let mut kept = Vec::new();
    for old in old.monitors.iter().filter(|old| !old.automatic) {
        let name = atom_name(server, old.name);
        if let Some(same) = monitors.iter().find(|new| **new == (name.as_str(), old.x, old.width)) {
            kept.push(*same);
            continue;
        }
        connection.randr_delete_monitor(server.root(), old.name).expect("sent").check().expect("it is there");
    }
    for new in monitors.iter().filter(|new| !kept.contains(new)) {
        add_monitor(server, *new, new.0 == monitors[0].0);
    }
}

/// One of them has to belong to the output, which else is a monitor of its own.
fn add_monitor(server: &XServer, (name, x, width): (&str, i16, u16), has_output: bool) {
    let connection = &server.connection;
    let name = connection.intern_atom(false, name.as_bytes()).expect("sent").reply().expect("atoms are there").atom;
    let output = if has_output { output(server) } else { None };
    let monitor = MonitorInfo {
        name,
        x,
        width,
        height: HEIGHT,
        width_in_millimeters: 100,
        height_in_millimeters: 100,
        outputs: output.into_iter().collect(),
        ..MonitorInfo::default()
    };
    connection.randr_set_monitor(server.root(), monitor).expect("sent").check().expect("a monitor can be set");
}

fn atom_name(server: &XServer, atom: u32) -> String {
    let name = server.connection.get_atom_name(atom).expect("sent").reply().expect("the atom is there").name;
    String::from_utf8_lossy(&name).into_owned()
}

fn output(server: &XServer) -> Option<u32> {
    let resources = server.connection.randr_get_screen_resources(server.root()).expect("sent").reply();
    resources.expect("RandR is there").outputs.first().copied()
}

/// Makes the screen smaller.
pub(super) fn resize(server: &XServer, width: u16, height: u16) {
    let connection = &server.connection;
    let resources = connection.randr_get_screen_resources(server.root()).expect("sent").reply().expect("RandR");
    let (crtc, output) = (resources.crtcs[0], resources.outputs[0]);
    let name = format!("{width}x{height}");
    let mode = ModeInfo {
        width,
        height,
        dot_clock: 60_000_000,
        htotal: width,
        vtotal: height,
        name_len: name.len() as u16,
        mode_flags: ModeFlag::default(),
        ..ModeInfo::default()
    };
    let mode = connection.randr_create_mode(server.root(), mode, name.as_bytes()).expect("sent").reply();
    let mode = mode.expect("a mode can be made").mode;
    connection.randr_add_output_mode(output, mode).expect("sent").check().expect("a mode can be added");
    let (now, rotation) = (x11rb::CURRENT_TIME, Rotation::ROTATE0);
    let set = connection.randr_set_crtc_config(crtc, now, now, 0, 0, mode, rotation, &[output]).expect("sent").reply();
    assert_eq!(set.expect("the mode can be set").status, SetConfig::SUCCESS);
    connection.randr_set_screen_size(server.root(), width, height, 300, 200).expect("sent").check().expect("it fits");
}

/// Waits for a state, not for a time.
#[track_caller]
pub(super) fn eventually(mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "it did not happen");
        std::thread::sleep(Duration::from_millis(2));
    }
}
