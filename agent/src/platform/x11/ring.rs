//! The red ring: thin bars on the outermost pixels of every display and a small tab with a line of text.
//!
//! A thread owns the windows, keeps them above all others and follows displays that come and go. The X server
//! removes the windows when the connection ends, so no end of this process can leave a ring behind, and a new display
//! is not announced to those who could capture it before the ring is up on it.
//!
//! Limits of X11: a window cannot be left out of a capture, so bars and tab are part of the captured picture, and
//! without a compositor nothing can be translucent, so the tab hides what lies below it. It therefore is small and
//! stays in the middle of the top edge. Presses on its buttons are told apart from those of a technician by where the agent
//! itself presses ([`Ring::button_at`]), because for X both come from a pointer.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use protocol::geometry::{PixelPoint, PixelRect};
use protocol::ids::DisplayId;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{ButtonPressEvent, ChangeWindowAttributesAux, ConnectionExt as _, EventMask};

use super::connection::{Alarm, Explain, ServerName, XServer, wait_for_any};
use super::displays::{Layout, Place};
use super::frame::{Frame, is_covered};
use crate::platform::{PlatformError, Ring, RingButton, RingLine};

const SHOW_WITHIN: Duration = Duration::from_secs(3);
/// A look at each of three displays on which something covers the ring takes a second.
const COVER_WITHIN: Duration = Duration::from_secs(4);
/// Another window that wants to be on top as well must not cost more than this.
const RAISE_EVERY: Duration = Duration::from_millis(200);

/// The left button of a mouse, and a finger.
const PRIMARY: u8 = 1;

enum Order {
    Show {
        line: RingLine,
        done: SyncSender<Result<(), PlatformError>>,
    },
    /// Is answered with the displays that are without the ring.
    Cover {
        places: Vec<Place>,
        done: SyncSender<Vec<Place>>,
    },
    Stop,
}

/// The way to the thread.
#[derive(Clone)]
struct Orders {
    orders: SyncSender<Order>,
    alarm: Alarm,
}

impl Orders {
    /// Waits until the thread has done what is ordered.
    fn give<T>(&self, order: impl FnOnce(SyncSender<T>) -> Order, within: Duration) -> Result<T, PlatformError> {
        let (done, answer) = sync_channel(1);
        self.send(order(done))?;
        answer.recv_timeout(within).map_err(|_| failed("the X server did not answer in time"))
    }

    fn send(&self, order: Order) -> Result<(), PlatformError> {
        self.orders.try_send(order).map_err(|_| failed("the ring's thread does not answer"))?;
        self.alarm.ring();
        Ok(())
    }
}

fn failed(why: &str) -> PlatformError {
    PlatformError::Failed { what: "showing the ring", why: why.to_owned() }
}

type Shared = Arc<Mutex<Option<Orders>>>;
/// Where buttons are on the displays.
type Buttons = Arc<Mutex<Vec<(DisplayId, RingButton, PixelRect)>>>;
type OnPress = Arc<dyn Fn(RingButton) + Send + Sync>;

pub(super) struct X11Ring {
    layout: Arc<Layout>,
    orders: Shared,
    buttons: Buttons,
    on_press: OnPress,
    thread: Option<JoinHandle<()>>,
}

impl X11Ring {
    pub(super) fn new(layout: Arc<Layout>) -> Self {
        let orders: Shared = Arc::default();
        let cover = Arc::clone(&orders);
        layout.set_cover(Box::new(move |places| {
            let Some(orders) = lock(&cover).clone() else { return Vec::new() };
            let order = |done| Order::Cover { places: places.to_vec(), done };
            orders.give(order, COVER_WITHIN).unwrap_or_else(|error| {
                tracing::warn!(%error, "displays that changed wait for the ring");
                places.to_vec()
            })
        }));
        Self { layout, orders, buttons: Arc::default(), on_press: Arc::new(|_| {}), thread: None }
    }

    fn start(&mut self) -> Result<Orders, PlatformError> {
        if let Some(orders) = &*lock(&self.orders) {
            return Ok(orders.clone());
        }
        let (sender, receiver) = sync_channel(8);
        let orders = Orders { orders: sender, alarm: Alarm::new()? };
        let painter = Painter {
            layout: Arc::clone(&self.layout),
            alarm: orders.alarm.clone(),
            line: RingLine::default(),
            buttons: Arc::clone(&self.buttons),
            on_press: Arc::clone(&self.on_press),
            canvases: HashMap::new(),
            waiting: Vec::new(),
        };
        let spawned = std::thread::Builder::new().name("ring".to_owned()).spawn(move || painter.run(&receiver));
        self.thread = Some(spawned.map_err(|error| failed(&error.to_string()))?);
        *lock(&self.orders) = Some(orders.clone());
        Ok(orders)
    }
}

