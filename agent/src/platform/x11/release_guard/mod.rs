//! What lets go when the agent is killed.
//!
//! What XTEST pressed stays down when the connection that pressed it is gone, and a process that is killed releases
//! nothing. So the agent starts itself once more, as `redring-agent release-guard :1`: a process of its own group, with a
//! connection of its own to every X server and a pipe. Over the pipe it hears of everything before it goes down and after
//! it went up ([`note`]), and of what text changes for a while: the locks and the spare key codes. When the pipe ends, it
//! undoes what is still to be undone, and ends ([`watch`]). It knows nothing
//! else: no folder, no key, no network.

mod note;
mod watch;

pub(super) use self::note::{Held, Locks, Note, What};
pub use self::watch::watch;

use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::fs::OFlags;
use x11rb::protocol::xproto::{Keycode, Window};

use self::note::Ledger;
use super::connection::ServerName;

/// As the command line has it.
pub const COMMAND: &str = "release-guard";
/// All that it needs to reach an X server.
const VARIABLES: [&str; 2] = ["HOME", "XAUTHORITY"];
/// A guard that ends at once is not started again at every key.
const START_EVERY: Duration = Duration::from_secs(5);

/// The agent's end. Cheap to clone; does nothing where nobody guards.
#[derive(Clone, Default)]
pub(super) struct ReleaseGuard(Option<Arc<Mutex<Running>>>);

impl ReleaseGuard {
    /// Starts `program` as the guard of these X servers.
    pub(super) fn start(program: Option<&Path>, servers: Vec<ServerName>) -> Self {
        let running = |program: &Path| {
            let ledgers = vec![Ledger::default(); servers.len()];
            let mut running = Running { program: program.to_owned(), servers, ledgers, child: None, started_at: None };
            running.start();
            Arc::new(Mutex::new(running))
        };
        Self(program.map(running))
    }

    /// A new connection presses from now on; the window is its own and ends with it.
    pub(super) fn presser(&self, server: &ServerName, window: Window) {
        self.tell(server, What::Presser(window));
    }

    /// To be called before it goes down.
    pub(super) fn down(&self, server: &ServerName, held: Held) {
        self.tell(server, What::Down(held));
    }

    /// To be called when the X server has been told that it went up.
    pub(super) fn up(&self, server: &ServerName, held: Held) {
        self.tell(server, What::Up(held));
    }

    /// To be called before text changes what is locked.
    pub(super) fn text_begins(&self, server: &ServerName, locks: Locks) {
        self.tell(server, What::TextBegins(locks));
    }

    /// To be called when the X server has been told to lock again what was.
    pub(super) fn text_ends(&self, server: &ServerName) {
        self.tell(server, What::TextEnds);
    }

    /// To be called before the key code gets its character.
    pub(super) fn lent(&self, server: &ServerName, keycode: Keycode) {
        self.tell(server, What::Lent(keycode));
    }

    /// To be called when the X server has been told that it has none again.
    pub(super) fn returned(&self, server: &ServerName, keycode: Keycode) {
        self.tell(server, What::Returned(keycode));
    }

    fn tell(&self, server: &ServerName, what: What) {
        if let Some(running) = &self.0 {
            running.lock().unwrap_or_else(PoisonError::into_inner).tell(server, what);
        }
    }
}

struct Running {
    program: PathBuf,
    servers: Vec<ServerName>,
    /// What another guard has to be told, one for each server.
    ledgers: Vec<Ledger>,
    child: Option<Child>,
    started_at: Option<Instant>,
}

impl Running {
    fn tell(&mut self, server: &ServerName, what: What) {
        let Some(index) = self.servers.iter().position(|known| known == server) else { return };
        let Some(ledger) = self.ledgers.get_mut(index) else { return };
        ledger.take(what);
        // There are as many X servers as displays.
        let note = Note { server: index as u8, what };
        if !self.write(&note.to_bytes()) {
            self.start();
        }
    }

    /// False when nobody reads.
    fn write(&mut self, bytes: &[u8]) -> bool {
        let pipe = self.child.as_mut().and_then(|child| child.stdin.as_mut());
        pipe.is_some_and(|pipe| pipe.write_all(bytes).is_ok())
    }

    /// Starts a guard, in the place of one that is no more or does not read, and tells it everything.
    fn start(&mut self) {
        if self.started_at.is_some_and(|at| at.elapsed() < START_EVERY) {
            return;
        }
        if let Some(mut old) = self.child.take() {
            tracing::warn!("what releases the keys if the agent is killed has ended; it is started again");
            // Both fail when it is gone, which is as well.
            _ = old.kill();
            _ = old.wait();
        }
        self.started_at = Some(Instant::now());
        match spawn(&self.program, &self.servers) {
            Ok(child) => self.child = Some(child),
            Err(error) => tracing::warn!(%error, "nothing will release the keys if the agent is killed"),
        }
        let notes: Vec<u8> = self.notes().flat_map(Note::to_bytes).collect();
        self.write(&notes);
    }

    fn notes(&self) -> impl Iterator<Item = Note> {
        let of_one = |(server, ledger): (usize, &Ledger)| {
            ledger.whats().map(move |what| Note { server: server as u8, what }).collect::<Vec<_>>()
        };
        self.ledgers.iter().enumerate().flat_map(of_one)
    }
}

fn spawn(program: &Path, servers: &[ServerName]) -> std::io::Result<Child> {
    let mut command = Command::new(program);
    command.arg(COMMAND).args(servers.iter().map(|server| &**server));
    command.env_clear().envs(VARIABLES.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    // A signal to the agent's group is not for it. All other files close themselves when a program is started.
    command.process_group(0).current_dir("/").stdin(Stdio::piped()).stdout(Stdio::null());
    let child = command.spawn()?;
    if let Some(pipe) = &child.stdin {
        // A guard that does not read must not keep the agent from its work.
        rustix::fs::fcntl_setfl(pipe, OFlags::NONBLOCK)?;
    }
    Ok(child)
}
