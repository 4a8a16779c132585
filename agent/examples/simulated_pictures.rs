//! Writes pictures of the simulated console (PPM) into a folder: `simulated_pictures FOLDER`.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use agent::platform::simulated::{ManualClock, Options, Simulated, Snapshot};
use agent::platform::{Injector, Key, Platform, RingLine, RingPerson, RoomName};
use protocol::access::Access;
use protocol::geometry::PixelPoint;
use protocol::ids::DisplayId;
use protocol::input::PointerButton;
use protocol::keycode::KeyCode;

fn main() -> anyhow::Result<()> {
    let folder = std::env::args().nth(1).map_or_else(|| PathBuf::from("."), PathBuf::from);
    std::fs::create_dir_all(&folder)?;
    let room_name = RoomName::default();
    room_name.set("Aurora");
    // A Sunday in November, five past two in the afternoon.
    let clock = Arc::new(ManualClock::new(1_795_356_300));
    let options = Options { room_name, clock: Arc::clone(&clock) as _, seed: 3, ..Options::default() };
    let console = Simulated::open(options)?;
    let mut studio = Studio { platform: console.platform(), console, clock, folder };
    studio.pages()?;
    studio.call()?;
    studio.system()
}

struct Studio {
    console: Simulated,
    platform: Platform,
    clock: Arc<ManualClock>,
    folder: PathBuf,
}

impl Studio {
    fn pages(&mut self) -> anyhow::Result<()> {
        let fingerprint = "7c1e 90af 22d4 b86b 013d e5f7 4a99 c8e2".to_owned();
        self.platform.key_sign.set(&Key { fingerprint: fingerprint.clone(), waits_for_approval: true });
        self.take("approval", DisplayId::Console)?;
        self.platform.key_sign.set(&Key { fingerprint, waits_for_approval: false });
        self.take("home", DisplayId::Console)?;
        self.take("front-1", DisplayId::FrontOfRoom1)?;
        self.take("front-2", DisplayId::FrontOfRoom2)?;
        self.click(1300, 800)?;
        self.injector().text("Bring the adapter for the ceiling speakers.\nAsk Jonas about the seating plan, then book the room for Thursday")?;
        self.take("notes", DisplayId::Console)?;
        self.click(1600, 220)?;
        self.injector().text("482 915")?;
        self.take("join", DisplayId::Console)?;
        self.click(100, 80)?;
        self.click(1600, 380)?;
        self.take("share", DisplayId::Console)?;
        self.click(100, 80)?;
        self.click(1100, 550)?;
        self.take("controls", DisplayId::Console)?;
        self.click(100, 80)?;
        self.click(1600, 550)?;
        for (i, name) in ["general", "sound", "displays", "keyboard", "about"].into_iter().enumerate() {
            self.click(200, 210 + 96 * i as u16)?;
            self.take(&format!("settings-{name}"), DisplayId::Console)?;
        }
        self.click(100, 80)?;
        self.click(1730, 80)?;
        self.take("sign-in", DisplayId::Console)?;
        self.click(100, 80)
    }

    fn call(&mut self) -> anyhow::Result<()> {
        self.click(1100, 300)?;
        self.pass(Duration::from_millis(83_400));
        self.take("call", DisplayId::Console)?;
        self.take("call-front-1", DisplayId::FrontOfRoom1)?;
        self.take("call-front-2", DisplayId::FrontOfRoom2)?;
        self.click(1750, 935)?;
        self.take("call-ended", DisplayId::Console)
    }

    fn system(&mut self) -> anyhow::Result<()> {
        for code in [KeyCode::ControlLeft, KeyCode::AltLeft, KeyCode::Delete] {
            self.injector().key(code, true)?;
        }
        self.take("security", DisplayId::Console)?;
        for code in [KeyCode::Delete, KeyCode::AltLeft, KeyCode::ControlLeft, KeyCode::Escape] {
            self.injector().key(code, code == KeyCode::Escape)?;
        }
        let code = Some("acorn kite lemon otter".to_owned());
        let (name, since) = ("Tess Technician".to_owned(), "14:05".to_owned());
        let person = RingPerson { name, access: Access::Modify, since, code };
        self.platform.ring.show(&RingLine { people: vec![person], may_end: true, ..RingLine::default() })?;
        save(&self.folder, "ring", self.console.room_view(DisplayId::Console))?;
        self.platform.power.restart()?;
        self.pass(Duration::from_millis(400));
        self.take("going-down", DisplayId::Console)?;
        self.pass(Duration::from_millis(2_500));
        self.take("starting", DisplayId::Console)?;
        self.pass(Duration::from_secs(3));
        self.click(1600, 550)?;
        self.click(1800, 518)?;
        self.click(100, 80)?;
        for _ in 0..3 {
            self.injector().key(KeyCode::Tab, true)?;
            self.injector().key(KeyCode::Tab, false)?;
        }
        self.take("twelve-hours", DisplayId::Console)?;
        self.take("twelve-hours-front", DisplayId::FrontOfRoom1)?;
        self.click(1100, 550)?;
        self.click(200, 930)?;
        self.take("standby", DisplayId::Console)
    }

    fn injector(&mut self) -> &mut dyn Injector {
        &mut *self.platform.injector
    }

    fn click(&mut self, x: u16, y: u16) -> anyhow::Result<()> {
        self.pass(Duration::from_millis(700));
        self.injector().pointer(DisplayId::Console, PixelPoint { x, y })?;
        self.injector().button(PointerButton::Primary, true)?;
        self.injector().button(PointerButton::Primary, false)?;
        Ok(())
    }

    fn pass(&self, time: Duration) {
        self.clock.advance(time);
        self.console.look_at_clock();
    }

    fn take(&self, name: &str, display: DisplayId) -> anyhow::Result<()> {
        save(&self.folder, name, self.console.snapshot(display))
    }
}

fn save(folder: &Path, name: &str, snapshot: Option<Snapshot>) -> anyhow::Result<()> {
    let Some(snapshot) = snapshot else { anyhow::bail!("the display for {name} is not connected") };
    let mut file = std::io::BufWriter::new(std::fs::File::create(folder.join(format!("{name}.ppm")))?);
    writeln!(file, "P6 {} {} 255", snapshot.size.width, snapshot.size.height)?;
    for pixel in snapshot.bgra.chunks_exact(4) {
        file.write_all(&[pixel[2], pixel[1], pixel[0]])?;
    }
    Ok(())
}
