//! Which displays there are, where they lie, and that somebody hears when this changes.
//!
//! Either each display is an X server of its own, or they are the monitors of one X server in the order of their
//! positions: the leftmost is the console. A thread per X server follows changes; a server that goes away takes its
//! displays with it and is tried again every second.
//!
//! INVARIANT: while the ring is up, a display is announced, and so can be captured, only after it has the ring. One that
//! cannot have it yet waits and is tried again every second.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use protocol::geometry::PixelSize;
use protocol::ids::{DisplayId, DisplayInfo};
use x11rb::protocol::randr::{self, NotifyMask};
use x11rb::protocol::xproto::{ChangeWindowAttributesAux, ConnectionExt as _, EventMask};
use x11rb::protocol::{Event, randr::ConnectionExt as _};

use super::capture::X11Capture;
use super::connection::{Alarm, Ended, Explain, ServerName, XServer};
use crate::platform::{Capture, Displays, PlatformError};

const RECONNECT_EVERY: Duration = Duration::from_secs(1);
/// How often a display that waits for its ring is tried again.
const COVER_EVERY: Duration = Duration::from_secs(1);

/// What an X server shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shows {
    /// Its whole root window is this display.
    One(DisplayId),
    /// Its monitors are the displays.
    Monitors,
}

/// Where a display is: a rectangle of the root window of an X server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) display: DisplayId,
    pub(super) server: ServerName,
    pub(super) shows: Shows,
    pub(super) x: i16,
    pub(super) y: i16,
    pub(super) size: PixelSize,
}

/// Puts the ring on displays and answers with those that are without it; with none while there is no ring to be up.
type Cover = Box<dyn Fn(&[Place]) -> Vec<Place> + Send + Sync>;
type Listener = Arc<dyn Fn() + Send + Sync>;

/// The places of all displays, shared by the parts of the platform.
#[derive(Default)]
pub(super) struct Layout {
    /// Announced displays, and how often they changed.
    current: Mutex<(Vec<Place>, u32)>,
    /// Displays that are there, announced or not.
    shown: Mutex<Vec<Place>>,
    by_server: Mutex<HashMap<ServerName, Vec<Place>>>,
    listeners: Mutex<Vec<Listener>>,
    cover: Mutex<Option<Cover>>,
}

impl Layout {
    /// The announced displays.
    pub(super) fn places(&self) -> Vec<Place> {
        lock(&self.current).0.clone()
    }

    /// Also those that wait for their ring.
    pub(super) fn shown(&self) -> Vec<Place> {
        lock(&self.shown).clone()
    }

    pub(super) fn place(&self, display: DisplayId) -> Option<Place> {
        lock(&self.current).0.iter().find(|place| place.display == display).cloned()
    }

    /// Hands every new list to the ring before it is announced.
    pub(super) fn set_cover(&self, cover: Cover) {
        *lock(&self.cover) = Some(cover);
    }

