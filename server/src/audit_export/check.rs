//! Checks an export with nothing but the file and, if it is known, the key of the log.

use std::io::{self, BufRead, Read as _};

use protocol::audit::{CheckpointError, CompactRange, Hash, LogKey};

use super::jsonl::{End, Hashes, Header, Line, VERSION};
use crate::audit::entry::SALT_BYTES;
use crate::audit::verify::{Finding, Problem, Report, Tally, Verdict, Verifier};

/// Longest line that is read.
const LINE_MAX_BYTES: u64 = 4 * 1024 * 1024;
/// `,"leaf":"` and 64 digits, `","salt":"` and 32 digits, `"}`.
const SUFFIX_BYTES: usize = 9 + 64 + 10 + 2 * SALT_BYTES + 2;

/// Why nothing can be told about a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    #[error("the file cannot be read")]
    Read(#[from] io::Error),
    #[error("the file is no export of an audit log as lines of JSON")]
    NoExport,
    #[error("the export has the form {0}, which this version does not know")]
    OtherVersion(u32),
}

/// What came out for an export.
#[derive(Debug)]
pub struct Checked {
    pub report: Report,
    /// The key that the file names.
    pub key: String,
    /// Which positions it exports, up to and without the second.
    pub range: (u64, u64),
}

/// Reads an export to its end and checks it against the key that is expected, or else the one that the file names.
///
/// # Errors
/// When it is no export.
pub fn check(input: &mut impl BufRead, expected: Option<&LogKey>) -> Result<Checked, CheckError> {
    let first = read_line(input)?.ok_or(CheckError::NoExport)?;
    let Some(Line::Log(header)) = parse(&first) else { return Err(CheckError::NoExport) };
    if header.version != VERSION {
        return Err(CheckError::OtherVersion(header.version));
    }
    let (key, range) = (header.key.clone(), (header.from, header.to));
    let wanted = expected.cloned().map_or_else(|| header.key.parse(), Ok);
    let report = match wanted {
        Ok(log_key) => {
            let window = header.from..header.to;
            let (tenant, origin) = (header.tenant.clone(), header.origin.clone());
            let mut verifier = Verifier::new(tenant, origin, log_key, header.purged.clone(), window);
            let outcome = feed(&mut verifier, &header, input)?;
            verifier.finish(outcome)
        }
        Err(error) => no_key(&header, error),
    };
    Ok(Checked { report, key, range })
}

fn no_key(header: &Header, error: CheckpointError) -> Report {
    let last = header.size.saturating_sub(1);
    let finding = Finding { first: 0, last, problem: Problem::BadCheckpoint { error } };
    Report {
        tenant: header.tenant.to_string(),
        origin: header.origin.clone(),
        tally: Tally::default(),
        verdict: Verdict::Tampered(finding),
    }
}

/// The outer result is the file's, the inner one the log's.
fn feed(verifier: &mut Verifier, header: &Header, input: &mut impl BufRead) -> Result<Result<(), Finding>, CheckError> {
    while let Some(line) = read_line(input)? {
        let taken = match parse(&line) {
            Some(Line::Hashes(hashes)) => take_hashes(verifier, &hashes),
            Some(Line::Checkpoint(note)) => verifier.checkpoint(note.as_bytes()),
            Some(Line::End(End { events })) => {
                let is_last = input.fill_buf()?.is_empty();
                return Ok(at_end(verifier, header, events, is_last));
            }
            Some(Line::Log(_)) => Err(unreadable(verifier)),
            None => take_event(verifier, &line),
        };
        if let Err(finding) = taken {
            return Ok(Err(finding));
        }
    }
    Ok(Err(cut_off(verifier, header)))
}

fn take_event(verifier: &mut Verifier, line: &str) -> Result<(), Finding> {
    let (text, hash, salt) = parse_event(line).ok_or_else(|| unreadable(verifier))?;
    verifier.event(text.as_bytes(), &salt, &hash)
}

fn take_hashes(verifier: &mut Verifier, hashes: &Hashes) -> Result<(), Finding> {
    let subtrees: Option<Vec<Hash>> = hashes.subtrees.iter().map(|hash| hash.parse().ok()).collect();
    let range = subtrees.and_then(|subtrees| CompactRange::from_hashes(hashes.from, hashes.to, &subtrees));
    let range = range.filter(|range| range.begin() == verifier.position());
    verifier.hashed(&range.ok_or_else(|| unreadable(verifier))?)
}

/// The file says itself how much it holds.
fn at_end(verifier: &Verifier, header: &Header, events: u64, is_last: bool) -> Result<(), Finding> {
    let tally = verifier.tally();
    let whole = verifier.position() == header.size && tally.signed == header.size && tally.n_events == events;
    if whole && is_last { Ok(()) } else { Err(cut_off(verifier, header)) }
}

fn cut_off(verifier: &Verifier, header: &Header) -> Finding {
    let position = verifier.position();
    Finding { first: position, last: position, problem: Problem::CutOff { size: header.size as i64 } }
}

fn unreadable(verifier: &Verifier) -> Finding {
    let position = verifier.position();
    Finding { first: position, last: position, problem: Problem::Unreadable }
}

/// A line without its end. A line that is too long, or has no end, is half a line: it parses as nothing.
fn read_line(input: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    input.by_ref().take(LINE_MAX_BYTES).read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Ok(None);
    }
    let whole = line.pop() == Some(b'\n');
    Ok(Some(String::from_utf8(line).ok().filter(|_| whole).unwrap_or_default()))
}

/// A line that is no event, in the one way to write it.
fn parse(line: &str) -> Option<Line> {
    let parsed: Line = serde_json::from_str(line).ok()?;
    (serde_json::to_string(&parsed).ok()? == line).then_some(parsed)
}

/// The text of an event, its hash and its salt, in the one way to write them.
fn parse_event(line: &str) -> Option<(String, Hash, [u8; SALT_BYTES])> {
    let (text, suffix) = line.split_at_checked(line.len().checked_sub(SUFFIX_BYTES)?)?;
    let fields = suffix.strip_prefix(",\"leaf\":\"")?.strip_suffix("\"}")?;
    let (leaf, salt) = fields.split_once("\",\"salt\":\"")?;
    let lower = |text: &str| !text.bytes().any(|b| b.is_ascii_uppercase());
    let mut bytes = [0; SALT_BYTES];
    hex::decode_to_slice(salt, &mut bytes).ok()?;
    let hash = leaf.parse().ok().filter(|_| lower(leaf) && lower(salt))?;
    Some((format!("{text}}}"), hash, bytes))
}
