//! Checks a log without believing anything that lies in it but the key: every leaf is hashed anew, every stored checkpoint must
//! be signed and have the root that the leaves give, time may not run backwards, and a session has one start and one end.
//!
//! [`Verifier`] takes the log leaf by leaf, wherever it comes from: [`stored_log`] feeds it from the database,
//! `audit_export` from an export. What it answers names the first position where something is wrong. Where somebody
//! has also made the hashes fit, which they can without the key, the log can only say between which two checkpoints.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use protocol::audit::{Checkpoint, CheckpointError, CompactRange, Hash, LogKey};
use protocol::ids::{SessionId, TenantId};
use serde::{Deserialize, Serialize};

use super::entry::{self, Head};
use crate::storage::{LogReader, RawEvent, RawLeaf, StorageError, Store, TenantScope};

/// An event may be so much older than one before it: both waited for the one writer.
const UNORDERED_MS: i64 = 60_000;
const PAGE: u32 = 1000;

/// Where something is wrong, and what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub first: u64,
    /// The same as `first` where the position is known exactly.
    pub last: u64,
    pub problem: Problem,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    #[error("is missing")]
    Missing,
    #[error("was put there or moved: its text says another position")]
    Misplaced,
    #[error("does not fit its hash")]
    Changed,
    #[error("is not written as an event of this log")]
    Unreadable,
    #[error("is filed under another time, name, session or room than it says")]
    Misfiled,
    #[error("is there, although the log says that it was purged")]
    NotPurged,
    #[error("is no leaf of the log")]
    NoLeaf,
    #[error("is older than those before it, and no event says that the clock was set back")]
    Backwards,
    #[error("starts or ends a session that had its start or end before")]
    Repeated,
    #[error("ends a session that has no start")]
    EndWithoutStart,
    #[error("does not add up to what the checkpoint of {size} events says")]
    OtherRoot { size: u64 },
    #[error("is under a checkpoint that is worth nothing: {error}")]
    BadCheckpoint { error: CheckpointError },
    #[error("is missing with all that followed: a checkpoint is about {size} events")]
    CutOff { size: i64 },
    #[error("does not add up to the head of the log")]
    OtherHead,
    #[error("has no purge in the log that says so")]
    PurgeNotTold,
}

impl Finding {
    fn at(position: u64, problem: Problem) -> Self {
        Self { first: position, last: position, problem }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.first, self.last) {
            (first, last) if first == last => write!(f, "event {first} {}", self.problem),
            (first, last) => write!(f, "one of the events {first} to {last} {}", self.problem),
        }
    }
}

/// Which events are there by their hashes only, as the last `audit.purge` says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Purged {
    /// All before this position.
    pub to: u64,
    /// Runs after it, each from its first position up to and without the second: events that were dated wrongly.
    #[serde(default)]
    pub beyond: Vec<(u64, u64)>,
}

impl Purged {
    pub fn contains(&self, position: u64) -> bool {
        position < self.to || self.beyond.iter().any(|(begin, end)| (*begin..*end).contains(&position))
    }

    fn is_empty(&self) -> bool {
        self.to == 0 && self.beyond.is_empty()
    }

    /// What an `audit.purge` says.
    fn read(text: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Told {
            to: u64,
            #[serde(default)]
            beyond: Vec<(u64, u64)>,
        }
        let Told { to, beyond } = serde_json::from_slice(text).ok()?;
        Some(Self { to, beyond })
    }
}

/// What was checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Events whose text is there.
    pub n_events: u64,
    /// Events that are there by their hashes only.
    pub n_hashed: u64,
    pub n_checkpoints: u64,
    /// How many leaves the last checkpoint is about.
    pub signed: u64,
    pub n_sessions: u64,
    /// Sessions with a start and no end so far.
    pub n_open: u64,
}

/// What came out for one log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub tenant: String,
    pub origin: String,
    pub tally: Tally,
    pub verdict: Verdict,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Sound,
    Tampered(Finding),
    /// There are events and no checkpoint at all: nothing says what they were.
    Unsigned,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Started,
    Ended,
}

