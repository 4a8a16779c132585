//! What a real program makes of the input.

use std::process::{Child, Command, Stdio};

use protocol::geometry::PixelPoint;
use protocol::ids::DisplayId;
use protocol::keycode::KeyCode;

use super::xvfb::{Xvfb, eventually};
use crate::platform::Injector;

struct Xterm(Child);

impl Xterm {
    /// A terminal that copies what is typed to `file`, line by line.
    fn start(xvfb: &Xvfb, file: &std::path::Path) -> Self {
        let ready = file.with_extension("ready");
        let script = format!("touch '{}'; exec cat > '{}'", ready.display(), file.display());
        let mut command = Command::new("xterm");
        command.args(["-display", &xvfb.name, "-u8", "-geometry", "80x24+0+0", "-e", "sh", "-c", &script]);
        let child = command.env("LC_ALL", "C.UTF-8").stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let terminal = Self(child.expect("xterm is missing; run: sudo apt-get install -y xterm"));
        eventually(|| ready.exists());
        terminal
    }
}

impl Drop for Xterm {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn chord(injector: &mut dyn Injector, held: KeyCode, code: KeyCode) {
    for (code, down) in [(held, true), (code, true), (code, false), (held, false)] {
        injector.key(code, down).expect("it presses");
    }
}

#[test]
fn xterm_receives_typed_text_and_keys() {
    for layout in ["us", "de"] {
        let xvfb = Xvfb::start();
        xvfb.set_layout(layout);
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("typed");
        let _terminal = Xterm::start(&xvfb, &file);
        let mut platform = xvfb.open();
        // Without a window manager the focus follows the pointer.
        platform.injector.pointer(DisplayId::Console, PixelPoint { x: 100, y: 100 }).expect("it moves");
        let text = "@€{}[]\\|~äß aabb 11 ♥ñ";
        platform.injector.text(text).expect("it types");
        platform.injector.key(KeyCode::Enter, true).expect("it presses");
        platform.injector.key(KeyCode::Enter, false).expect("it releases");
        if layout == "de" {
            chord(&mut *platform.injector, KeyCode::AltRight, KeyCode::KeyQ);
        } else {
            chord(&mut *platform.injector, KeyCode::ShiftLeft, KeyCode::Digit2);
        }
        platform.injector.text("\n").expect("it types");
        chord(&mut *platform.injector, KeyCode::ControlLeft, KeyCode::KeyD);
        let expected = format!("{text}\n@\n");
        let read = || std::fs::read_to_string(&file).unwrap_or_default();
        eventually(|| expected.len() <= read().len());
        assert_eq!(read(), expected, "{layout}");
    }
}
