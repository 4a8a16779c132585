//! An audit log that somebody changed, once and at random, without the key: every change is found, and where it is.
//!
//! The log is checked by the product's own code, leaf by leaf as the database gives them. The untouched log is checked once,
//! and the state of the check is kept every few hundred leaves, so that each trial goes on from shortly before the change.

use std::collections::BTreeMap;
use std::time::Instant;

use fastrand::Rng;
use protocol::audit::{Checkpoint, CompactRange, Hash, LogSigner};
use protocol::ids::{RoomId, SessionId, TenantId};
use protocol::secure::Secret;
use serde_json::json;
use server::audit::entry;
use server::audit::verify::{Finding, Purged, Verdict, Verifier};
use server::storage::{RawEvent, RawLeaf};
use trials::effort::Effort;

const ORIGIN: &str = "redring/contoso/00";
/// The check is kept after so many leaves.
const KEPT_EVERY: usize = 256;
const START: i64 = 1_767_225_600_000;

/// What somebody does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Tampering {
    FlipText,
    FlipSalt,
    FlipHash,
    /// What the database finds the event by.
    Refile,
    RedateColumn,
    RedateText,
    DeleteText,
    DeleteRow,
    /// Those that follow move up.
    DeleteAndClose,
    /// An event that fits its hash; those that follow make room.
    Insert,
    /// At the end of the log.
    Append,
    SwapEvents,
    SwapRows,
    /// Another text with a hash that fits.
    Rehash,
    RedateAndRehash,
    /// The checkpoints that follow have the root that fits, too, under the old signature.
    RehashRoots,
    /// And under a signature with another key.
    RehashAndSign,
    FlipNote,
    MoveNote,
    CutOff,
}

const TAMPERINGS: [Tampering; 20] = [
    Tampering::FlipText,
    Tampering::FlipSalt,
    Tampering::FlipHash,
    Tampering::Refile,
    Tampering::RedateColumn,
    Tampering::RedateText,
    Tampering::DeleteText,
    Tampering::DeleteRow,
    Tampering::DeleteAndClose,
    Tampering::Insert,
    Tampering::Append,
    Tampering::SwapEvents,
    Tampering::SwapRows,
    Tampering::Rehash,
    Tampering::RedateAndRehash,
    Tampering::RehashRoots,
    Tampering::RehashAndSign,
    Tampering::FlipNote,
    Tampering::MoveNote,
    Tampering::CutOff,
];

fn tenant() -> TenantId {
    TenantId::new("contoso").expect("a slug")
}

fn signer(seed: u8) -> LogSigner {
    LogSigner::new(&Secret::new([seed; 32]))
}

fn checkpoint(size: u64, root: Hash) -> Checkpoint {
    Checkpoint { origin: ORIGIN.to_owned(), size, root }
}

/// A log as it lies in the database, and the check of it on the way.
struct Log {
    leaves: Vec<RawLeaf>,
    notes: BTreeMap<u64, String>,
    /// After 0, 256, 512 … leaves.
    kept: Vec<Verifier>,
    /// The tree at the same places.
    trees: Vec<CompactRange>,
}

/// Somebody's version of it: these rows and notes instead of the log's.
#[derive(Default)]
struct Edit {
    /// From this row on, what is read is this, and then the log's rows from `goes_on_at`.
    row: usize,
    instead: Vec<RawLeaf>,
    goes_on_at: usize,
    /// Rows after that say a position this much higher.
    shifted_by: i64,
    /// A single row further on.
    other: Option<(usize, RawLeaf)>,
    notes: BTreeMap<u64, Option<Vec<u8>>>,
    /// Nothing is read from this row on.
    end: Option<usize>,
}

