//! The thread that presses keys and moves the pointer, in order, and lets go of everything when it ends: when the
//! agent stops, when it fails, when nobody asks any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use protocol::control::Shortcut;
use protocol::geometry::PixelPoint;
use protocol::ids::DisplayId;
use protocol::input::{LockKeys, PointerButton};
use protocol::keycode::KeyCode;
use tokio::sync::mpsc;

use crate::platform::{Injector, PlatformError};

/// Actions that wait. More wait only when the system takes no input: then what comes is dropped and everything is
/// released.
const ACTIONS_MAX: usize = 512;
/// So many characters are typed before anybody asks whether to go on.
const CHARACTERS_AT_ONCE: usize = 16;
/// Between repetitions of one key, so that each counts.
const REPEAT_PAUSE: Duration = Duration::from_millis(40);

/// One thing to do.
pub enum Action {
    Key {
        code: KeyCode,
        down: bool,
    },
    Move {
        display: DisplayId,
        point: PixelPoint,
    },
    Button {
        button: PointerButton,
        down: bool,
    },
    Wheel {
        horizontal: i16,
        vertical: i16,
    },
    /// Never logged.
    Text(String),
    Locks(LockKeys),
    ReleaseAll,
    /// Whoever held the input has it no more: everything is released, and text that waits or is just being typed is left.
    LetGo,
    /// Performed as one, with nothing in between; `done` hears whether it worked.
    Shortcut {
        shortcut: Shortcut,
        done: Box<dyn FnOnce(bool) + Send>,
    },
}

/// An action, and how often everything had been let go when it was asked for.
struct Order {
    action: Action,
    n_let_go: u32,
}

/// Handle of the thread, which ends with it.
pub struct Hands {
    actions: Option<mpsc::Sender<Order>>,
    overflowed: Arc<AtomicBool>,
    /// How often everything was let go.
    n_let_go: Arc<AtomicU32>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Hands {
    /// # Errors
    /// When the system gives no thread.
    pub fn start(injector: Box<dyn Injector>) -> std::io::Result<Self> {
        let (mut hands, mut worker) = Self::new(injector);
        hands.thread = Some(std::thread::Builder::new().name("input".to_owned()).spawn(move || worker.run())?);
        Ok(hands)
    }

    /// Hands whose work somebody else calls for.
    pub fn new(injector: Box<dyn Injector>) -> (Self, HandsWorker) {
        let (actions, received) = mpsc::channel(ACTIONS_MAX);
        let (overflowed, n_let_go) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
        let grip = Grip { injector, keys: Vec::new(), buttons: Vec::new() };
        let worker = HandsWorker {
            grip,
            actions: received,
            overflowed: Arc::clone(&overflowed),
            n_let_go: Arc::clone(&n_let_go),
        };
        (Self { actions: Some(actions), overflowed, n_let_go, thread: None }, worker)
    }

    pub fn act(&self, action: Action) {
        let Some(actions) = &self.actions else { return };
        let let_go = u32::from(matches!(action, Action::LetGo));
        // What was asked for before has an older number from here on.
        let n_let_go = self.n_let_go.fetch_add(let_go, Ordering::SeqCst).wrapping_add(let_go);
        if actions.try_send(Order { action, n_let_go }).is_err() && !self.overflowed.swap(true, Ordering::SeqCst) {
            tracing::warn!("the console takes no input; what is held is released");
        }
    }
}

impl Drop for Hands {
    fn drop(&mut self) {
        self.n_let_go.fetch_add(1, Ordering::SeqCst);
        self.actions = None;
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
        }
    }
}

/// What presses. Dropping it lets go of everything.
pub struct HandsWorker {
    grip: Grip,
    actions: mpsc::Receiver<Order>,
    overflowed: Arc<AtomicBool>,
    n_let_go: Arc<AtomicU32>,
}

impl HandsWorker {
    /// Does what comes until nobody asks any more.
    fn run(&mut self) {
        while let Some(order) = self.actions.blocking_recv() {
            self.act(order);
        }
    }

