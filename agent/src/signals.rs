//! Looks at the room's devices and at who is signed in, on a thread of its own because a look may take some seconds.

use std::time::Duration;

use protocol::signals::Signals;
use protocol::time::Micros;
use tokio::sync::watch;

use crate::platform::SignalsSource;

/// Pause between looks at the devices.
pub const EVERY: Micros = Micros::from_secs(10);
/// Between two of them so many looks at who is signed in: whoever ends a session right after signing out is not to be
/// told otherwise.
const USER_LOOKS: u32 = 5;

/// Starts looking; the thread ends when nobody listens. Until the first look is over, everything is unknown.
///
/// # Errors
/// When the system gives no thread.
pub fn start(mut source: Box<dyn SignalsSource>, every: Micros) -> std::io::Result<watch::Receiver<Signals>> {
    let (sender, receiver) = watch::channel(Signals::default());
    let pause = Duration::from_micros(every.0) / USER_LOOKS;
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for turn in (0..USER_LOOKS).cycle() {
            if turn == 0 {
                let signals = source.look();
                sender.send_if_modified(|last| replace(last, signals));
            } else {
                let user = source.user();
                sender.send_if_modified(|last| replace(&mut last.user, user));
            }
            if sender.is_closed() {
                return;
            }
            std::thread::sleep(pause);
        }
    })?;
    Ok(receiver)
}

fn replace<T: PartialEq>(last: &mut T, next: T) -> bool {
    let is_new = *last != next;
    *last = next;
    is_new
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use protocol::signals::{Signal, SignalKind, SignalState, SystemUser};
    use protocol::wire::{List, Text};

    use super::*;

    /// Finds what it was told to, and counts the looks at everything.
    #[derive(Clone, Default)]
    struct Scripted(Arc<Mutex<(Signals, u32)>>);

    impl Scripted {
        fn set(&self, change: impl FnOnce(&mut Signals)) {
            change(&mut self.0.lock().expect("nobody panics with it").0);
        }

        fn n_looks(&self) -> u32 {
            self.0.lock().expect("nobody panics with it").1
        }
    }

    impl SignalsSource for Scripted {
        fn look(&mut self) -> Signals {
            let mut inner = self.0.lock().expect("nobody panics with it");
            inner.1 += 1;
            inner.0.clone()
        }

        fn user(&mut self) -> SystemUser {
            self.0.lock().expect("nobody panics with it").0.user.clone()
        }
    }

    async fn changed(receiver: &mut watch::Receiver<Signals>) -> Signals {
        let changed = tokio::time::timeout(Duration::from_secs(20), receiver.changed());
        changed.await.expect("in time").expect("it looks");
        receiver.borrow_and_update().clone()
    }

    #[tokio::test]
    async fn only_changes_are_told_and_the_user_is_looked_at_more_often() {
        let source = Scripted::default();
        let camera = Signal { kind: SignalKind::Camera, state: SignalState::Ok, detail: Text::default() };
        source.set(|signals| signals.list = List::fitted(vec![camera]));
        let mut receiver = start(Box::new(source.clone()), Micros::from_millis(50)).expect("a thread");
        assert_eq!(changed(&mut receiver).await.list.len(), 1);
        while source.n_looks() < 4 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(!receiver.has_changed().expect("it looks"), "nothing is new");
        source.set(|signals| signals.user = SystemUser::Nobody);
        assert_eq!(changed(&mut receiver).await.user, SystemUser::Nobody);
    }
}
