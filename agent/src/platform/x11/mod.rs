//! Consoles with X11: the extensions DAMAGE and MIT-SHM for the picture, XTEST for input, RANDR for displays that
//! come and go, and a ring of click-through windows.
//!
//! Reading order: [`displays`] (where the displays are), [`capture`] with `pixels`, `changes` and `cursor`,
//! [`injector`] with `keyboard`, `keymap` and `spares`, [`release_guard`], [`ring`] with `frame` and `label`, `sign`, [`power`],
//! [`call_state`], [`signals`] with `seat`, [`status_window`].
//! Each part has connections of its own and may be used from its own thread; nothing is `unsafe`.

mod call_state;
mod capture;
mod changes;
mod connection;
mod cursor;
mod displays;
mod frame;
mod injector;
mod keyboard;
mod keymap;
mod label;
mod pixels;
mod power;
pub mod release_guard;
mod ring;
mod seat;
mod sign;
mod signals;
mod spares;
pub mod status_window;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use self::connection::ServerName;
use self::displays::{Layout, Shows};
use self::release_guard::ReleaseGuard;
use super::asked::Asked;
use super::{Platform, PlatformError, Settings};

/// Connects to the X servers of the settings, or to the one of `DISPLAY`.
///
/// # Errors
/// When none of them answers or an extension is missing.
pub fn open(settings: &Settings) -> Result<Platform, PlatformError> {
    let layout = Arc::new(Layout::default());
    // Before the displays are followed: no display is announced without its ring from here on.
    let ring = ring::X11Ring::new(Arc::clone(&layout));
    let servers = servers(settings)?;
    let displays = displays::X11Displays::open(&servers, &layout)?;
    let names = servers.into_iter().map(|(name, _)| name).collect();
    let guard = ReleaseGuard::start(settings.release_guard.as_deref(), names);
    Ok(Platform {
        name: "x11",
        operating_system: operating_system(),
        displays: Box::new(displays),
        key_sign: Box::new(sign::X11KeySign::new(Arc::clone(&layout))),
        signals: Box::new(Asked {
            platform: signals::X11Signals::new(Arc::clone(&layout), &settings.signals.app_process),
            settings: settings.signals.clone(),
        }),
        injector: Box::new(injector::X11Injector::new(layout, guard)),
        ring: Box::new(ring),
        power: Box::new(power::X11Power { program: settings.restart_command.clone() }),
        call_state: Box::new(call_state::X11CallState::new(settings.call_state_command.clone())),
    })
}

fn servers(settings: &Settings) -> Result<Vec<(ServerName, Shows)>, PlatformError> {
    let one = |(display, name): &(_, String)| (ServerName::from(name.as_str()), Shows::One(*display));
    let servers: Vec<_> = settings.x11_displays.iter().map(one).collect();
    if !servers.is_empty() {
        return distinct(servers);
    }
    let name = std::env::var("DISPLAY").ok().filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| PlatformError::Unavailable {
        what: "X11",
        why: "neither DISPLAY nor [x11] displays in agent.toml is set".to_owned(),
    })?;
    Ok(vec![(name.into(), Shows::Monitors)])
}

/// One X server cannot be two displays, nor one display two X servers.
fn distinct(servers: Vec<(ServerName, Shows)>) -> Result<Vec<(ServerName, Shows)>, PlatformError> {
    for (i, (name, shows)) in servers.iter().enumerate() {
        if servers[i + 1..].iter().any(|(other, shown)| other == name || shown == shows) {
            let why = format!("{name} or its display is named twice in [x11] displays");
            return Err(PlatformError::Unavailable { what: "X11", why });
        }
    }
    Ok(servers)
}

/// As the system calls itself: `Debian GNU/Linux 12 (bookworm)`.
fn operating_system() -> String {
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    let name = name.map(|name| name.trim_matches(['"', '\'']).to_owned());
    name.unwrap_or_else(|| rustix::system::uname().sysname().to_string_lossy().into_owned())
}
