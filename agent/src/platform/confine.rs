//! Gives up what the agent does not need, before it hears a word from anybody.
//!
//! What comes from the server and from viewers is parsed in the process that also sees the screen and presses keys: both
//! happen many times a second, and a second process between them would cost every frame a copy. So the process as a whole
//! may do little on Linux: write in its own folder only, read no home but what reaches the X and sound servers, run
//! programs of the system only and never with more rights than its own (`sudo` does nothing for it), signal nobody else,
//! and listen on no TCP port. It cannot take any of this back, and what it starts inherits it. What the configuration
//! names runs outside ([`super::program`]).

/// How much of it the system keeps to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Rights {
    /// As written above.
    Few,
    /// The kernel is older than some of it.
    Fewer,
    /// Nothing was given up, or the system knows no such thing.
    #[default]
    All,
}

impl Rights {
    /// For the status.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Few => "few: writes in its own folder only, listens nowhere",
            Self::Fewer => "fewer than it was started with: this kernel is older than some limits",
            Self::All => "all that it was started with: this system cannot limit them",
        }
    }
}

/// Limits the calling thread and every one that it starts from now on; `state` is where the agent writes.
#[cfg(not(target_os = "linux"))]
pub fn confine(_state: &std::path::Path) -> Result<Rights, ConfineError> {
    Ok(Rights::All)
}

/// Why the rights could not be given up.
#[derive(Debug, thiserror::Error)]
#[error("the agent's rights cannot be limited: {0}")]
pub struct ConfineError(String);

#[cfg(target_os = "linux")]
pub use linux::confine;

#[cfg(target_os = "linux")]
mod linux {
    use std::path::{Path, PathBuf};

    use landlock::{
        ABI, Access as _, AccessFs, AccessNet, BitFlags, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _,
        RulesetError, RulesetStatus, Scope, make_bitflags, path_beneath_rules,
    };

    use super::{ConfineError, Rights};

    /// The newest rules that are asked for; an older kernel keeps to what it knows.
    const RULES: ABI = ABI::V6;

    /// Programs, libraries, settings and what the kernel tells. No home.
    const READABLE: &[&str] = &[
        "/bin",
        "/dev",
        "/etc",
        "/lib",
        "/lib32",
        "/lib64",
        "/nix/store",
        "/opt",
        "/proc",
        "/run",
        "/sbin",
        "/sys",
        "/usr",
    ];

    /// Programs of the system are started with it.
    const NOWHERE: &str = "/dev/null";

    /// Variables that name a file which opens the way to the X or the sound server.
    const COOKIES: &[&str] = &["XAUTHORITY", "PULSE_COOKIE"];
    /// Where such files are in the user's home otherwise.
    const COOKIES_AT_HOME: &[&str] = &[".Xauthority", ".config/pulse", ".pulse-cookie"];

    /// Limits the calling thread and every one that it starts from now on; `state` is where the agent writes.
    ///
    /// # Errors
    /// When the system knows the limits and refuses them.
    pub fn confine(state: &Path) -> Result<Rights, ConfineError> {
        limit(state).map_err(|error| ConfineError(error.to_string()))
    }

    fn limit(state: &Path) -> Result<Rights, RulesetError> {
        let kept = make_bitflags!(AccessFs::{
            ReadFile | ReadDir | WriteFile | Truncate | MakeReg | MakeDir | RemoveFile | RemoveDir | Refer
        });
        let status = Ruleset::default()
            .handle_access(AccessFs::from_all(RULES))?
            .handle_access(AccessNet::BindTcp)?
            .scope(Scope::Signal)?
            .create()?
            .add_rules(path_beneath_rules(READABLE, AccessFs::from_read(RULES)))?
            .add_rules(path_beneath_rules(std::env::current_exe(), AccessFs::from_read(RULES)))?
            .add_rules(path_beneath_rules(cookies(), AccessFs::ReadFile | AccessFs::ReadDir))?
            .add_rules(path_beneath_rules([NOWHERE], BitFlags::from(AccessFs::WriteFile)))?
            .add_rules(path_beneath_rules([state], kept))?
            .restrict_self()?;
        Ok(match status.ruleset {
            RulesetStatus::FullyEnforced => Rights::Few,
            RulesetStatus::PartiallyEnforced => Rights::Fewer,
            RulesetStatus::NotEnforced => Rights::All,
        })
    }

    fn cookies() -> Vec<PathBuf> {
        let named = COOKIES.iter().filter_map(std::env::var_os).map(PathBuf::from);
        let home = std::env::var_os("HOME").map(PathBuf::from);
        let at_home = home.iter().flat_map(|home| COOKIES_AT_HOME.iter().map(|path| home.join(path)));
        named.chain(at_home).collect()
    }

    #[cfg(test)]
    mod tests {
        use std::fs;
        use std::net::{TcpListener, TcpStream};
        use std::process::{Command, Stdio};

        use super::*;

        #[test]
        fn little_is_left_and_it_is_what_the_agent_needs() {
            let (state, elsewhere) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("another"));
            let (state, elsewhere) = (state.path(), elsewhere.path());
            let secret = elsewhere.join("secret");
            fs::write(&secret, "of somebody else").expect("it can be written yet");
            let listening = TcpListener::bind("127.0.0.1:0").expect("it can listen yet");
            let address = listening.local_addr().expect("an address");
            // The limits are those of the thread that takes them on.
            std::thread::scope(|scope| {
                let confined = scope.spawn(|| {
                    if confine(state).expect("it can be limited") == Rights::All {
                        // A kernel without Landlock: there is nothing to look at.
                        return;
                    }
                    fs::write(state.join("new"), "1").expect("its own folder");
                    fs::rename(state.join("new"), state.join("record")).expect("its own folder");
                    fs::remove_file(state.join("record")).expect("its own folder");
                    fs::read("/etc/hosts").or_else(|_| fs::read("/etc/passwd")).expect("settings of the system");
                    TcpStream::connect(address).expect("it connects to the server");
                    let child = Command::new("true").stdin(Stdio::null()).stdout(Stdio::null()).status();
                    assert!(child.expect("programs of the system").success());

                    assert!(fs::read(&secret).is_err(), "somebody else's file");
                    assert!(fs::write(elsewhere.join("new"), "1").is_err(), "somebody else's folder");
                    assert!(fs::write("/etc/redring-was-here", "1").is_err(), "the system's folder");
                    let by_child = Command::new("touch").arg(elsewhere.join("new")).stderr(Stdio::null()).status();
                    assert!(!by_child.expect("touch is there").success(), "what it starts has no more rights");
                    fs::write(state.join("program"), "#!/bin/sh\n").expect("its own folder");
                    let program = Command::new("chmod").arg("+x").arg(state.join("program")).status();
                    assert!(program.expect("chmod is there").success());
                    assert!(Command::new(state.join("program")).status().is_err(), "what it wrote is no program");
                });
                confined.join().expect("as it should be");
            });
            assert!(elsewhere.join("secret").exists());
        }

        #[test]
        fn it_listens_nowhere() {
            let state = tempfile::tempdir().expect("a folder");
            std::thread::scope(|scope| {
                let confined =
                    scope.spawn(|| (confine(state.path()).expect("limited"), TcpListener::bind("127.0.0.1:0")));
                let (rights, listening) = confined.join().expect("as it should be");
                assert_eq!(rights == Rights::Few, listening.is_err(), "a kernel that knows all limits keeps them");
            });
        }
    }
}
