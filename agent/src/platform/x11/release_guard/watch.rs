//! The guard itself.

use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    BUTTON_RELEASE_EVENT, ChangeWindowAttributesAux, ConnectionExt as _, EventMask, KEY_RELEASE_EVENT,
};
use x11rb::protocol::xtest::ConnectionExt as _;

use super::note::{Held, Ledger, NOTE_BYTES, Note, What};
use crate::platform::PlatformError;
use crate::platform::x11::connection::{Alarm, Ended, Explain, ServerName, XServer, wait_for_input};
use crate::platform::x11::keyboard::set_locks;
use crate::platform::x11::spares::give_back;

const WHAT: &str = "releasing what is down";
/// So long the X server may take to serve what the agent asked for last.
const LAST_REQUESTS: Duration = Duration::from_millis(500);
const READ_BYTES: usize = 512 * NOTE_BYTES;

/// Listens to `input` until it ends, and releases what is down then.
///
/// # Errors
/// When something cannot be released.
pub fn watch(input: impl AsFd, servers: &[String]) -> Result<(), PlatformError> {
    let mut posts: Vec<Post> = servers.iter().map(|name| Post::new(name)).collect();
    let mut reader = Reader::default();
    loop {
        posts.iter_mut().for_each(Post::follow);
        let connected: Vec<&XServer> = posts.iter().filter_map(|post| post.server.as_ref()).collect();
        // Whatever goes wrong here: the end is the time to release.
        match wait_for_input(input.as_fd(), &connected) {
            Ok(true) => {}
            Ok(false) => continue,
            Err(_) => break,
        }
        let Some(notes) = reader.read(&input) else { break };
        for note in notes {
            if let Some(post) = posts.get_mut(usize::from(note.server)) {
                post.take(note.what);
            }
        }
    }
    // One that fails keeps nobody from the others.
    let released: Vec<_> = posts.iter_mut().map(Post::release).collect();
    released.into_iter().collect()
}

/// Puts together what the pipe cuts.
#[derive(Default)]
struct Reader {
    /// The beginning of a note.
    rest: Vec<u8>,
}

impl Reader {
    /// `None` at the end.
    fn read(&mut self, input: impl AsFd) -> Option<Vec<Note>> {
        let mut buffer = [0; READ_BYTES];
        let n_read = rustix::io::retry_on_intr(|| rustix::io::read(&input, &mut buffer)).ok().filter(|n| 0 < *n)?;
        self.rest.extend_from_slice(buffer.get(..n_read)?);
        let (whole, rest) = self.rest.as_chunks::<NOTE_BYTES>();
        let notes = whole.iter().copied().filter_map(Note::from_bytes).collect();
        self.rest = rest.to_vec();
        Some(notes)
    }
}

/// One X server.
struct Post {
    name: ServerName,
    /// `None` while it is not there.
    server: Option<XServer>,
    ledger: Ledger,
}

impl Post {
    fn new(name: &str) -> Self {
        Self { name: Arc::from(name), server: None, ledger: Ledger::default() }
    }

    fn take(&mut self, what: What) {
        self.ledger.take(what);
        if let What::Presser(_) = what {
            self.listen();
        }
    }

    /// The X server says when the connection of the presser is gone, which is when it has served its last request.
    fn listen(&self) {
        if let (Some(server), Some(window)) = (&self.server, self.ledger.presser) {
            let events = ChangeWindowAttributesAux::new().event_mask(EventMask::STRUCTURE_NOTIFY);
            // A connection that breaks here is found broken when it is read.
            _ = server.connection.change_window_attributes(window, &events);
        }
    }

    /// Connects where there is no connection, and reads what came.
    fn follow(&mut self) {
        if self.server.is_none() {
            self.server = XServer::connect(&self.name).ok();
            self.listen();
        }
        if let Some(server) = &self.server
            && (take_events(server, &mut self.ledger).is_err() || server.flush().is_err())
        {
            self.server = None;
        }
    }

    fn release(&mut self) -> Result<(), PlatformError> {
        if self.ledger.is_clear() {
            return Ok(());
        }
        self.try_release().or_else(|_| {
            self.server = None;
            self.try_release()
        })
    }

    fn try_release(&mut self) -> Result<(), PlatformError> {
        self.follow();
        let server = self.server.as_ref().ok_or(PlatformError::Disconnected)?;
        await_last_request(server, &mut self.ledger)?;
        for held in &self.ledger.down {
            let (kind, detail) = match held {
                Held::Key(keycode) => (KEY_RELEASE_EVENT, *keycode),
                Held::Button(button) => (BUTTON_RELEASE_EVENT, *button),
            };
            server.connection.xtest_fake_input(kind, detail, 0, x11rb::NONE, 0, 0, 0).explain(WHAT)?;
        }
        if let Some(locks) = self.ledger.locks {
            set_locks(server, locks)?;
        }
        for keycode in &self.ledger.lent {
            give_back(server, *keycode)?;
        }
        server.sync()
    }
}

/// What the agent pressed last may still be on its way: released before that, it would stay down.
fn await_last_request(server: &XServer, ledger: &mut Ledger) -> Result<(), PlatformError> {
    let (never, deadline) = (Alarm::new()?, Instant::now() + LAST_REQUESTS);
    loop {
        take_events(server, ledger)?;
        if ledger.presser.is_none() || server.wait(&never, Some(deadline))? == Ended::TimedOut {
            return Ok(());
        }
    }
}

fn take_events(server: &XServer, ledger: &mut Ledger) -> Result<(), PlatformError> {
    while let Some(event) = server.next_event()? {
        let gone = match event {
            Event::DestroyNotify(event) => Some(event.window),
            // The window was gone before it could be listened to.
            Event::Error(error) => Some(error.bad_value),
            _ => None,
        };
        if gone.is_some() && gone == ledger.presser {
            ledger.presser = None;
        }
    }
    Ok(())
}
