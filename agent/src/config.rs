//! Command line, environment and `agent.toml`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use protocol::access::Access;
use protocol::ids::DisplayId;
use protocol::secure::{EnrolmentString, EnrolmentStringError};
use protocol::signals::SignalKind;
use serde::Deserialize;

use crate::platform::{Kind, Program, Rights, RoomName, Settings, SignalsSettings};
use crate::state_dir::{StateDir, StateDirError, default_path};

/// The file in the state folder.
pub const FILE: &str = "agent.toml";
/// Beside it: what a simulated console keeps over a restart of the agent.
const SIMULATED_FILE: &str = "simulated.json";

const EXIT_CODES: &str = "Exit codes: 0 stopped when asked to; 1 failed; 2 wrong options or configuration; \
3 the enrolment was refused; 4 this console's key was revoked; 5 the screen cannot be reached.";

/// The command line.
#[derive(Debug, Parser)]
#[command(name = "redring-agent", version, about = "Shows this room console to permitted technicians", after_help = EXIT_CODES)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Connect to the server and stay connected.
    Run(RunArgs),
    /// Print what the running agent last said about itself.
    Status(StatusArgs),
    /// Started by the agent: releases what is down when the agent is killed.
    #[cfg(unix)]
    #[command(hide = true)]
    ReleaseGuard(ReleaseGuardArgs),
    /// Started by the agent: runs one command of the configuration when it is asked to.
    #[command(hide = true)]
    RunCommand(RunCommandArgs),
}

#[derive(Debug, Args)]
pub struct RunArgs {
    /// The one-time string from the portal's "Add room"; only needed the first time.
    #[arg(long, env = "REDRING_ENROLMENT", value_name = "STRING", hide_env_values = true)]
    pub enrolment: Option<String>,
    #[command(flatten)]
    pub state: StateArgs,
    /// What to show.
    #[arg(long, env = "REDRING_PLATFORM", value_enum, default_value_t = PlatformArg::Auto)]
    pub platform: PlatformArg,
    /// How many displays a simulated console has.
    #[arg(long, env = "REDRING_DISPLAYS", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=3))]
    pub displays: u8,
    /// Connect to this address instead of the one in the enrolment string.
    #[arg(long, env = "REDRING_SERVER", value_name = "URL")]
    pub server: Option<String>,
}

#[derive(Debug, Args)]
pub struct StatusArgs {
    #[command(flatten)]
    pub state: StateArgs,
    /// Show it in a window on DISPLAY that follows what happens; Escape closes it.
    #[cfg(unix)]
    #[arg(long)]
    pub window: bool,
}

#[cfg(unix)]
#[derive(Debug, Args)]
pub struct ReleaseGuardArgs {
    /// The X servers.
    #[arg(required = true)]
    pub servers: Vec<String>,
}

#[derive(Debug, Args)]
pub struct RunCommandArgs {
    /// The command.
    #[arg(required = true, last = true)]
    pub words: Vec<String>,
}

#[derive(Debug, Args)]
pub struct StateArgs {
    /// Folder for keys and state (default: /var/lib/redring-agent as root, else the user's state folder).
    #[arg(long, env = "REDRING_STATE_DIR", value_name = "DIR")]
    state_dir: Option<PathBuf>,
}