fn leaf(seq: u64, at: i64, session: Option<(SessionId, &str)>, words: u64) -> RawLeaf {
    let (kind, room) = match session {
        Some((_, kind)) => (kind, Some("aurora")),
        None => ("room.changed", None),
    };
    let mut body = json!({
        "actor": { "type": "user", "id": format!("{words:032x}"), "name": format!("Person {words}") },
        "event": kind,
        "version": "1.0.0",
        "words": words,
    });
    if let Some((session, _)) = session {
        body["session"] = session.to_string().into();
        body["room"] = RoomId::new("aurora").expect("a slug").as_str().into();
    }
    let text = entry::text(&body.to_string(), seq, at, &tenant()).expect("an object");
    let mut salt = [0; 16];
    salt[..8].copy_from_slice(&words.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
    RawLeaf {
        seq: seq as i64,
        hash: entry::leaf(text.as_bytes(), &salt).0.to_vec(),
        event: Some(RawEvent {
            at,
            kind: kind.as_bytes().to_vec(),
            session: session.map(|(session, _)| session.0.to_vec()),
            room: room.map(|room| room.as_bytes().to_vec()),
            salt: salt.to_vec(),
            body: text.into_bytes(),
        }),
    }
}

fn hash(leaf: &RawLeaf) -> Hash {
    Hash(leaf.hash.as_slice().try_into().expect("32 bytes"))
}

impl Log {
    fn new(n_events: u64, dice: &mut Rng) -> Self {
        let (mut at, mut open) = (START, Vec::new());
        let mut leaves = Vec::new();
        for seq in 0..n_events {
            at += dice.i64(0..30_000);
            let session = match dice.u8(0..10) {
                0 => {
                    let session = SessionId(dice.u128(..).to_le_bytes());
                    open.push(session);
                    Some((session, "session.start"))
                }
                1 | 2 if !open.is_empty() => Some((open.swap_remove(dice.usize(..open.len())), "session.end")),
                _ => None,
            };
            leaves.push(leaf(seq, at, session, dice.u64(..)));
        }
        let mut log = Self { leaves, notes: BTreeMap::new(), kept: Vec::new(), trees: Vec::new() };
        let mut tree = CompactRange::starting_at(0);
        let mut due = dice.u64(1..200);
        for leaf in &log.leaves {
            tree.push(hash(leaf));
            if tree.end() == due || tree.end() == n_events {
                log.notes.insert(tree.end(), signer(1).sign(&checkpoint(tree.end(), tree.root())));
                due += dice.u64(1..200);
            }
        }
        log.check();
        log
    }

    /// The untouched log is sound, and the check of it is kept on the way.
    fn check(&mut self) {
        let key = signer(1).public_key();
        let mut verifier = Verifier::new(tenant(), ORIGIN.to_owned(), key, Purged::default(), 0..u64::MAX);
        let mut tree = CompactRange::starting_at(0);
        for (row, leaf) in self.leaves.iter().enumerate() {
            if row % KEPT_EVERY == 0 {
                self.kept.push(verifier.clone());
                self.trees.push(tree.clone());
            }
            verifier.stored(leaf).expect("sound");
            tree.push(hash(leaf));
            if let Some(note) = self.notes.get(&verifier.position()) {
                verifier.checkpoint(note.as_bytes()).expect("sound");
            }
        }
        let report = verifier.finish(Ok(()));
        assert_eq!(report.verdict, Verdict::Sound);
        assert_eq!(report.tally.n_events, self.leaves.len() as u64);
        assert_eq!(report.tally.n_checkpoints, self.notes.len() as u64);
    }

    /// What the product says to a version of the log.
    fn verdict(&self, edit: &Edit) -> Option<Finding> {
        let kept = edit.row.min(self.leaves.len() - 1) / KEPT_EVERY;
        let mut verifier = self.kept[kept].clone();
        let mut row = kept * KEPT_EVERY;
        loop {
            let size = verifier.position();
            let Some(leaf) = self.row(edit, row) else { return self.at_end(edit, verifier) };
            if let Err(finding) = verifier.stored(&leaf) {
                return Some(finding);
            }
            row += 1;
            assert_eq!(verifier.position(), size + 1);
            if let Some(note) = self.note(edit, size + 1)
                && let Err(finding) = verifier.checkpoint(&note)
            {
                return Some(finding);
            }
        }
    }

    fn row(&self, edit: &Edit, row: usize) -> Option<RawLeaf> {
        if edit.end.is_some_and(|end| end <= row) {
            return None;
        }
        if row < edit.row || edit.instead.is_empty() && edit.goes_on_at == 0 {
            return self.leaves.get(row).cloned();
        }
        if let Some(leaf) = edit.instead.get(row - edit.row) {
            return Some(leaf.clone());
        }
        let from = row - edit.row - edit.instead.len() + edit.goes_on_at;
        if let Some((other, leaf)) = &edit.other
            && *other == from
        {
            return Some(leaf.clone());
        }
        let mut leaf = self.leaves.get(from)?.clone();
        leaf.seq += edit.shifted_by;
        Some(leaf)
    }

    fn note(&self, edit: &Edit, size: u64) -> Option<Vec<u8>> {
        match edit.notes.get(&size) {
            Some(note) => note.clone(),
            None => self.notes.get(&size).map(|note| note.as_bytes().to_vec()),
        }
    }

    /// As the product looks at what is left when the leaves have come to their end.
    fn at_end(&self, edit: &Edit, verifier: Verifier) -> Option<Finding> {
        let end = verifier.position();
        let cut_off = self.notes.keys().any(|size| end < *size && edit.notes.get(size) != Some(&None));
        if cut_off {
            return Some(Finding {
                first: end,
                last: end,
                problem: server::audit::verify::Problem::CutOff { size: 0 },
            });
        }
        let head = checkpoint(self.leaves.len() as u64, self.root_at(self.leaves.len()));
        if let Err(finding) = verifier.head(Some(&head)) {
            return Some(finding);
        }
        match verifier.finish(Ok(())).verdict {
            Verdict::Tampered(finding) => Some(finding),
            _ => None,
        }
    }

    fn root_at(&self, size: usize) -> Hash {
        let kept = (size / KEPT_EVERY).min(self.trees.len() - 1);
        let mut tree = self.trees[kept].clone();
        for leaf in &self.leaves[kept * KEPT_EVERY..size] {
            tree.push(hash(leaf));
        }
        tree.root()
    }

    /// The root of the next checkpoint after `row`, had that row this hash.
    fn forged_root(&self, row: usize, forged: Hash, size: u64) -> Hash {
        let kept = row / KEPT_EVERY;
        let mut tree = self.trees[kept].clone();
        for (place, leaf) in self.leaves[..size as usize].iter().enumerate().skip(kept * KEPT_EVERY) {
            tree.push(if place == row { forged } else { hash(leaf) });
        }
        tree.root()
    }

    /// How many leaves the last checkpoint before this position is about.
    fn signed_before(&self, position: u64) -> u64 {
        self.notes.range(..=position).next_back().map_or(0, |(size, _)| *size)
    }

    /// Another event in the place of this one, with a hash that fits, and more or less of what follows from it.
    fn rehash(&self, tampering: Tampering, row: usize, dice: &mut Rng) -> (Edit, u64, u64) {
        let at = row as u64;
        let mut changed = self.leaves[row].clone();
        let event = changed.event.as_mut().expect("an event");
        if tampering == Tampering::RedateAndRehash {
            redate(event, dice);
        } else {
            let body = String::from_utf8(event.body.clone()).expect("text");
            event.body = body.replacen("Person ", "Persons ", 1).into_bytes();
        }
        let forged = entry::leaf(&event.body, &event.salt);
        changed.hash = forged.0.to_vec();
        let mut edit = Edit { row, instead: vec![changed], goes_on_at: row + 1, ..Edit::default() };
        let (&size, note) = self.notes.range(at + 1..).next().expect("the last leaf is under a checkpoint");
        let root = self.forged_root(row, forged, size);
        if tampering == Tampering::RehashRoots {
            let honest = self.forged_root(row, hash(&self.leaves[row]), size);
            let line = |root: Hash| signer(9).sign(&checkpoint(size, root)).lines().nth(2).expect("a root").to_owned();
            edit.notes.insert(size, Some(note.replace(&line(honest), &line(root)).into_bytes()));
        } else if tampering == Tampering::RehashAndSign {
            edit.notes.insert(size, Some(signer(2).sign(&checkpoint(size, root)).into_bytes()));
        }
        // Without the key, the log can say no more than between which checkpoints it was.
        (edit, self.signed_before(at), size - 1)
    }

    fn forge_note(&self, tampering: Tampering, dice: &mut Rng) -> (Edit, u64, u64) {
        let (&size, note) = self.notes.iter().nth(dice.usize(..self.notes.len())).expect("a note");
        let mut edit = Edit { row: size as usize - 1, ..Edit::default() };
        let mut note = note.clone().into_bytes();
        let mut place = size;
        if tampering == Tampering::FlipNote {
            flip(&mut note, dice);
        } else {
            place = size - dice.u64(..size.min(100));
            place = if self.notes.contains_key(&place) && place != size { size - 1 } else { place };
            if place == size || place == 0 {
                note.extend_from_slice(b"\n");
                place = size;
            }
            edit.notes.insert(size, None);
            edit.row = place as usize - 1;
        }
        edit.notes.insert(place, Some(note));
        (edit, self.signed_before(place - 1), place - 1)
    }

    /// The edit, and between which positions it has to be found.
    fn tamper(&self, tampering: Tampering, dice: &mut Rng) -> (Edit, u64, u64) {
        let n_rows = self.leaves.len();
        let row = dice.usize(..n_rows);
        let at = row as u64;
        let exact = |edit| (edit, at, at);
        let mut changed = self.leaves[row].clone();
        let event = changed.event.as_mut().expect("an event");
        let one = |leaf: RawLeaf| Edit { row, instead: vec![leaf], goes_on_at: row + 1, ..Edit::default() };
        match tampering {
            Tampering::FlipText => {
                flip(&mut event.body, dice);
                exact(one(changed))
            }
            Tampering::FlipSalt => {
                flip(&mut event.salt, dice);
                exact(one(changed))
            }
            Tampering::FlipHash => {
                flip(&mut changed.hash, dice);
                exact(one(changed))
            }
            Tampering::Refile => {
                match dice.u8(0..3) {
                    0 => flip(&mut event.kind, dice),
                    1 => match &mut event.session {
                        Some(session) => flip(session, dice),
                        none => *none = Some(vec![7; 16]),
                    },
                    _ => event.room = if event.room.is_some() { None } else { Some(b"aurora".to_vec()) },
                }
                exact(one(changed))
            }
            Tampering::RedateColumn => {
                event.at += other_time(dice);
                exact(one(changed))
            }
            Tampering::RedateText => {
                redate(event, dice);
                exact(one(changed))
            }
            Tampering::DeleteText => {
                changed.event = None;
                exact(one(changed))
            }
            Tampering::DeleteRow => exact(Edit { row, goes_on_at: row + 1, ..Edit::default() }),
            Tampering::DeleteAndClose => exact(Edit { row, goes_on_at: row + 1, shifted_by: -1, ..Edit::default() }),
            Tampering::Insert => {
                let new = leaf(at, self.leaves[row].event.as_ref().expect("an event").at, None, dice.u64(..));
                // The next one says the position that the new one has taken, unless a checkpoint comes before it.
                let first = if self.notes.contains_key(&(at + 1)) { self.signed_before(at) } else { at };
                (Edit { row, instead: vec![new], goes_on_at: row, shifted_by: 1, ..Edit::default() }, first, at + 1)
            }
            Tampering::Append => {
                let last = &self.leaves[n_rows - 1];
                let new = leaf(n_rows as u64, last.event.as_ref().expect("an event").at, None, dice.u64(..));
                let edit = Edit { row: n_rows, instead: vec![new], goes_on_at: n_rows, ..Edit::default() };
                (edit, n_rows as u64, n_rows as u64)
            }
            Tampering::SwapEvents | Tampering::SwapRows => {
                let other = (row + dice.usize(1..n_rows)) % n_rows;
                let (row, other) = (row.min(other), row.max(other));
                let (mut first, mut second) = (self.leaves[row].clone(), self.leaves[other].clone());
                std::mem::swap(&mut first.event, &mut second.event);
                if tampering == Tampering::SwapRows {
                    std::mem::swap(&mut first.hash, &mut second.hash);
                }
                let other = Some((other, second));
                (
                    Edit { row, instead: vec![first], goes_on_at: row + 1, other, ..Edit::default() },
                    row as u64,
                    row as u64,
                )
            }
            Tampering::Rehash | Tampering::RedateAndRehash | Tampering::RehashRoots | Tampering::RehashAndSign => {
                self.rehash(tampering, row, dice)
            }
            Tampering::FlipNote | Tampering::MoveNote => self.forge_note(tampering, dice),
            Tampering::CutOff => (Edit { row, end: Some(row), ..Edit::default() }, at, at),
        }
    }
}

fn flip(bytes: &mut [u8], dice: &mut Rng) {
    let place = dice.usize(..bytes.len());
    bytes[place] ^= 1 << dice.u8(0..8);
}

/// Never none: from a millisecond to a year.
fn other_time(dice: &mut Rng) -> i64 {
    let most = 1 << dice.u32(1..35);
    let by = dice.i64(1..=most);
    if dice.bool() { by } else { -by }
}

fn redate(event: &mut RawEvent, dice: &mut Rng) {
    let before = entry::date(event.at);
    event.at += other_time(dice);
    let body = String::from_utf8(event.body.clone()).expect("text");
    event.body = body.replacen(&before, &entry::date(event.at), 1).into_bytes();
}

#[test]
fn every_tampering_is_found_where_it_is() {
    let effort = Effort::or(2000);
    let n_events = if effort.is_long { 100_000 } else { 3000 };
    let log = Log::new(n_events, &mut Rng::with_seed(effort.seed));
    assert_eq!(log.verdict(&Edit { row: n_events as usize - 1, ..Edit::default() }), None, "untouched");
    let (began, mut n_found) = (Instant::now(), BTreeMap::<Tampering, (u64, u64)>::new());
    for seed in effort.seeds() {
        let mut dice = Rng::with_seed(seed);
        let tampering = TAMPERINGS[dice.usize(..TAMPERINGS.len())];
        let (edit, first, last) = log.tamper(tampering, &mut dice);
        let finding = log.verdict(&edit).unwrap_or_else(|| panic!("TRIALS_SEED={seed}: {tampering:?} was not found"));
        assert!(
            first <= finding.first && finding.first <= finding.last && finding.last <= last,
            "TRIALS_SEED={seed}: {tampering:?} is at {first} to {last}, found at {finding:?}"
        );
        let (n, n_exact) = n_found.entry(tampering).or_default();
        *n += 1;
        *n_exact += u64::from(finding.first == finding.last);
    }
    let n_all: u64 = n_found.values().map(|(n, _)| n).sum();
    println!("{n_all} of {} tamperings of a log of {n_events} events found, in {:?}", effort.times, began.elapsed());
    for (tampering, (n, n_exact)) in &n_found {
        println!("{tampering:?}: {n}, {n_exact} of them to the very event");
    }
    assert_eq!(n_all, effort.times);
}
