//! Who is signed in at the console: the session that is in front on the first seat, as logind has it in `/run/systemd`.
//!
//! Those files are what the library of logind reads, too. Without logind, the owner of the X server's socket is taken,
//! unless that is root: an X server that runs as root does not tell whose it is.

use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use protocol::signals::SystemUser;
use protocol::wire::Text;

use super::signals::read;

pub(super) struct Seat {
    logind: PathBuf,
    x_sockets: PathBuf,
    accounts: PathBuf,
}

impl Default for Seat {
    fn default() -> Self {
        Self { logind: "/run/systemd".into(), x_sockets: "/tmp/.X11-unix".into(), accounts: "/etc/passwd".into() }
    }
}

impl Seat {
    /// `display` is the X server of the console (`:0`), where it is known.
    pub(super) fn user(&self, display: Option<&str>) -> SystemUser {
        let seat = self.logind.join("seats/seat0");
        if seat.exists() {
            return self.in_front(&read(&seat));
        }
        display.and_then(|display| self.owner(display)).unwrap_or_default()
    }

    fn in_front(&self, seat: &str) -> SystemUser {
        // A seat without a session in front is between two of them, or shows a plain console.
        let Some(id) = value(seat, "ACTIVE") else { return SystemUser::Unknown };
        if id.contains('/') {
            return SystemUser::Unknown;
        }
        let session = read(&self.logind.join("sessions").join(id));
        let uid = value(&session, "UID").and_then(|uid| uid.parse().ok());
        match (value(&session, "CLASS"), uid) {
            (Some("greeter" | "lock-screen"), _) => SystemUser::Nobody,
            (Some(class), Some(uid)) if class.starts_with("user") => {
                let name = value(&session, "USER").map(str::to_owned);
                signed_in(name.or_else(|| self.name_of(uid)))
            }
            _ => SystemUser::Unknown,
        }
    }

    fn owner(&self, display: &str) -> Option<SystemUser> {
        let number = display.rsplit_once(':')?.1.split('.').next()?;
        let number: u32 = number.parse().ok()?;
        let uid = std::fs::metadata(self.x_sockets.join(format!("X{number}"))).ok()?.uid();
        (uid != 0).then(|| signed_in(self.name_of(uid)))
    }

    fn name_of(&self, uid: u32) -> Option<String> {
        let uid = uid.to_string();
        read(&self.accounts).lines().find_map(|line| {
            let mut parts = line.split(':');
            let name = parts.next()?;
            (parts.nth(1)? == uid).then(|| name.to_owned())
        })
    }
}

fn signed_in(name: Option<String>) -> SystemUser {
    match name {
        Some(name) if !name.is_empty() => SystemUser::SignedIn { name: Text::fitted(&name) },
        _ => SystemUser::Unknown,
    }
}

/// The value of a line `NAME=value`.
fn value<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    value.filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct System {
        folder: tempfile::TempDir,
    }

    impl System {
        fn new() -> Self {
            Self { folder: tempfile::tempdir().expect("a temporary folder") }
        }

        fn write(self, path: &str, text: &str) -> Self {
            let path = self.folder.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("folders can be made");
            std::fs::write(path, text).expect("files can be written");
            self
        }

        fn session(self, text: &str) -> Self {
            self.write("seats/seat0", "# Do not parse.\nIS_SEAT0=1\nACTIVE=c2\nACTIVE_UID=1000\n")
                .write("sessions/c2", text)
        }

        fn user(&self, display: Option<&str>) -> SystemUser {
            let at = |name: &str| self.folder.path().join(name);
            Seat { logind: at(""), x_sockets: at("sockets"), accounts: at("passwd") }.user(display)
        }
    }

    fn named(name: &str) -> SystemUser {
        SystemUser::SignedIn { name: Text::fitted(name) }
    }

    #[test]
    fn the_session_in_front_says_who_is_signed_in() {
        let of = |session: &str| System::new().session(session).user(None);
        assert_eq!(of("UID=1000\nUSER=room\nCLASS=user\nSTATE=active\n"), named("room"));
        assert_eq!(of("UID=117\nUSER=gdm\nCLASS=greeter\n"), SystemUser::Nobody);
        assert_eq!(of("UID=117\nCLASS=background\n"), SystemUser::Unknown);
        assert_eq!(of(""), SystemUser::Unknown, "a session that is just going");
        let accounts =
            System::new().session("UID=1000\nCLASS=user-early\n").write("passwd", "alice:x:1000:1000::/:/bin/sh\n");
        assert_eq!(accounts.user(None), named("alice"));
    }

    #[test]
    fn a_seat_that_names_no_session_tells_nothing() {
        let seat = |text: &str| System::new().write("seats/seat0", text).write("secret", "UID=1\nUSER=x\nCLASS=user\n");
        assert_eq!(seat("IS_SEAT0=1\nACTIVE=\n").user(None), SystemUser::Unknown);
        assert_eq!(seat("ACTIVE=../secret\n").user(None), SystemUser::Unknown);
    }

    #[test]
    fn without_logind_the_x_server_belongs_to_somebody() {
        let uid = rustix::process::getuid().as_raw();
        let system = System::new().write("sockets/X3", "").write("passwd", &format!("me:x:{uid}:0::/:/bin/sh\n"));
        let expected = if uid == 0 { SystemUser::Unknown } else { named("me") };
        for display in [":3", ":3.0", "unix:3"] {
            assert_eq!(system.user(Some(display)), expected, "{display}");
        }
        for display in [Some(":4"), Some("nonsense"), Some(":x"), None] {
            assert_eq!(system.user(display), SystemUser::Unknown);
        }
    }
}
