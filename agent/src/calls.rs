//! Looks at whether the room is in a call, on a thread of its own because a look may take a second.

use std::time::Duration;

use tokio::sync::watch;

use crate::platform::{CallObservation, CallStateSource};

/// Pause between looks: a call that starts stops a session within about a second.
const INTERVAL: Duration = Duration::from_millis(500);

/// Starts looking; the thread ends when nobody listens. The first look has been taken on return.
///
/// # Errors
/// When the system gives no thread.
pub fn start(mut source: Box<dyn CallStateSource>) -> std::io::Result<watch::Receiver<CallObservation>> {
    let (sender, receiver) = watch::channel(source.look());
    std::thread::Builder::new().name("call state".to_owned()).spawn(move || {
        while !sender.is_closed() {
            std::thread::sleep(INTERVAL);
            let observation = source.look();
            sender.send_if_modified(|last| std::mem::replace(last, observation) != observation);
        }
    })?;
    Ok(receiver)
}