    /// Does what waits.
    pub fn catch_up(&mut self) {
        while let Ok(order) = self.actions.try_recv() {
            self.act(order);
        }
    }

    fn act(&mut self, order: Order) {
        let is_wanted = || self.n_let_go.load(Ordering::SeqCst) == order.n_let_go;
        if let Err(error) = self.grip.act(order.action, is_wanted) {
            tracing::warn!(%error, "an input was not taken");
        }
        if self.overflowed.load(Ordering::SeqCst) && self.actions.is_empty() {
            self.grip.release_all();
            self.overflowed.store(false, Ordering::SeqCst);
        }
    }
}

/// The injector and what is down. Dropping it, by a panic too, lets go.
struct Grip {
    injector: Box<dyn Injector>,
    keys: Vec<KeyCode>,
    buttons: Vec<PointerButton>,
}

impl Grip {
    fn act(&mut self, action: Action, is_wanted: impl Fn() -> bool) -> Result<(), PlatformError> {
        match action {
            Action::Key { code, down } => self.key(code, down),
            Action::Move { display, point } => self.injector.pointer(display, point),
            Action::Button { button, down } => self.button(button, down),
            Action::Wheel { horizontal, vertical } => self.injector.wheel(horizontal, vertical),
            Action::Text(text) => self.text(&text, is_wanted),
            Action::Locks(locks) => self.injector.locks(locks),
            Action::ReleaseAll | Action::LetGo => {
                self.release_all();
                Ok(())
            }
            Action::Shortcut { shortcut, done } => {
                let result = self.shortcut(shortcut);
                done(result.is_ok());
                result
            }
        }
    }

    /// Types as long as it is wanted: the rest would reach the console after the session that wanted it.
    fn text(&mut self, text: &str, is_wanted: impl Fn() -> bool) -> Result<(), PlatformError> {
        let characters: Vec<char> = text.chars().collect();
        let mut some = characters.chunks(CHARACTERS_AT_ONCE).take_while(|_| is_wanted());
        some.try_for_each(|some| self.injector.text(&some.iter().collect::<String>()))
    }

    /// A release of what is not down is not passed on: it could be another program's or a person's.
    fn key(&mut self, code: KeyCode, down: bool) -> Result<(), PlatformError> {
        let held = self.keys.contains(&code);
        self.keys.retain(|other| *other != code);
        if down {
            self.keys.push(code);
        } else if !held {
            return Ok(());
        }
        self.injector.key(code, down)
    }

    fn button(&mut self, button: PointerButton, down: bool) -> Result<(), PlatformError> {
        let held = self.buttons.contains(&button);
        self.buttons.retain(|other| *other != button);
        if down {
            self.buttons.push(button);
        } else if !held {
            return Ok(());
        }
        self.injector.button(button, down)
    }

    fn release_all(&mut self) {
        for button in std::mem::take(&mut self.buttons).into_iter().rev() {
            _ = self.injector.button(button, false);
        }
        for code in std::mem::take(&mut self.keys).into_iter().rev() {
            _ = self.injector.key(code, false);
        }
    }

    /// Begins with nothing held, so that a key that somebody holds does not change its meaning.
    fn shortcut(&mut self, shortcut: Shortcut) -> Result<(), PlatformError> {
        self.release_all();
        if shortcut == Shortcut::WakeDisplay {
            return self.injector.wake_displays();
        }
        let (chord, n_times) = chord(shortcut);
        for index in 0..n_times {
            if 0 < index {
                std::thread::sleep(REPEAT_PAUSE);
            }
            let pressed = chord.iter().try_for_each(|code| self.key(*code, true));
            self.release_all();
            pressed?;
        }
        Ok(())
    }
}

impl Drop for Grip {
    fn drop(&mut self) {
        self.release_all();
    }
}

