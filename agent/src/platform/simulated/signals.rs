use std::sync::Arc;

use protocol::ids::DisplayId;
use protocol::signals::{SignalKind, SignalState, SystemUser};
use protocol::wire::Text;

use super::super::asked::{Finding, Found};
use super::device::Device;
use super::scene::SavedSettings;

/// Whom a simulated console signs in by itself.
const ROOM_USER: &str = "room";

/// What the page *Devices* of the console's settings says.
pub(super) struct SimulatedSignals(pub(super) Arc<Device>);

impl Found for SimulatedSignals {
    fn signal(&mut self, kind: SignalKind) -> Finding {
        self.0.with(|inner| {
            let settings = inner.scene.settings();
            let displays = inner.list().0;
            let shown = |is_wanted: fn(DisplayId) -> bool| {
                let sizes = displays.iter().filter(|display| is_wanted(display.id));
                let sizes: Vec<_> = sizes.map(|info| format!("{} × {}", info.size.width, info.size.height)).collect();
                plugged(!sizes.is_empty(), &sizes.join(", "))
            };
            match kind {
                SignalKind::ConsoleDisplay => shown(|id| id == DisplayId::Console),
                SignalKind::FrontOfRoomDisplay => shown(|id| id != DisplayId::Console),
                SignalKind::Network => (SignalState::Ok, "simulated, 1000 Mbit/s".to_owned()),
                SignalKind::OperatingSystem => (SignalState::Ok, super::OPERATING_SYSTEM.to_owned()),
                kind => device(kind, settings),
            }
        })
    }

    fn user(&mut self) -> SystemUser {
        self.0.with(|inner| {
            let user = inner.scene.settings().account.as_deref().unwrap_or(ROOM_USER);
            SystemUser::SignedIn { name: Text::fitted(user) }
        })
    }
}

fn device(kind: SignalKind, settings: &SavedSettings) -> Finding {
    let app_runs = settings.room_app;
    match kind {
        SignalKind::Microphone => plugged(settings.microphone_plugged, "Table array"),
        SignalKind::Speaker => plugged(settings.speakers_plugged, "Ceiling speakers"),
        SignalKind::Camera => plugged(settings.camera_plugged, "Wide-angle camera"),
        SignalKind::RoomApp => plugged(app_runs, "Simulated room app"),
        SignalKind::RoomAppSignIn => plugged(app_runs, "room@example.com"),
        _ => (SignalState::Ok, env!("CARGO_PKG_VERSION").to_owned()),
    }
}

fn plugged(is_there: bool, name: &str) -> Finding {
    if is_there { (SignalState::Ok, name.to_owned()) } else { (SignalState::Missing, String::new()) }
}