/// A log on its way through the check.
#[derive(Debug, Clone)]
pub struct Verifier {
    tenant: TenantId,
    origin: String,
    key: LogKey,
    purged: Purged,
    /// Where every event must be there that was not purged.
    window: Range<u64>,
    tree: CompactRange,
    /// The latest time so far.
    latest: i64,
    /// The first step back in time. Forgiven when the events turn out to be from before the log was kept like this.
    backwards: Option<Finding>,
    sessions: HashMap<SessionId, Seen>,
    last_purge: Option<Purged>,
    tally: Tally,
}

impl Verifier {
    pub fn new(tenant: TenantId, origin: String, key: LogKey, purged: Purged, window: Range<u64>) -> Self {
        Self {
            tenant,
            origin,
            key,
            purged,
            window,
            tree: CompactRange::starting_at(0),
            latest: i64::MIN,
            backwards: None,
            sessions: HashMap::new(),
            last_purge: None,
            tally: Tally::default(),
        }
    }

    /// How many leaves were taken so far.
    pub fn position(&self) -> u64 {
        self.tree.end()
    }

    /// What was checked so far.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Takes the next leaf of the database.
    ///
    /// # Errors
    /// When something is wrong with it.
    pub fn stored(&mut self, leaf: &RawLeaf) -> Result<(), Finding> {
        let position = self.tree.end();
        match u64::try_from(leaf.seq) {
            Ok(seq) if seq == position => {}
            Ok(seq) if position < seq => {
                return Err(Finding { last: seq - 1, ..Finding::at(position, Problem::Missing) });
            }
            _ => return Err(Finding::at(position, Problem::Misplaced)),
        }
        let Ok(hash) = <[u8; 32]>::try_from(leaf.hash.as_slice()).map(Hash) else {
            return Err(Finding::at(position, Problem::Changed));
        };
        let Some(event) = &leaf.event else {
            let mut hashed = CompactRange::starting_at(position);
            hashed.push(hash);
            return self.hashed(&hashed);
        };
        self.event(&event.body, &event.salt, &hash)?;
        // Its own words were checked by now.
        if is_filed_right(event) { Ok(()) } else { Err(Finding::at(position, Problem::Misfiled)) }
    }

    /// Takes the next event: its text, its salt and the hash that it is said to have.
    ///
    /// # Errors
    /// When something is wrong with it.
    pub fn event(&mut self, text: &[u8], salt: &[u8], hash: &Hash) -> Result<(), Finding> {
        let position = self.tree.end();
        let wrong = |problem| Err(Finding::at(position, problem));
        if self.purged.contains(position) {
            return wrong(Problem::NotPurged);
        }
        if salt.len() != entry::SALT_BYTES || entry::leaf(text, salt) != *hash {
            return wrong(Problem::Changed);
        }
        let Some(head) = Head::read(text) else { return wrong(Problem::Unreadable) };
        let Some(at) = head.at().filter(|_| head.tenant == self.tenant.as_str()) else {
            return wrong(Problem::Unreadable);
        };
        if head.seq != position {
            // After an event that was put in, those that follow say the position before theirs.
            let first = if head.seq + 1 == position { head.seq } else { position };
            return Err(Finding { first, ..Finding::at(position, Problem::Misplaced) });
        }
        self.time(position, &head, at);
        self.session(position, &head)?;
        if head.event == "audit.purge" {
            let Some(purged) = Purged::read(text) else { return wrong(Problem::Unreadable) };
            self.last_purge = Some(purged);
        }
        self.tree.push(*hash);
        self.tally.n_events += 1;
        Ok(())
    }

    /// Takes leaves of which only hashes are there.
    ///
    /// # Errors
    /// When they do not follow, or one of them must be there in full.
    pub fn hashed(&mut self, range: &CompactRange) -> Result<(), Finding> {
        let position = self.tree.end();
        let must_be_there = range.begin().max(self.window.start)..range.end().min(self.window.end);
        if let Some(missing) = self.first_not_purged(must_be_there) {
            return Err(Finding::at(missing, Problem::Missing));
        }
        if !self.tree.extend(range) {
            return Err(Finding::at(position, Problem::Misplaced));
        }
        self.tally.n_hashed += range.end() - range.begin();
        Ok(())
    }