/// The keys of a shortcut, in the order in which they go down, and how often.
fn chord(shortcut: Shortcut) -> (&'static [KeyCode], u32) {
    use KeyCode::{AltLeft, ControlLeft, Delete, Enter, Escape, F4, KeyI, MetaLeft, PrintScreen, ShiftLeft, Tab};
    match shortcut {
        Shortcut::SecureAttention => (&[ControlLeft, AltLeft, Delete], 1),
        Shortcut::WindowsKey => (&[MetaLeft], 1),
        Shortcut::WindowsKeyFiveTimes => (&[MetaLeft], 5),
        Shortcut::AltTab => (&[AltLeft, Tab], 1),
        Shortcut::AltF4 => (&[AltLeft, F4], 1),
        Shortcut::CtrlShiftEsc => (&[ControlLeft, ShiftLeft, Escape], 1),
        Shortcut::WindowsI => (&[MetaLeft, KeyI], 1),
        Shortcut::Esc => (&[Escape], 1),
        Shortcut::Tab => (&[Tab], 1),
        Shortcut::Enter => (&[Enter], 1),
        Shortcut::PrintScreen => (&[PrintScreen], 1),
        Shortcut::WakeDisplay | Shortcut::RefreshPicture => (&[], 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// Writes down what it is told; the key `F13` fails, `F14` panics.
    #[derive(Clone, Default)]
    struct Notes(Arc<Mutex<Vec<String>>>);

    impl Notes {
        fn add(&self, note: String) {
            self.0.lock().expect("no test panics in here").push(note);
        }

        fn take(&self) -> Vec<String> {
            std::mem::take(&mut self.0.lock().expect("no test panics in here"))
        }
    }

    impl Injector for Notes {
        fn key(&mut self, code: KeyCode, down: bool) -> Result<(), PlatformError> {
            assert!(code != KeyCode::F14 || !down, "as asked for");
            if code == KeyCode::F13 && down {
                return Err(PlatformError::Disconnected);
            }
            self.add(format!("{}{code:?}", if down { '+' } else { '-' }));
            Ok(())
        }

        fn pointer(&mut self, _: DisplayId, point: PixelPoint) -> Result<(), PlatformError> {
            self.add(format!("{},{}", point.x, point.y));
            Ok(())
        }

        fn button(&mut self, button: PointerButton, down: bool) -> Result<(), PlatformError> {
            self.add(format!("{}{button:?}", if down { '+' } else { '-' }));
            Ok(())
        }

        fn wheel(&mut self, _: i16, vertical: i16) -> Result<(), PlatformError> {
            self.add(format!("wheel {vertical}"));
            Ok(())
        }

        fn text(&mut self, text: &str) -> Result<(), PlatformError> {
            self.add(text.to_owned());
            Ok(())
        }

        fn locks(&mut self, _: LockKeys) -> Result<(), PlatformError> {
            Ok(())
        }

        fn wake_displays(&mut self) -> Result<(), PlatformError> {
            self.add("wake".to_owned());
            Ok(())
        }
    }

    fn after(actions: Vec<Action>) -> Vec<String> {
        let notes = Notes::default();
        let hands = Hands::start(Box::new(notes.clone())).expect("a thread");
        for action in actions {
            hands.act(action);
        }
        drop(hands);
        notes.take()
    }

    fn key(code: KeyCode, down: bool) -> Action {
        Action::Key { code, down }
    }

    #[test]
    fn whatever_is_held_at_the_end_is_released() {
        let actions = vec![
            key(KeyCode::ShiftLeft, true),
            key(KeyCode::KeyA, true),
            Action::Button { button: PointerButton::Primary, down: true },
            key(KeyCode::KeyA, false),
        ];
        assert_eq!(after(actions), ["+ShiftLeft", "+KeyA", "+Primary", "-KeyA", "-Primary", "-ShiftLeft"]);
    }

    #[test]
    fn a_panic_in_the_platform_releases_too() {
        let actions = vec![key(KeyCode::ControlLeft, true), key(KeyCode::F14, true)];
        assert_eq!(after(actions), ["+ControlLeft", "-F14", "-ControlLeft"]);
    }

    #[test]
    fn a_release_of_what_is_not_held_changes_nothing() {
        assert!(after(vec![key(KeyCode::KeyA, false)]).is_empty());
    }

    #[test]
    fn a_shortcut_begins_with_nothing_held_and_leaves_nothing_held() {
        let notes = Notes::default();
        let hands = Hands::start(Box::new(notes.clone())).expect("a thread");
        let (done, heard) = std::sync::mpsc::sync_channel(1);
        hands.act(key(KeyCode::KeyX, true));
        let shortcut = Shortcut::SecureAttention;
        hands.act(Action::Shortcut { shortcut, done: Box::new(move |worked| done.send(worked).expect("heard")) });
        assert_eq!(heard.recv(), Ok(true));
        let expected = ["+KeyX", "-KeyX", "+ControlLeft", "+AltLeft", "+Delete", "-Delete", "-AltLeft", "-ControlLeft"];
        assert_eq!(notes.take(), expected);
    }

    /// Lets go while it is asked to type.
    struct Interrupted(Notes, Arc<AtomicU32>);

    impl Injector for Interrupted {
        fn key(&mut self, code: KeyCode, down: bool) -> Result<(), PlatformError> {
            self.0.key(code, down)
        }

        fn pointer(&mut self, display: DisplayId, point: PixelPoint) -> Result<(), PlatformError> {
            self.0.pointer(display, point)
        }

        fn button(&mut self, button: PointerButton, down: bool) -> Result<(), PlatformError> {
            self.0.button(button, down)
        }

        fn wheel(&mut self, horizontal: i16, vertical: i16) -> Result<(), PlatformError> {
            self.0.wheel(horizontal, vertical)
        }

        fn text(&mut self, text: &str) -> Result<(), PlatformError> {
            self.1.fetch_add(1, Ordering::SeqCst);
            self.0.text(text)
        }

        fn locks(&mut self, locks: LockKeys) -> Result<(), PlatformError> {
            self.0.locks(locks)
        }

        fn wake_displays(&mut self) -> Result<(), PlatformError> {
            self.0.wake_displays()
        }
    }

    #[test]
    fn text_that_waits_when_everything_is_let_go_is_not_typed() {
        let notes = Notes::default();
        let (hands, mut worker) = Hands::new(Box::new(notes.clone()));
        hands.act(Action::Text("before".to_owned()));
        hands.act(Action::LetGo);
        hands.act(Action::Text("behind it, and longer than what is typed at once".to_owned()));
        worker.catch_up();
        assert_eq!(notes.take().concat(), "behind it, and longer than what is typed at once");
        // What the viewer releases itself cuts nothing off.
        hands.act(Action::Text("kept".to_owned()));
        hands.act(Action::ReleaseAll);
        worker.catch_up();
        assert_eq!(notes.take(), ["kept"]);
    }

    #[test]
    fn text_stops_where_it_is_when_everything_is_let_go() {
        let notes = Notes::default();
        let (hands, mut worker) = Hands::new(Box::new(notes.clone()));
        worker.grip.injector = Box::new(Interrupted(notes.clone(), Arc::clone(&hands.n_let_go)));
        hands.act(Action::Text("a".repeat(10 * CHARACTERS_AT_ONCE)));
        worker.catch_up();
        assert_eq!(notes.take(), ["a".repeat(CHARACTERS_AT_ONCE)]);
    }

    #[test]
    fn every_shortcut_has_its_keys() {
        for shortcut in Shortcut::ALL {
            let (keys, n_times) = chord(shortcut);
            assert_eq!(keys.is_empty(), n_times == 0, "{shortcut:?}");
            assert_eq!(keys.is_empty(), shortcut.is_safe(), "{shortcut:?}");
        }
        assert_eq!(chord(Shortcut::WindowsKeyFiveTimes).1, 5);
    }
}
