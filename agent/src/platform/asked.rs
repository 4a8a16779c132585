//! Signals that a configured program tells instead of the platform.

use protocol::signals::{Signal, SignalKind, SignalState, Signals, SystemUser};
use protocol::wire::{List, Text};

use super::{Program, SignalsSettings, SignalsSource};

/// A platform's source with the configured programs before it.
pub(super) struct Asked<S> {
    pub(super) settings: SignalsSettings,
    pub(super) platform: S,
}

/// What a platform finds out by itself.
pub(super) trait Found: Send {
    fn signal(&mut self, kind: SignalKind) -> Finding;

    fn user(&mut self) -> SystemUser;
}

/// A state and its detail.
pub(super) type Finding = (SignalState, String);

/// A finding without a word more.
pub(super) fn unknown() -> Finding {
    (SignalState::Unknown, String::new())
}

impl<S: Found> SignalsSource for Asked<S> {
    fn look(&mut self) -> Signals {
        let list = SignalKind::ALL.map(|kind| {
            let (state, detail) = match self.settings.commands.get(&kind) {
                Some(program) => ask(program),
                None => self.platform.signal(kind),
            };
            Signal { kind, state, detail: Text::fitted(&detail) }
        });
        Signals { list: List::fitted(list.to_vec()), user: self.user() }
    }

    fn user(&mut self) -> SystemUser {
        let program = &self.settings.user_command;
        if program.is_configured() { ask_user(program) } else { self.platform.user() }
    }
}

fn ask(program: &Program) -> Finding {
    let (code, line) = run(program);
    let state = match code {
        Some(0) => SignalState::Ok,
        Some(1) => SignalState::Missing,
        Some(2) => SignalState::Failing,
        _ => SignalState::Unknown,
    };
    (state, line)
}

fn ask_user(program: &Program) -> SystemUser {
    match run(program) {
        (Some(0), name) if !name.is_empty() => SystemUser::SignedIn { name: Text::fitted(&name) },
        (Some(1), _) => SystemUser::Nobody,
        _ => SystemUser::Unknown,
    }
}

/// How the program ended, and the first line that it printed.
fn run(program: &Program) -> (Option<i32>, String) {
    let Some(answer) = program.ask() else { return (None, String::new()) };
    let line = String::from_utf8_lossy(&answer.output).lines().next().unwrap_or_default().trim().to_owned();
    (answer.code, line)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    struct Platform;

    impl Found for Platform {
        fn signal(&mut self, kind: SignalKind) -> Finding {
            (SignalState::Ok, kind.id().to_owned())
        }

        fn user(&mut self) -> SystemUser {
            SystemUser::Nobody
        }
    }

    fn script(line: &str) -> Program {
        ["sh", "-c", line].map(str::to_owned).to_vec().into()
    }

    #[test]
    fn a_program_knows_better_than_the_platform() {
        let cases = [
            ("echo '  Table  '; echo more", SignalState::Ok, "Table"),
            ("echo unplugged; exit 1", SignalState::Missing, "unplugged"),
            ("exit 2", SignalState::Failing, ""),
            ("exit 3", SignalState::Unknown, ""),
            ("kill -9 $$", SignalState::Unknown, ""),
        ];
        for (line, state, detail) in cases {
            let settings =
                SignalsSettings { commands: [(SignalKind::Camera, script(line))].into(), ..SignalsSettings::default() };
            let signals = Asked { settings, platform: Platform }.look();
            let of = |kind| signals.list.iter().find(|signal| signal.kind == kind).expect("every kind");
            let camera = of(SignalKind::Camera);
            assert_eq!((camera.state, camera.detail.as_str()), (state, detail), "{line}");
            assert_eq!(of(SignalKind::Speaker).detail.as_str(), "speaker", "the rest is the platform's");
        }
    }

    #[test]
    fn a_program_may_say_who_is_signed_in() {
        let cases = [
            ("echo alice", SystemUser::SignedIn { name: Text::fitted("alice") }),
            ("echo alice; exit 1", SystemUser::Nobody),
            ("exit 0", SystemUser::Unknown),
            ("echo alice; exit 2", SystemUser::Unknown),
        ];
        for (line, expected) in cases {
            let settings = SignalsSettings { user_command: script(line), ..SignalsSettings::default() };
            assert_eq!(Asked { settings, platform: Platform }.user(), expected, "{line}");
        }
        let settings =
            SignalsSettings { user_command: vec!["/no/such/program".to_owned()].into(), ..SignalsSettings::default() };
        assert_eq!(Asked { settings, platform: Platform }.user(), SystemUser::Unknown);
        assert_eq!(Asked { settings: SignalsSettings::default(), platform: Platform }.user(), SystemUser::Nobody);
    }

    #[test]
    fn a_program_that_talks_too_much_is_cut() {
        let (_, line) = ask(&script("head -c 5000 /dev/zero | tr '\\0' x"));
        let signal = Text::<96>::fitted(&line);
        assert_eq!(signal.as_str().len(), 96);
    }
}