    /// Takes a checkpoint about all leaves so far.
    ///
    /// # Errors
    /// When it is not signed with the key of the log or says anything else.
    pub fn checkpoint(&mut self, note: &[u8]) -> Result<(), Finding> {
        let size = self.tree.end();
        let since_last = |problem| Finding {
            first: self.tally.signed.min(size.saturating_sub(1)),
            ..Finding::at(size.saturating_sub(1), problem)
        };
        let note = str::from_utf8(note).map_err(|_| CheckpointError::Malformed);
        let told = note.and_then(|note| self.key.open(&self.origin, note));
        let told = told.map_err(|error| since_last(Problem::BadCheckpoint { error }))?;
        if told.size != size || told.root != self.tree.root() {
            return Err(since_last(Problem::OtherRoot { size: told.size }));
        }
        self.tally.n_checkpoints += 1;
        self.tally.signed = size;
        Ok(())
    }

    /// Ends the check; a log that is sound so far may still break its word about time and purges.
    pub fn finish(mut self, so_far: Result<(), Finding>) -> Report {
        self.tally.n_sessions = self.sessions.len() as u64;
        self.tally.n_open = self.sessions.values().filter(|seen| **seen == Seen::Started).count() as u64;
        let purge_told = || match &self.last_purge {
            Some(told) if *told == self.purged => Ok(()),
            None if self.purged.is_empty() => Ok(()),
            _ => Err(Finding::at(0, Problem::PurgeNotTold)),
        };
        let outcome = so_far.and_then(|()| self.backwards.map_or(Ok(()), Err)).and_then(|()| purge_told());
        let verdict = match outcome {
            Err(finding) => Verdict::Tampered(finding),
            Ok(()) if self.tally.n_checkpoints == 0 && !self.tree.is_empty() => Verdict::Unsigned,
            Ok(()) => Verdict::Sound,
        };
        Report { tenant: self.tenant.to_string(), origin: self.origin, tally: self.tally, verdict }
    }

    fn first_not_purged(&self, range: Range<u64>) -> Option<u64> {
        let mut position = range.start.max(self.purged.to);
        while position < range.end {
            match self.purged.beyond.iter().find(|(begin, end)| (*begin..*end).contains(&position)) {
                Some((_, end)) => position = *end,
                None => return Some(position),
            }
        }
        None
    }

    fn time(&mut self, position: u64, head: &Head<'_>, at: i64) {
        match head.event.as_ref() {
            "audit.clock_set_back" => self.latest = at,
            // What was before it stands as it was.
            "audit.begun" => self.backwards = None,
            _ => {}
        }
        if at < self.latest.saturating_sub(UNORDERED_MS) && self.backwards.is_none() {
            self.backwards = Some(Finding::at(position, Problem::Backwards));
        }
        self.latest = self.latest.max(at);
    }

    fn session(&mut self, position: u64, head: &Head<'_>) -> Result<(), Finding> {
        let seen = match head.event.as_ref() {
            "session.start" => Seen::Started,
            "session.end" => Seen::Ended,
            _ => return Ok(()),
        };
        let session = head.session.as_ref().and_then(|session| session.parse().ok());
        let session: SessionId = session.ok_or_else(|| Finding::at(position, Problem::Unreadable))?;
        let before = self.sessions.insert(session, seen);
        // A start that is not there in full is not seen.
        let may_be_hidden = self.tally.n_hashed != 0;
        match (before, seen) {
            (None, Seen::Started) | (Some(Seen::Started), Seen::Ended) => Ok(()),
            (None, Seen::Ended) if may_be_hidden => Ok(()),
            (None, Seen::Ended) => Err(Finding::at(position, Problem::EndWithoutStart)),
            (Some(_), _) => Err(Finding::at(position, Problem::Repeated)),
        }
    }
}

/// Whether what the database finds it by is what it says.
fn is_filed_right(event: &RawEvent) -> bool {
    let Some(head) = Head::read(&event.body) else { return false };
    let session = event.session.as_deref().map(hex::encode);
    head.at() == Some(event.at)
        && head.event.as_bytes() == event.kind
        && head.session.as_deref() == session.as_deref()
        && head.room.as_deref().map(str::as_bytes) == event.room.as_deref()
}

