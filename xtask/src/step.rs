//! What xtask prints: one line when a step starts, one when it is done.

use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::time::Instant;

/// A step that is going on.
pub(crate) struct Step {
    started: Instant,
}

impl Step {
    pub(crate) fn start(what: impl Display) -> Self {
        say(format_args!("{} {what}", accent("==>")));
        Self { started: Instant::now() }
    }

    pub(crate) fn done(self) {
        note(format_args!("done in {:.1} s", self.started.elapsed().as_secs_f64()));
    }
}

/// A line of its own.
#[expect(clippy::print_stdout, reason = "the one place that prints")]
pub(crate) fn say(line: impl Display) {
    println!("{line}");
    // The next lines may come from a child that writes to the same place.
    std::io::stdout().flush().ok();
}

/// A line that belongs to the step before.
pub(crate) fn note(line: impl Display) {
    say(format_args!("    {line}"));
}

pub(crate) fn error(error: &anyhow::Error) {
    say(format_args!("{} {error:#}", accent("error:")));
}

fn accent(text: &str) -> String {
    if std::io::stdout().is_terminal() { format!("\x1b[1;31m{text}\x1b[0m") } else { text.to_owned() }
}