fn lock(orders: &Shared) -> MutexGuard<'_, Option<Orders>> {
    lock_any(orders)
}

fn lock_any<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Ring for X11Ring {
    fn show(&mut self, line: &RingLine) -> Result<(), PlatformError> {
        let line = line.clone();
        let shown = self.start()?.give(|done| Order::Show { line, done }, SHOW_WITHIN).flatten();
        if shown.is_err() {
            self.hide();
        }
        shown
    }

    fn hide(&mut self) {
        let Some(orders) = lock(&self.orders).take() else { return };
        let stopping = orders.send(Order::Stop);
        // A thread that hangs with its X server ends with it.
        if let (Ok(()), Some(thread)) = (stopping, self.thread.take()) {
            let deadline = Instant::now() + SHOW_WITHIN;
            while !thread.is_finished() && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        lock_any(&self.buttons).clear();
    }

    /// Holds from the next time on that the ring is shown after it was hidden.
    fn on_press(&mut self, pressed: Box<dyn Fn(RingButton) + Send + Sync>) {
        self.on_press = pressed.into();
    }

    fn button_at(&self, display: DisplayId, point: PixelPoint) -> Option<RingButton> {
        let here = PixelRect::new(point.x, point.y, 1, 1);
        let buttons = lock_any(&self.buttons);
        let found = buttons.iter().find(|(shown, _, rect)| *shown == display && rect.intersection(here).is_some());
        found.map(|(_, button, _)| *button)
    }
}

impl Drop for X11Ring {
    fn drop(&mut self) {
        self.hide();
    }
}

/// The ring on one X server.
pub(super) struct Canvas {
    server: XServer,
    frames: Vec<Frame>,
    raised_at: Option<Instant>,
    is_covered: bool,
    /// Under the pointer when its button went down.
    pressed: Option<RingButton>,
}

impl Canvas {
    pub(super) fn open(name: &ServerName) -> Result<Self, PlatformError> {
        let server = XServer::connect(name)?;
        // Windows that are mapped or raised may lie over the ring. With a compositor the ring's own windows do not
        // hear that they are covered, so the others are watched as well.
        let others = ChangeWindowAttributesAux::new().event_mask(EventMask::SUBSTRUCTURE_NOTIFY);
        server.connection.change_window_attributes(server.root(), &others).explain("showing the ring")?;
        Ok(Self { server, frames: Vec::new(), raised_at: None, is_covered: false, pressed: None })
    }

    /// Puts the ring on a display of the server; returns when it can be seen.
    pub(super) fn cover(&mut self, place: &Place, line: &RingLine) -> Result<(), PlatformError> {
        if !self.frames.iter().any(|frame| frame.place == *place) {
            self.frames.push(Frame::show(&self.server, place, line)?);
        }
        self.server.sync()?;
        let mut here = self.frames.iter().filter(|frame| frame.place == *place);
        here.try_for_each(|frame| frame.wait_until_visible(&self.server))
    }

    /// Takes the ring from all other displays.
    fn keep(&mut self, places: &[Place]) -> Result<(), PlatformError> {
        for gone in self.frames.extract_if(.., |frame| !places.contains(&frame.place)) {
            gone.destroy(&self.server)?;
        }
        self.server.flush()
    }

    fn rename(&mut self, line: &RingLine) -> Result<(), PlatformError> {
        self.frames.iter_mut().try_for_each(|frame| frame.rename(&self.server, line))
    }

    /// Tells `on_press` of buttons on which the pointer went down and up.
    fn take_events(&mut self, on_press: &OnPress) -> Result<(), PlatformError> {
        while let Some(event) = self.server.next_event()? {
            let is_ours = |window| self.frames.iter().any(|frame| frame.windows().contains(&window));
            self.is_covered |= match &event {
                Event::VisibilityNotify(event) => is_covered(event.state),
                Event::MapNotify(event) => !is_ours(event.window),
                Event::ConfigureNotify(event) => !is_ours(event.window),
                _ => false,
            };
            let button_at = |event: &ButtonPressEvent| {
                let at = |frame: &Frame| frame.button_in_tab(event.event, event.event_x, event.event_y);
                self.frames.iter().find_map(at).filter(|_| event.detail == PRIMARY)
            };
            match &event {
                Event::ButtonPress(event) => self.pressed = button_at(event),
                Event::ButtonRelease(event) => {
                    let released = button_at(event);
                    if let Some(button) = self.pressed.take().filter(|pressed| released == Some(*pressed)) {
                        on_press(button);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Raises the ring when it is covered and was not raised a moment ago; else says when to do it.
    fn raise_when_due(&mut self) -> Result<Option<Instant>, PlatformError> {
        if !self.is_covered {
            return Ok(None);
        }
        let due = self.raised_at.map(|at| at + RAISE_EVERY);
        if due.is_some_and(|due| Instant::now() < due) {
            return Ok(due);
        }
        self.is_covered = false;
        self.raised_at = Some(Instant::now());
        self.frames.iter().try_for_each(|frame| frame.raise(&self.server))?;
        self.server.flush()?;
        Ok(None)
    }
}

/// The thread.
struct Painter {
    layout: Arc<Layout>,
    alarm: Alarm,
    line: RingLine,
    buttons: Buttons,
    on_press: OnPress,
    canvases: HashMap<ServerName, Canvas>,
    /// Displays that are not announced because they are without the ring: nobody sees their picture, so the ring may
    /// name other people without them.
    waiting: Vec<Place>,
}

impl Painter {
    fn run(mut self, orders: &Receiver<Order>) {
        loop {
            loop {
                match orders.try_recv() {
                    Ok(Order::Show { line, done }) => drop(done.try_send(self.show(line))),
                    Ok(Order::Cover { places, done }) => drop(done.try_send(self.cover(places))),
                    Ok(Order::Stop) | Err(TryRecvError::Disconnected) => return self.clear(),
                    Err(TryRecvError::Empty) => break,
                }
            }
            let deadline = self.follow();
            self.publish_buttons();
            let servers: Vec<&XServer> = self.canvases.values().map(|canvas| &canvas.server).collect();
            if wait_for_any(&servers, &self.alarm, deadline).is_err() {
                return;
            }
        }
    }

    fn show(&mut self, line: RingLine) -> Result<(), PlatformError> {
        self.line = line;
        // What does not take the line is opened anew.
        self.canvases.retain(|_, canvas| canvas.rename(&self.line).is_ok());
        let places = self.layout.shown();
        self.keep(&places);
        let waiting = std::mem::take(&mut self.waiting);
        let shown = places.iter().filter(|place| !waiting.contains(place)).try_for_each(|place| self.cover_one(place));
        self.waiting = waiting;
        self.publish_buttons();
        shown
    }

    /// Where they are now, before anybody is told that the ring is shown.
    fn publish_buttons(&self) {
        let frames = self.canvases.values().flat_map(|canvas| &canvas.frames);
        let buttons =
            frames.flat_map(|frame| frame.buttons().map(|(button, rect)| (frame.place.display, button, rect)));
        *lock_any(&self.buttons) = buttons.collect();
    }

    /// Puts the ring on these displays and on no others; answers with those that are without it.
    fn cover(&mut self, places: Vec<Place>) -> Vec<Place> {
        self.keep(&places);
        let announced = self.layout.places();
        let mut bare = Vec::new();
        for place in places {
            let Err(error) = self.cover_one(&place) else { continue };
            if !self.waiting.contains(&place) {
                tracing::warn!(display = place.display.name(), %error, "a display is without the ring");
            }
            bare.push(place);
        }
        self.waiting = bare.iter().filter(|place| !announced.contains(place)).cloned().collect();
        bare
    }

    fn cover_one(&mut self, place: &Place) -> Result<(), PlatformError> {
        let canvas = match self.canvases.entry(Arc::clone(&place.server)) {
            Entry::Occupied(canvas) => canvas.into_mut(),
            Entry::Vacant(none) => none.insert(Canvas::open(&place.server)?),
        };
        canvas.cover(place, &self.line)
    }

    /// Takes the ring from all other displays.
    fn keep(&mut self, places: &[Place]) {
        self.canvases
            .retain(|name, canvas| places.iter().any(|place| place.server == *name) && canvas.keep(places).is_ok());
    }

    /// Keeps the ring on top; a server that went away took its windows with it. Returns when to look again.
    fn follow(&mut self) -> Option<Instant> {
        let mut next = None;
        self.canvases.retain(|name, canvas| {
            match canvas.take_events(&self.on_press).and_then(|()| canvas.raise_when_due()) {
                Ok(due) => {
                    next = next.into_iter().chain(due).min();
                    true
                }
                Err(error) => {
                    tracing::warn!(x.server = &**name, %error, "the ring is gone with its X server");
                    false
                }
            }
        });
        next
    }

    /// Returns when the windows are gone.
    fn clear(self) {
        for canvas in self.canvases.values() {
            let gone = canvas.frames.iter().try_for_each(|frame| frame.destroy(&canvas.server));
            // The end of the connection removes what is left.
            let _ = gone.and_then(|()| canvas.server.sync());
        }
    }
}