/// Checks the log of a tenant in the database against `key`.
///
/// # Errors
/// When the database cannot be read.
pub async fn stored_log(storage: &Store, scope: &TenantScope, key: &LogKey) -> Result<Report, StorageError> {
    let mut reader = storage.log(scope).await?;
    let origin = reader.origin().to_owned();
    let purged = match reader.last_purge().await?.map(|leaf| purge(&leaf)).transpose() {
        Ok(purged) => purged.unwrap_or_default(),
        Err(finding) => {
            let verifier = Verifier::new(scope.tenant().clone(), origin, key.clone(), Purged::default(), 0..u64::MAX);
            return Ok(verifier.finish(Err(finding)));
        }
    };
    let mut verifier = Verifier::new(scope.tenant().clone(), origin, key.clone(), purged, 0..u64::MAX);
    let outcome = feed(&mut verifier, reader.as_mut()).await?;
    Ok(verifier.finish(outcome))
}

/// What the last purge says, if it is what it seems to be.
///
/// # Errors
/// When it is not.
pub fn purge(leaf: &RawLeaf) -> Result<Purged, Finding> {
    let wrong = |problem| Finding::at(leaf.seq.unsigned_abs(), problem);
    let event = leaf.event.as_ref().ok_or_else(|| wrong(Problem::Missing))?;
    if entry::leaf(&event.body, &event.salt).0.as_slice() != leaf.hash {
        return Err(wrong(Problem::Changed));
    }
    if !is_filed_right(event) {
        return Err(wrong(Problem::Misfiled));
    }
    Purged::read(&event.body).ok_or_else(|| wrong(Problem::Unreadable))
}

/// The outer result is the database's, the inner one the log's.
async fn feed(verifier: &mut Verifier, reader: &mut dyn LogReader) -> Result<Result<(), Finding>, StorageError> {
    let mut notes = Notes::default();
    let mut after = None;
    loop {
        let leaves = reader.leaves(after, PAGE).await?;
        let Some(last) = leaves.last() else { break };
        after = Some(last.seq);
        for leaf in &leaves {
            if let Err(finding) = verifier.stored(leaf) {
                return Ok(Err(finding));
            }
            while let Some((size, note)) = notes.next(reader).await? {
                if (verifier.position() as i64) < size {
                    notes.put_back((size, note));
                    break;
                }
                if let Err(finding) = verifier.checkpoint(&note) {
                    return Ok(Err(finding));
                }
            }
        }
    }
    let end = verifier.position();
    if let Some((size, _)) = notes.next(reader).await? {
        return Ok(Err(Finding::at(end, Problem::CutOff { size })));
    }
    if let Some(stray) = reader.stray().await? {
        return Ok(Err(Finding::at(stray.unsigned_abs(), Problem::NoLeaf)));
    }
    Ok(verifier.head(reader.head()))
}

impl Verifier {
    /// Compares with the head that the log goes on from.
    /// # Errors
    /// When it is another.
    pub fn head(&self, head: Option<&Checkpoint>) -> Result<(), Finding> {
        let end = self.tree.end();
        match head {
            Some(head) if head.size == end && head.root == self.tree.root() => Ok(()),
            Some(head) if end < head.size => Err(Finding::at(end, Problem::CutOff { size: head.size as i64 })),
            Some(head) if head.size < end => Err(Finding::at(head.size, Problem::OtherHead)),
            _ => {
                let first = self.tally.signed.min(end.saturating_sub(1));
                Err(Finding { first, ..Finding::at(end.saturating_sub(1), Problem::OtherHead) })
            }
        }
    }
}

/// The checkpoints of a log in their order, some read ahead.
#[derive(Default)]
struct Notes {
    ahead: std::collections::VecDeque<(i64, Vec<u8>)>,
    after: Option<i64>,
    at_end: bool,
}

impl Notes {
    async fn next(&mut self, reader: &mut dyn LogReader) -> Result<Option<(i64, Vec<u8>)>, StorageError> {
        if self.ahead.is_empty() && !self.at_end {
            self.ahead = reader.checkpoints(self.after, PAGE).await?.into();
            self.after = self.ahead.back().map(|(size, _)| *size).or(self.after);
            self.at_end = self.ahead.is_empty();
        }
        Ok(self.ahead.pop_front())
    }

    fn put_back(&mut self, note: (i64, Vec<u8>)) {
        self.ahead.push_front(note);
    }
}
