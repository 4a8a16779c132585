//! A connection to one X server, and waiting on it without a timer.

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use rustix::net::AddressFamily;
use x11rb::connection::{Connection as _, RequestConnection as _};
use x11rb::errors::{ConnectionError, ReplyError, ReplyOrIdError};
use x11rb::protocol::xproto::{ConnectionExt as _, Screen, Window};
use x11rb::protocol::{Event, damage, randr, xfixes, xkb, xtest};
use x11rb::rust_connection::{DefaultStream, RustConnection};

use crate::platform::PlatformError;

/// Turns the errors of the X library into ours, with what was tried.
pub(super) trait Explain<T> {
    fn explain(self, what: &'static str) -> Result<T, PlatformError>;
}

impl<T> Explain<T> for Result<T, ConnectionError> {
    fn explain(self, what: &'static str) -> Result<T, PlatformError> {
        self.map_err(|error| match error {
            ConnectionError::IoError(_) => PlatformError::Disconnected,
            error => failed(what, &error),
        })
    }
}

impl<T> Explain<T> for Result<T, ReplyError> {
    fn explain(self, what: &'static str) -> Result<T, PlatformError> {
        match self {
            Ok(value) => Ok(value),
            Err(ReplyError::ConnectionError(error)) => Err(error).explain(what),
            Err(ReplyError::X11Error(error)) => {
                Err(PlatformError::Failed { what, why: format!("the X server answered {:?}", error.error_kind) })
            }
        }
    }
}

impl<T> Explain<T> for Result<T, ReplyOrIdError> {
    fn explain(self, what: &'static str) -> Result<T, PlatformError> {
        self.map_err(|error| match error {
            ReplyOrIdError::ConnectionError(ConnectionError::IoError(_)) => PlatformError::Disconnected,
            error => failed(what, &error),
        })
    }
}

impl<T> Explain<T> for Result<T, Errno> {
    fn explain(self, what: &'static str) -> Result<T, PlatformError> {
        self.map_err(|error| failed(what, &error))
    }
}

fn failed(what: &'static str, error: &dyn std::fmt::Display) -> PlatformError {
    PlatformError::Failed { what, why: error.to_string() }
}

/// The name of an X server, such as `:1`.
pub(super) type ServerName = Arc<str>;

/// One connection to one X server; its extensions are there and their versions agreed.
pub(super) struct XServer {
    pub(super) name: ServerName,
    pub(super) connection: RustConnection,
    screen: usize,
}

/// Why a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// The X server sent something.
    Readable,
    Woken,
    TimedOut,
}

impl XServer {
    /// Connects and agrees on the extensions that every part needs.
    ///
    /// # Errors
    /// When the server does not answer or lacks an extension.
    pub(super) fn connect(name: &ServerName) -> Result<Self, PlatformError> {
        let (connection, screen) = RustConnection::connect(Some(name))
            .map_err(|error| PlatformError::Unavailable { what: "the X server", why: format!("{name}: {error}") })?;
        let server = Self { name: Arc::clone(name), connection, screen };
        server.require_extensions()?;
        Ok(server)
    }

    pub(super) fn screen(&self) -> &Screen {
        &self.connection.setup().roots[self.screen]
    }

    pub(super) fn root(&self) -> Window {
        self.screen().root
    }

    pub(super) fn has(&self, extension: &'static str) -> Result<bool, PlatformError> {
        Ok(self.connection.extension_information(extension).explain("asking for X extensions")?.is_some())
    }

    /// The server is on this machine, so that memory can be shared with it.
    pub(super) fn is_local(&self) -> bool {
        rustix::net::getsockname(self.stream()).is_ok_and(|name| name.address_family() == AddressFamily::UNIX)
    }

    pub(super) fn new_id(&self) -> Result<u32, PlatformError> {
        self.connection.generate_id().explain("taking an X resource id")
    }

    pub(super) fn flush(&self) -> Result<(), PlatformError> {
        self.connection.flush().explain("writing to the X server")
    }

    /// Returns when the server has carried out everything asked before.
    pub(super) fn sync(&self) -> Result<(), PlatformError> {
        self.connection.get_input_focus().explain("a round trip")?.reply().explain("a round trip").map(drop)
    }

    pub(super) fn next_event(&self) -> Result<Option<Event>, PlatformError> {
        self.connection.poll_for_event().explain("reading X events")
    }

    /// Waits for events. The queue must be empty: what is queued already does not end the wait.
    pub(super) fn wait(&self, alarm: &Alarm, deadline: Option<Instant>) -> Result<Ended, PlatformError> {
        self.flush()?;
        wait_for_any(&[self], alarm, deadline)
    }

