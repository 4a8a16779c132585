//! Names, options and help of the commands.

use anyhow::{Context, Result, bail};

use crate::{bench, check, contract, demo, dist, product, step, test, trials};

struct Command {
    name: &'static str,
    usage: &'static str,
    about: &'static str,
    details: &'static str,
    run: fn(Arguments) -> Result<()>,
}

const COMMANDS: &[Command] = &[
    Command {
        name: "demo",
        usage: "[--port PORT] [--rooms N] [--keep]",
        about: "start a server with simulated rooms and say where to look",
        details: "  --port PORT  where the portal listens on this machine (8080)\n  \
                  --rooms N    how many simulated rooms, 1 to 8 (4)\n  \
                  --keep       go on with the data of the last demo instead of fresh data\n\n\
                  Sets up what is missing first. Ctrl+C ends everything that was started.",
        run: demo::run,
    },
    Command {
        name: "build",
        usage: "",
        about: "build everything for release: target/release/redring-server and redring-agent",
        details: "The portal and the session engine are inside the server.",
        run: |arguments| {
            arguments.finish()?;
            product::release().map(drop)
        },
    },
    Command {
        name: "test",
        usage: "",
        about: "run every test: of the crates, in a browser, of the API, and of the whole product",
        details: "Sets up what is missing first. The last line is `N passed, N failed`.",
        run: |arguments| {
            arguments.finish()?;
            test::run()
        },
    },
    Command {
        name: "contract",
        usage: "[--seed N] [--examples N] [PRINCIPAL ...]",
        about: "the part of `test` that makes up requests from the description of the API",
        details: "  --seed N      make up others than `test` does (1)\n  \
                  --examples N  how many for each operation, beside the edges of the description (10)\n  \
                  PRINCIPAL     only as these people of contract/principals.json\n\n\
                  Servers, logs and reports are left in target/contract.",
        run: contract::run,
    },
    Command {
        name: "trials",
        usage: "[NAME] [--times N] [--seed N]",
        about: "try server and agent together, as often as you like; without a name: say what can be tried",
        details: trials::DETAILS,
        run: trials::run,
    },
    Command {
        name: "bench",
        usage: "[NAME]",
        about: "measure; without a name: say what can be measured",
        details: "  session  key to photon, frames, bytes, CPU and start of a session in a browser\n\n\
                  Prints a table and writes target/bench/NAME.json.",
        run: bench::run,
    },
    Command {
        name: "check",
        usage: "[fmt] [clippy] [layers] [deny] [typos]",
        about: "check the code; without names: all of them",
        details: "  fmt     the format of the Rust files\n  \
                  clippy  the lints, for this system and for the browser\n  \
                  layers  which room of the code may import which\n  \
                  deny    licences and sources of the dependencies, and known faults in them\n  \
                  typos   spelling",
        run: check::run,
    },
    Command {
        name: "ci",
        usage: "",
        about: "check, then test",
        details: "",
        run: |arguments| {
            arguments.finish()?;
            check::everything()?;
            test::run()
        },
    },
    Command {
        name: "dist",
        usage: "",
        about: "write release archives with their check sums into target/dist",
        details: "",
        run: |arguments| {
            arguments.finish()?;
            dist::run()
        },
    },
];

/// Runs the command that `words` name.
pub(crate) fn run(words: &[String]) -> Result<()> {
    let Some((name, rest)) = words.split_first().filter(|(name, _)| !is_help(name) && *name != "help") else {
        help();
        return Ok(());
    };
    let command = COMMANDS
        .iter()
        .find(|command| command.name == name)
        .with_context(|| format!("there is no command {name:?}; see `cargo xtask --help`"))?;
    if rest.iter().any(|word| is_help(word)) {
        help_of(command);
        return Ok(());
    }
    (command.run)(Arguments { command: command.name, words: rest.to_vec() })
}

/// The words after a command's name.
pub(crate) struct Arguments {
    command: &'static str,
    words: Vec<String>,
}

impl Arguments {
    /// Takes `--name`.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        let place = self.words.iter().position(|word| word == name);
        place.map(|place| self.words.remove(place)).is_some()
    }

    /// Takes `--name VALUE` or `--name=VALUE`.
    pub(crate) fn number(&mut self, name: &str, default: u16) -> Result<u16> {
        Ok(self.given(name)?.unwrap_or(default))
    }

    /// The same, when it is there.
    pub(crate) fn given<T: std::str::FromStr<Err = std::num::ParseIntError>>(
        &mut self,
        name: &str,
    ) -> Result<Option<T>> {
        let prefix = format!("{name}=");
        let Some(place) = self.words.iter().position(|word| word == name || word.starts_with(&prefix)) else {
            return Ok(None);
        };
        let word = self.words.remove(place);
        let value = match word.strip_prefix(&prefix) {
            Some(value) => value.to_owned(),
            None if place < self.words.len() => self.words.remove(place),
            None => bail!("{name} wants a number"),
        };
        value.parse().map(Some).with_context(|| format!("{name} wants a number, not {value:?}"))
    }

    /// Takes what is left; options are refused.
    pub(crate) fn names(self) -> Result<Vec<String>> {
        match self.words.iter().find(|word| word.starts_with('-')) {
            Some(word) => bail!("`{}` has no option {word}; see `cargo xtask {0} --help`", self.command),
            None => Ok(self.words),
        }
    }

    /// Nothing may be left.
    pub(crate) fn finish(self) -> Result<()> {
        let command = self.command;
        match self.names()?.first() {
            Some(word) => bail!("`{command}` does not know {word:?}; see `cargo xtask {command} --help`"),
            None => Ok(()),
        }
    }
}

fn is_help(word: &str) -> bool {
    word == "--help" || word == "-h"
}

fn help() {
    step::say("The commands of this repository.\n\nUsage: cargo xtask COMMAND [OPTIONS]\n");
    for Command { name, about, .. } in COMMANDS {
        step::say(format_args!("  {name:<8} {about}"));
    }
    step::say("\n`cargo xtask COMMAND --help` says more.");
}

fn help_of(command: &Command) {
    let Command { name, usage, about, details, .. } = command;
    step::say(format_args!("{name}: {about}\n\nUsage: cargo xtask {name} {usage}\n"));
    step::say(details);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(words: &str) -> Arguments {
        Arguments { command: "demo", words: words.split_whitespace().map(str::to_owned).collect() }
    }

    #[test]
    fn options_are_taken_in_any_order_and_form() {
        for words in ["--keep --port 9000", "--port=9000 --keep", "--port 9000 --keep"] {
            let mut arguments = arguments(words);
            assert_eq!(arguments.number("--port", 8080).expect("a number"), 9000, "{words}");
            assert!(arguments.flag("--keep"), "{words}");
            arguments.finish().expect("nothing is left");
        }
    }

    #[test]
    fn unknown_words_are_refused() {
        assert!(arguments("--prot 1").finish().is_err());
        assert!(arguments("now").finish().is_err());
        assert!(arguments("--port many").number("--port", 1).is_err());
        assert!(arguments("--port").number("--port", 1).is_err());
        assert!(run(&["nonsense".to_owned()]).is_err());
    }
}