impl StateArgs {
    pub fn path(&self) -> PathBuf {
        self.state_dir.clone().unwrap_or_else(default_path)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PlatformArg {
    Auto,
    Windows,
    X11,
    Simulated,
}

impl PlatformArg {
    fn kind(self) -> Option<Kind> {
        match self {
            Self::Auto => None,
            Self::Windows => Some(Kind::Windows),
            Self::X11 => Some(Kind::X11),
            Self::Simulated => Some(Kind::Simulated),
        }
    }
}

/// Everything that `run` needs.
#[derive(Debug)]
pub struct Config {
    pub enrolment: Option<EnrolmentString>,
    pub server: Option<String>,
    pub platform: Settings,
    pub highest_access: Access,
}

/// What is wrong with the options or the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    #[error(transparent)]
    StateDir(#[from] StateDirError),
    #[error("{FILE}: {0}")]
    File(String),
    #[error("{name}: {why}")]
    Environment { name: &'static str, why: String },
    #[error(transparent)]
    Enrolment(#[from] EnrolmentStringError),
    #[error("the server's address {0:?} does not begin with https:// or http://")]
    Server(String),
}

impl Config {
    /// Puts the options, the environment and the file together; the environment goes before the file.
    ///
    /// # Errors
    /// Names the option, variable or line that is wrong.
    pub fn load(args: &RunArgs, dir: &StateDir) -> Result<Self, ConfigError> {
        let file = match dir.read(FILE)? {
            Some(bytes) => parse(&String::from_utf8_lossy(&bytes))?,
            None => File::default(),
        };
        let file = file.with_environment(|name| std::env::var(name).ok())?;
        if let Some(server) = &args.server
            && !(server.starts_with("https://") || server.starts_with("http://"))
        {
            return Err(ConfigError::Server(server.clone()));
        }
        Ok(Self {
            enrolment: args.enrolment.as_deref().map(str::parse).transpose()?,
            server: args.server.clone(),
            platform: Settings {
                kind: args.platform.kind(),
                x11_displays: file.x11.displays(),
                restart_command: file.power.restart_command,
                call_state_command: file.call_state.command,
                // The agent itself, with another command.
                release_guard: std::env::current_exe().ok(),
                signals: file.signals.into(),
                simulated_displays: args.displays,
                simulated_state_file: Some(dir.path().join(SIMULATED_FILE)),
                // The room is not known before the identity is.
                simulated_seed: 0,
                room_name: RoomName::default(),
                rights: Rights::default(),
            },
            highest_access: file.limits.highest_access.into(),
        })
    }
}

/// `agent.toml`.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    x11: X11,
    power: Power,
    call_state: CallState,
    signals: Signals,
    limits: Limits,
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct X11 {
    displays: BTreeMap<DisplayName, String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
enum DisplayName {
    Console,
    #[serde(rename = "front_of_room_1")]
    FrontOfRoom1,
    #[serde(rename = "front_of_room_2")]
    FrontOfRoom2,
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Power {
    restart_command: Program,
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct CallState {
    command: Program,
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Signals {
    app_process: String,
    commands: BTreeMap<SignalName, Program>,
    user_command: Program,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
struct SignalName(SignalKind);

impl TryFrom<String> for SignalName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let known = SignalKind::ALL.into_iter().find(|kind| kind.id() == name);
        let names = || SignalKind::ALL.map(SignalKind::id).join(", ");
        known.map(Self).ok_or_else(|| format!("there is no signal {name:?}; there are {}", names()))
    }
}

impl From<Signals> for SignalsSettings {
    fn from(signals: Signals) -> Self {
        Self {
            app_process: signals.app_process,
            commands: signals.commands.into_iter().map(|(name, command)| (name.0, command)).collect(),
            user_command: signals.user_command,
        }
    }
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Limits {
    highest_access: AccessName,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum AccessName {
    View,
    #[default]
    Modify,
}

impl From<AccessName> for Access {
    fn from(name: AccessName) -> Self {
        match name {
            AccessName::View => Self::View,
            AccessName::Modify => Self::Modify,
        }
    }
}

impl X11 {
    fn displays(&self) -> Vec<(DisplayId, String)> {
        let id = |name: &DisplayName| match name {
            DisplayName::Console => DisplayId::Console,
            DisplayName::FrontOfRoom1 => DisplayId::FrontOfRoom1,
            DisplayName::FrontOfRoom2 => DisplayId::FrontOfRoom2,
        };
        self.displays.iter().map(|(name, server)| (id(name), server.clone())).collect()
    }
}

impl File {
    /// Each key's variable holds the key's value as TOML (`{ console = ":1" }`, `["systemctl", "reboot"]`); a word
    /// needs no quotes.
    fn with_environment(mut self, variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        if let Some(displays) = read_variable("REDRING_X11_DISPLAYS", &variable)? {
            self.x11.displays = displays;
        }
        if let Some(command) = read_variable("REDRING_POWER_RESTART_COMMAND", &variable)? {
            self.power.restart_command = command;
        }
        if let Some(command) = read_variable("REDRING_CALL_STATE_COMMAND", &variable)? {
            self.call_state.command = command;
        }
        if let Some(process) = read_variable("REDRING_SIGNALS_APP_PROCESS", &variable)? {
            self.signals.app_process = process;
        }
        if let Some(commands) = read_variable("REDRING_SIGNALS_COMMANDS", &variable)? {
            self.signals.commands = commands;
        }
        if let Some(command) = read_variable("REDRING_SIGNALS_USER_COMMAND", &variable)? {
            self.signals.user_command = command;
        }
        if let Some(access) = read_variable("REDRING_LIMITS_HIGHEST_ACCESS", &variable)? {
            self.limits.highest_access = access;
        }
        Ok(self)
    }
}

fn read_variable<T: for<'de> Deserialize<'de>>(
    name: &'static str,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Option<T>, ConfigError> {
    #[derive(Deserialize)]
    struct Holder<T> {
        value: T,
    }
    let Some(text) = variable(name).filter(|text| !text.is_empty()) else { return Ok(None) };
    let is_word = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    let quote = if is_word { "\"" } else { "" };
    match toml::from_str::<Holder<T>>(&format!("value = {quote}{text}{quote}")) {
        Ok(holder) => Ok(Some(holder.value)),
        Err(error) => Err(ConfigError::Environment { name, why: error.message().to_owned() }),
    }
}

fn parse(text: &str) -> Result<File, ConfigError> {
    toml::from_str(text).map_err(|error| ConfigError::File(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"
        [x11]
        displays = { console = ":1", front_of_room_1 = ":2" }
        [power]
        restart_command = ["systemctl", "reboot"]
        [call_state]
        command = ["/usr/local/bin/in-call"]
        [signals]
        app_process = "room-app"
        commands = { microphone = ["/usr/local/bin/microphone", "--table"] }
        user_command = ["/usr/local/bin/who"]
        [limits]
        highest_access = "view"
    "#;

    fn program(words: &[&str]) -> Program {
        words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>().into()
    }

    #[test]
    fn every_key_is_read() {
        let file = parse(WHOLE).expect("it is right");
        let displays = [(DisplayId::Console, ":1".to_owned()), (DisplayId::FrontOfRoom1, ":2".to_owned())];
        assert_eq!(file.x11.displays(), displays);
        assert_eq!(file.power.restart_command, program(&["systemctl", "reboot"]));
        assert_eq!(file.call_state.command, program(&["/usr/local/bin/in-call"]));
        assert_eq!(Access::from(file.limits.highest_access), Access::View);
        let signals = SignalsSettings::from(file.signals);
        assert_eq!(signals.app_process, "room-app");
        assert_eq!(signals.commands[&SignalKind::Microphone], program(&["/usr/local/bin/microphone", "--table"]));
        assert_eq!(signals.user_command, program(&["/usr/local/bin/who"]));
    }

    #[test]
    fn nothing_is_also_right_and_allows_modify() {
        let file = parse("").expect("it is right");
        assert_eq!(file, File::default());
        assert_eq!(Access::from(file.limits.highest_access), Access::Modify);
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let signal = "[signals]\ncommands = { smell = [\"sniff\"] }";
        for text in
            [signal, "[x12]", "[limits]\nhighest_access = \"all\"", "[x11]\ndisplays = { left = \":1\" }", "x = "]
        {
            assert!(matches!(parse(text), Err(ConfigError::File(_))), "{text}");
        }
    }

    #[test]
    fn the_environment_goes_before_the_file() {
        let variable = |name: &str| match name {
            "REDRING_X11_DISPLAYS" => Some(r#"{ front_of_room_2 = ":9" }"#.to_owned()),
            "REDRING_LIMITS_HIGHEST_ACCESS" => Some("modify".to_owned()),
            "REDRING_POWER_RESTART_COMMAND" => Some(r#"["true"]"#.to_owned()),
            "REDRING_SIGNALS_APP_PROCESS" => Some("another-app".to_owned()),
            "REDRING_SIGNALS_COMMANDS" => Some(r#"{ camera = ["true"] }"#.to_owned()),
            _ => None,
        };
        let file = parse(WHOLE).and_then(|file| file.with_environment(variable)).expect("it is right");
        assert_eq!(file.x11.displays(), [(DisplayId::FrontOfRoom2, ":9".to_owned())]);
        assert_eq!(file.limits.highest_access, AccessName::Modify);
        assert_eq!(file.power.restart_command, program(&["true"]));
        let signals = SignalsSettings::from(file.signals);
        assert_eq!(signals.app_process, "another-app");
        assert_eq!(signals.commands, [(SignalKind::Camera, program(&["true"]))].into());
        assert_eq!(signals.user_command, program(&["/usr/local/bin/who"]));
        assert_eq!(file.call_state.command, program(&["/usr/local/bin/in-call"]), "the rest is the file's");
    }

    #[test]
    fn a_wrong_variable_is_named() {
        let variable = |name: &str| (name == "REDRING_CALL_STATE_COMMAND").then(|| "[1, 2]".to_owned());
        let error = File::default().with_environment(variable).expect_err("numbers are no command");
        assert!(error.to_string().starts_with("REDRING_CALL_STATE_COMMAND: "), "{error}");
    }

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
    }

    #[test]
    fn the_agent_starts_what_runs_commands_by_the_name_that_it_has() {
        let words = ["redring-agent", crate::platform::program::runner::COMMAND, "--", "systemctl", "--force"];
        let Command::RunCommand(args) = Cli::try_parse_from(words).expect("a command").command else {
            panic!("another command")
        };
        assert_eq!(args.words, ["systemctl", "--force"]);
    }

    #[cfg(unix)]
    #[test]
    fn the_agent_starts_its_guard_by_the_name_that_it_has() {
        let cli = Cli::try_parse_from(["redring-agent", crate::platform::x11::release_guard::COMMAND, ":1", ":2"]);
        let Command::ReleaseGuard(args) = cli.expect("a command").command else { panic!("another command") };
        assert_eq!(args.servers, [":1", ":2"]);
    }
}