    fn stream(&self) -> &DefaultStream {
        self.connection.stream()
    }

    fn require_extensions(&self) -> Result<(), PlatformError> {
        if self.has("XWAYLAND")? {
            let why = format!("{} belongs to a Wayland session, which shows other programs no screen", self.name);
            return Err(PlatformError::Unavailable { what: "the X server", why });
        }
        let needed = [
            damage::X11_EXTENSION_NAME,
            xfixes::X11_EXTENSION_NAME,
            xtest::X11_EXTENSION_NAME,
            xkb::X11_EXTENSION_NAME,
        ];
        for extension in needed {
            if !self.has(extension)? {
                let why = format!("{} lacks the extension {extension}", self.name);
                return Err(PlatformError::Unavailable { what: "the X server", why });
            }
        }
        self.agree_on_versions()
    }

    fn agree_on_versions(&self) -> Result<(), PlatformError> {
        let what = "agreeing on X extensions";
        xfixes::query_version(&self.connection, 5, 0).explain(what)?.reply().explain(what)?;
        damage::query_version(&self.connection, 1, 1).explain(what)?.reply().explain(what)?;
        xtest::get_version(&self.connection, 2, 2).explain(what)?.reply().explain(what)?;
        xkb::use_extension(&self.connection, 1, 0).explain(what)?.reply().explain(what)?;
        if self.has(randr::X11_EXTENSION_NAME)? {
            randr::query_version(&self.connection, 1, 5).explain(what)?.reply().explain(what)?;
        }
        Ok(())
    }
}

/// Waits until one of the servers sends something. Their event queues must be empty and their requests flushed.
pub(super) fn wait_for_any(
    servers: &[&XServer],
    alarm: &Alarm,
    deadline: Option<Instant>,
) -> Result<Ended, PlatformError> {
    let (is_rung, n_ready) = poll(alarm.0.as_fd(), servers, deadline)?;
    if is_rung {
        alarm.clear();
        return Ok(Ended::Woken);
    }
    Ok(if n_ready == 0 { Ended::TimedOut } else { Ended::Readable })
}

/// The same until there is something to read from `input` or one of the servers sends something; true for `input`.
pub(super) fn wait_for_input(input: BorrowedFd<'_>, servers: &[&XServer]) -> Result<bool, PlatformError> {
    poll(input, servers, None).map(|(is_ready, _)| is_ready)
}

/// Whether `first` is ready, and how many are.
fn poll(
    first: BorrowedFd<'_>,
    servers: &[&XServer],
    deadline: Option<Instant>,
) -> Result<(bool, usize), PlatformError> {
    let mut fds = vec![PollFd::from_borrowed_fd(first, PollFlags::IN)];
    fds.extend(servers.iter().map(|server| PollFd::new(server.stream(), PollFlags::IN)));
    loop {
        match rustix::event::poll(&mut fds, timespec(deadline).as_ref()) {
            Err(Errno::INTR) => {}
            other => {
                let n_ready = other.explain("waiting for the X server")?;
                return Ok((!fds[0].revents().is_empty(), n_ready));
            }
        }
    }
}

/// Fits every system's idea of a time-out; a longer wait ends early, which its owner sees as a time-out.
const LONGEST_WAIT: Duration = Duration::from_secs(1000);

fn timespec(deadline: Option<Instant>) -> Option<Timespec> {
    let left = deadline?.saturating_duration_since(Instant::now()).min(LONGEST_WAIT);
    Timespec::try_from(left).ok()
}

/// Ends a wait from another thread; stays rung until a wait has seen it.
#[derive(Clone)]
pub(super) struct Alarm(Arc<OwnedFd>);

impl Alarm {
    pub(super) fn new() -> Result<Self, PlatformError> {
        let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
        Ok(Self(Arc::new(rustix::event::eventfd(0, flags).explain("making an event counter")?)))
    }

    /// Cannot fail usefully: a counter that is full is rung already.
    pub(super) fn ring(&self) {
        let _ = rustix::io::write(&*self.0, &1_u64.to_ne_bytes());
    }

    fn clear(&self) {
        let _ = rustix::io::read(&*self.0, &mut [0; 8]);
    }

    /// Waits for the alarm alone.
    pub(super) fn wait(&self, timeout: Duration) -> Ended {
        wait_for_any(&[], self, Some(Instant::now() + timeout)).unwrap_or(Ended::TimedOut)
    }
}