    /// Takes what one server shows now. False when one of its displays waits for its ring: then it is to be published
    /// again.
    pub(super) fn publish(&self, server: &ServerName, shown: Vec<Place>) -> bool {
        // Held to the end, so that lists are announced in the order in which they were seen.
        let mut by_server = lock(&self.by_server);
        by_server.insert(Arc::clone(server), shown);
        let mut places: Vec<Place> = by_server.values().flatten().cloned().collect();
        places.sort_by_key(|place| place.display);
        // Before the cover looks for a ring: one that goes up in between goes up on these.
        lock(&self.shown).clone_from(&places);
        let announced = self.places();
        if announced == places {
            return true;
        }
        let bare = lock(&self.cover).as_ref().map_or_else(Vec::new, |cover| cover(&places));
        // Whoever captures a display that was announced before would not hear that it is not any more.
        let waits = |place: &Place| bare.contains(place) && !announced.contains(place);
        let is_complete = !by_server[server].iter().any(waits);
        places.retain(|place| !waits(place));
        if announced != places {
            {
                let mut current = lock(&self.current);
                *current = (places, current.1 + 1);
            }
            drop(by_server);
            let listeners = lock(&self.listeners).clone();
            for changed in listeners {
                changed();
            }
        }
        is_complete
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Follows the X servers until it is dropped.
pub(super) struct X11Displays {
    layout: Arc<Layout>,
    stop: Alarm,
}

impl X11Displays {
    /// Looks at every server once and follows them from then on.
    ///
    /// # Errors
    /// When no server answers.
    pub(super) fn open(servers: &[(ServerName, Shows)], layout: &Arc<Layout>) -> Result<Self, PlatformError> {
        let stop = Alarm::new()?;
        let mut first_error = None;
        let mut n_connected = 0;
        for (name, shows) in servers {
            let server = XServer::connect(name).and_then(|server| {
                select_changes(&server)?;
                layout.publish(name, look(&server, *shows)?);
                Ok(server)
            });
            let server = match server {
                Ok(server) => Some(server),
                Err(error) => {
                    tracing::warn!(x.server = &**name, %error, "an X server is not there; it is tried again");
                    first_error.get_or_insert(error);
                    None
                }
            };
            n_connected += usize::from(server.is_some());
            let follower =
                Follower { name: Arc::clone(name), shows: *shows, layout: Arc::clone(layout), stop: stop.clone() };
            follower.start(server)?;
        }
        match first_error {
            Some(error) if n_connected == 0 => {
                stop.ring();
                Err(error)
            }
            _ => Ok(Self { layout: Arc::clone(layout), stop }),
        }
    }
}

impl Drop for X11Displays {
    fn drop(&mut self) {
        self.stop.ring();
    }
}

impl Displays for X11Displays {
    fn list(&self) -> (Vec<DisplayInfo>, u32) {
        let current = lock(&self.layout.current);
        let info = |place: &Place| DisplayInfo { id: place.display, size: place.size };
        (current.0.iter().map(info).collect(), current.1)
    }

    fn on_change(&self, changed: Box<dyn Fn() + Send + Sync>) {
        lock(&self.layout.listeners).push(Arc::from(changed));
    }

    fn capture(&self, display: DisplayId) -> Result<Box<dyn Capture>, PlatformError> {
        let place = self.layout.place(display).ok_or(PlatformError::NoSuchDisplay(display))?;
        Ok(Box::new(X11Capture::open(place)?))
    }
}

/// One thread that watches one X server.
struct Follower {
    name: ServerName,
    shows: Shows,
    layout: Arc<Layout>,
    stop: Alarm,
}

impl Follower {
    fn start(self, server: Option<XServer>) -> Result<(), PlatformError> {
        let spawned =
            std::thread::Builder::new().name(format!("displays {}", self.name)).spawn(move || self.run(server));
        spawned.map(drop).map_err(|error| PlatformError::Failed { what: "starting a thread", why: error.to_string() })
    }

    fn run(self, mut server: Option<XServer>) {
        loop {
            if let Some(server) = server.take() {
                match self.follow(&server) {
                    Ok(()) => return self.stop.ring(),
                    Err(error) => tracing::warn!(x.server = &*self.name, %error, "an X server went away"),
                }
                self.layout.publish(&self.name, Vec::new());
            }
            if self.stop.wait(RECONNECT_EVERY) == Ended::Woken {
                // The alarm is one for all followers: the next one wants to hear it too.
                return self.stop.ring();
            }
            server = XServer::connect(&self.name).ok();
        }
    }

    /// Returns when it is told to stop.
    fn follow(&self, server: &XServer) -> Result<(), PlatformError> {
        select_changes(server)?;
        loop {
            let is_complete = self.layout.publish(&self.name, look(server, self.shows)?);
            let again_at = (!is_complete).then(|| Instant::now() + COVER_EVERY);
            while !take_changes(server)? {
                match server.wait(&self.stop, again_at)? {
                    Ended::Woken => return Ok(()),
                    Ended::Readable => {}
                    Ended::TimedOut => break,
                }
            }
        }
    }
}

/// Asks for events about sizes and monitors.
pub(super) fn select_changes(server: &XServer) -> Result<(), PlatformError> {
    let what = "following the displays";
    let structure = ChangeWindowAttributesAux::new().event_mask(EventMask::STRUCTURE_NOTIFY);
    server.connection.change_window_attributes(server.root(), &structure).explain(what)?;
    if server.has(randr::X11_EXTENSION_NAME)? {
        let mask = NotifyMask::SCREEN_CHANGE | NotifyMask::CRTC_CHANGE | NotifyMask::OUTPUT_CHANGE;
        server.connection.randr_select_input(server.root(), mask).explain(what)?;
    }
    Ok(())
}

pub(super) fn is_change(event: &Event) -> bool {
    matches!(event, Event::RandrNotify(_) | Event::RandrScreenChangeNotify(_) | Event::ConfigureNotify(_))
}

fn take_changes(server: &XServer) -> Result<bool, PlatformError> {
    let mut changed = false;
    while let Some(event) = server.next_event()? {
        changed |= is_change(&event);
    }
    Ok(changed)
}

/// Where the displays of a server are now.
pub(super) fn look(server: &XServer, shows: Shows) -> Result<Vec<Place>, PlatformError> {
    let place = |display, x, y, size| Place { display, server: Arc::clone(&server.name), shows, x, y, size };
    let rects = match shows {
        Shows::One(display) => return Ok(vec![place(display, 0, 0, root_size(server)?)]),
        Shows::Monitors => monitors(server)?,
    };
    let displays = DisplayId::ALL.into_iter().zip(rects);
    Ok(displays.map(|(display, (x, y, size))| place(display, x, y, size)).collect())
}

type Monitor = (i16, i16, PixelSize);

/// Active monitors from left to right; screens that mirror each other are one.
fn monitors(server: &XServer) -> Result<Vec<Monitor>, PlatformError> {
    if !knows_monitors(server)? {
        return Ok(vec![(0, 0, root_size(server)?)]);
    }
    let what = "listing the monitors";
    let reply = server.connection.randr_get_monitors(server.root(), true).explain(what)?.reply().explain(what)?;
    let mut found: Vec<Monitor> =
        reply.monitors.iter().map(|m| (m.x, m.y, PixelSize::new(m.width, m.height))).collect();
    found.sort_by_key(|(x, y, _)| (*x, *y));
    found.dedup_by_key(|(x, y, _)| (*x, *y));
    Ok(found)
}

fn knows_monitors(server: &XServer) -> Result<bool, PlatformError> {
    if !server.has(randr::X11_EXTENSION_NAME)? {
        return Ok(false);
    }
    let what = "asking for RandR";
    let version = randr::query_version(&server.connection, 1, 5).explain(what)?.reply().explain(what)?;
    Ok((1, 5) <= (version.major_version, version.minor_version))
}

fn root_size(server: &XServer) -> Result<PixelSize, PlatformError> {
    let what = "asking for the size of the screen";
    let reply = server.connection.get_geometry(server.root()).explain(what)?.reply().explain(what)?;
    Ok(PixelSize::new(reply.width, reply.height))
}
