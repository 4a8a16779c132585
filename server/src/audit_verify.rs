//! `redring-server audit verify`: says of each log whether something in it was changed, left out or put in.

use std::fs::File;
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use protocol::audit::LogKey;

use crate::audit::verify::{self, Report, Tally, Verdict};
use crate::audit_export::{self, Checked};
use crate::keys::ServerKeys;
use crate::storage::Store;
use crate::storage::sqlite::Sqlite3;

/// What is checked.
#[derive(Debug)]
pub enum Subject {
    /// The logs of all tenants of a data folder. Nothing is changed there, and a server may run beside.
    DataDir(PathBuf),
    /// A file of `audit export --format jsonl`.
    Export(PathBuf),
}

/// What came out, in the order of how bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    Untouched,
    CannotTell,
    Tampered,
}

impl Outcome {
    /// Of the process.
    pub const fn code(self) -> u8 {
        match self {
            Self::Untouched => 0,
            Self::Tampered => 2,
            Self::CannotTell => 3,
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Untouched => "untouched",
            Self::Tampered => "TAMPERED WITH",
            Self::CannotTell => "cannot tell",
        }
    }
}

impl From<&Verdict> for Outcome {
    fn from(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Sound => Self::Untouched,
            Verdict::Tampered(_) => Self::Tampered,
            Verdict::Unsigned => Self::CannotTell,
        }
    }
}

/// Checks, and writes in words what was checked and what came out.
pub async fn verify(subject: &Subject, key: Option<&LogKey>, out: &mut impl Write) -> Outcome {
    let outcome = match subject {
        Subject::DataDir(folder) => data_dir(folder, key, out).await,
        Subject::Export(file) => export(file, key, out),
    };
    let (outcome, why) = match outcome {
        Ok(outcome) => (outcome, String::new()),
        Err(error) => (Outcome::CannotTell, format!(": {error:#}")),
    };
    let written = writeln!(out, "Result: {}{why}", outcome.text()).and_then(|()| out.flush());
    if written.is_ok() { outcome } else { outcome.max(Outcome::CannotTell) }
}

async fn data_dir(folder: &Path, key: Option<&LogKey>, out: &mut impl Write) -> anyhow::Result<Outcome> {
    writeln!(out, "Checking the audit logs in {}", folder.display())?;
    let storage: Store = Arc::new(Sqlite3::open_read_only(folder).await?);
    let own_key = || ServerKeys::read_log_key(folder).context("the log's key is not there: name it with --key");
    let key = key.cloned().map_or_else(own_key, Ok)?;
    writeln!(out, "Key of the logs: {key}")?;
    let mut worst = Outcome::Untouched;
    for (scope, _) in storage.tenants().await? {
        let report = verify::stored_log(&storage, &scope, &key).await;
        let report = report.with_context(|| format!("the log of {} cannot be read", scope.tenant()))?;
        write_report(out, &report)?;
        worst = worst.max(Outcome::from(&report.verdict));
    }
    storage.close().await;
    Ok(worst)
}

fn export(file: &Path, key: Option<&LogKey>, out: &mut impl Write) -> anyhow::Result<Outcome> {
    writeln!(out, "Checking the export {}", file.display())?;
    let opened = File::open(file).context("the file cannot be read")?;
    let Checked { report, key: named, range: (from, to) } = audit_export::check(&mut BufReader::new(opened), key)?;
    match key {
        Some(key) => writeln!(out, "Key of the log, as expected: {key}")?,
        None => writeln!(out, "Key of the log, as the file names it: {named} (compare it, or name it with --key)")?,
    }
    match to.checked_sub(1) {
        Some(last) => writeln!(out, "Exported: events {from} to {last}")?,
        None => writeln!(out, "Exported: no event")?,
    }
    write_report(out, &report)?;
    Ok(Outcome::from(&report.verdict))
}

fn write_report(out: &mut impl Write, report: &Report) -> std::io::Result<()> {
    let Tally { n_events, n_hashed, n_checkpoints, signed, n_sessions, n_open } = report.tally;
    writeln!(out, "{} ({})", report.tenant, report.origin)?;
    writeln!(out, "  events: {n_events}, and {n_hashed} more by their hashes only")?;
    writeln!(out, "  signed checkpoints: {n_checkpoints}, the last about {signed} events")?;
    let n_unsigned = (n_events + n_hashed).saturating_sub(signed);
    if 0 < n_unsigned {
        writeln!(out, "  after the last checkpoint, and not proved so far: {n_unsigned}")?;
    }
    writeln!(out, "  sessions: {n_sessions}, of which {n_open} have no end so far")?;
    match &report.verdict {
        Verdict::Sound => writeln!(out, "  untouched"),
        Verdict::Tampered(finding) => writeln!(out, "  TAMPERED WITH: {finding}\n  first bad index: {}", finding.first),
        Verdict::Unsigned => writeln!(out, "  cannot tell: no checkpoint is there"),
    }
}
