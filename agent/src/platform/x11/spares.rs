//! Key codes that are borrowed to type characters that no key of the layout types.
//!
//! A program asks for the keyboard's map when it hears that it changed, and looks up a key press some time later.
//! So a borrowed key code keeps its character until nothing was typed for a while.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use x11rb::protocol::xproto::{ConnectionExt as _, Keycode};

use super::connection::{Explain, XServer};
use super::keymap::keysym;
use super::release_guard::ReleaseGuard;
use crate::platform::PlatformError;

/// How long a program may take to look up a key press.
const KEEP: Duration = Duration::from_secs(2);
/// Pause before a borrowed key code gets another character while text is being typed.
const REUSE_AFTER: Duration = Duration::from_millis(150);

#[derive(Default)]
struct Borrowed {
    codes: HashMap<char, Keycode>,
    last_used: Option<Instant>,
    restorer_runs: bool,
}

/// The borrowed key codes of one X server; gives them back when it is dropped.
pub(super) struct Spares {
    server: Arc<XServer>,
    borrowed: Arc<Mutex<Borrowed>>,
    guard: ReleaseGuard,
}

impl Spares {
    pub(super) fn new(server: &Arc<XServer>, guard: &ReleaseGuard) -> Self {
        Self { server: Arc::clone(server), borrowed: Arc::default(), guard: guard.clone() }
    }

    pub(super) fn codes(&self) -> Vec<Keycode> {
        lock(&self.borrowed).codes.values().copied().collect()
    }

    /// Spare key codes and those that are borrowed, each once.
    pub(super) fn available(&self, spare: &[Keycode]) -> Vec<Keycode> {
        available(&lock(&self.borrowed), spare)
    }

    /// Lets spare key codes type `wanted`, which are no more than are [`available`](Self::available).
    pub(super) fn lend(&self, wanted: &[char], spare: &[Keycode]) -> Result<HashMap<char, Keycode>, PlatformError> {
        let mut borrowed = lock(&self.borrowed);
        let missing: Vec<char> = wanted.iter().copied().filter(|typed| !borrowed.codes.contains_key(typed)).collect();
        let mut codes = available(&borrowed, spare);
        if codes.len() < missing.len() + borrowed.codes.len() {
            std::thread::sleep(REUSE_AFTER);
            borrowed.codes.retain(|typed, _| wanted.contains(typed));
        }
        codes.retain(|code| !borrowed.codes.values().any(|in_use| in_use == code));
        for (typed, code) in missing.into_iter().zip(codes) {
            self.guard.lent(&self.server.name, code);
            set(&self.server, code, keysym(typed))?;
            borrowed.codes.insert(typed, code);
        }
        borrowed.last_used = Some(Instant::now());
        self.start_restorer(&mut borrowed)?;
        Ok(borrowed.codes.clone())
    }

    /// Text was typed with them until now.
    pub(super) fn used(&self) {
        lock(&self.borrowed).last_used = Some(Instant::now());
    }

    fn start_restorer(&self, borrowed: &mut Borrowed) -> Result<(), PlatformError> {
        if borrowed.codes.is_empty() || std::mem::replace(&mut borrowed.restorer_runs, true) {
            return Ok(());
        }
        let (server, shared, guard) = (Arc::clone(&self.server), Arc::clone(&self.borrowed), self.guard.clone());
        let spawned = std::thread::Builder::new().name("spare key codes".to_owned()).spawn(move || {
            while let Some(left) = time_left(&shared) {
                std::thread::sleep(left);
            }
            restore(&server, &shared, &guard);
        });
        spawned.map(drop).map_err(|error| PlatformError::Failed { what: "starting a thread", why: error.to_string() })
    }
}

impl Drop for Spares {
    fn drop(&mut self) {
        restore(&self.server, &self.borrowed, &self.guard);
        let _ = self.server.sync();
    }
}

fn available(borrowed: &Borrowed, spare: &[Keycode]) -> Vec<Keycode> {
    let in_use = borrowed.codes.values().copied().filter(|code| !spare.contains(code));
    spare.iter().copied().chain(in_use).collect()
}

fn time_left(borrowed: &Mutex<Borrowed>) -> Option<Duration> {
    let left = KEEP.checked_sub(lock(borrowed).last_used?.elapsed())?;
    (!left.is_zero()).then_some(left)
}

fn restore(server: &XServer, borrowed: &Mutex<Borrowed>, guard: &ReleaseGuard) {
    let mut borrowed = lock(borrowed);
    borrowed.restorer_runs = false;
    borrowed.last_used = None;
    let codes: Vec<Keycode> = borrowed.codes.drain().map(|(_, code)| code).collect();
    let given_back = codes.iter().try_for_each(|code| give_back(server, *code)).and_then(|()| server.flush());
    // Without the server there is no keyboard to restore.
    if given_back.is_ok() {
        for code in codes {
            guard.returned(&server.name, code);
        }
    }
}

/// Takes its character from a borrowed key code.
pub(super) fn give_back(server: &XServer, code: Keycode) -> Result<(), PlatformError> {
    set(server, code, 0)
}

fn set(server: &XServer, code: Keycode, keysym: u32) -> Result<(), PlatformError> {
    let request = server.connection.change_keyboard_mapping(1, code, 2, &[keysym, keysym]);
    request.explain("lending a key code").map(drop)
}

fn lock(borrowed: &Mutex<Borrowed>) -> MutexGuard<'_, Borrowed> {
    borrowed.lock().unwrap_or_else(PoisonError::into_inner)
}
