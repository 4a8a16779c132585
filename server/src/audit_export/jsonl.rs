//! The log as lines that prove themselves.
//!
//! The lines follow the leaves of the tree from the first to the last: an event with its salt and hash, or the hashes of the
//! subtrees of what is not exported or was purged; after them the checkpoints of the range where they belong, and at last one
//! that is about all leaves. So whoever reads the file computes every root anew. `docs/audit-log.md` has the form.

use std::collections::VecDeque;
use std::io::{self, Write};

use protocol::audit::{CompactRange, Hash, LogSigner};
use protocol::ids::TenantId;
use serde::{Deserialize, Serialize};

use super::{ExportError, Range};
use crate::audit::checkpoint;
use crate::audit::verify::{self, Purged};
use crate::storage::{LogReader, RawEvent, RawLeaf, StorageError, Store, TenantScope};

/// The version of the form.
pub(super) const VERSION: u32 = 1;
const PAGE: u32 = 1000;

/// A line that is no event.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line {
    /// The first.
    Log(Header),
    Hashes(Hashes),
    /// A signed note.
    Checkpoint(String),
    /// The last.
    End(End),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    pub(super) version: u32,
    pub(super) tenant: TenantId,
    pub(super) origin: String,
    pub(super) key: String,
    /// The first position that is exported, and the first that is not any more.
    pub(super) from: u64,
    pub(super) to: u64,
    /// Leaves of the whole tree.
    pub(super) size: u64,
    pub(super) purged: Purged,
}

/// Leaves of which only the hashes of subtrees are here.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Hashes {
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) subtrees: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct End {
    pub(super) events: u64,
}

pub(super) async fn write(
    storage: &Store,
    signer: &LogSigner,
    scope: &TenantScope,
    range: Range,
    out: &mut impl Write,
) -> Result<u64, ExportError> {
    checkpoint::sign(storage, signer, scope).await?;
    let mut reader = storage.log(scope).await?;
    let last = reader.last_checkpoint().await?;
    let size = last.map_or(0, |(size, _)| size.unsigned_abs());
    let (from, to) = span(reader.as_mut(), range, size).await?;
    let purge = reader.last_purge().await?;
    let purged = purge.as_ref().map(|leaf| verify::purge(leaf).map_err(|_| unreadable(leaf))).transpose()?;
    let header = Header {
        version: VERSION,
        tenant: scope.tenant().clone(),
        origin: reader.origin().to_owned(),
        key: signer.public_key().to_string(),
        from,
        to,
        size,
        purged: purged.unwrap_or_default(),
    };
    write_line(out, &Line::Log(header.clone()))?;
    let mut lines =
        Lines { out, header, purge: purge.map(|leaf| leaf.seq), run: CompactRange::starting_at(0), n_events: 0 };
    lines.leaves(reader.as_mut()).await?;
    let events = lines.n_events;
    write_line(out, &Line::End(End { events }))?;
    Ok(events)
}

/// The positions that a range of time covers. Times may go back a little: what lies between is exported with the rest.
async fn span(reader: &mut dyn LogReader, range: Range, size: u64) -> Result<(u64, u64), StorageError> {
    if range.from.is_none() && range.to.is_none() {
        return Ok((0, size));
    }
    let span = reader.span(range.from, range.to).await?;
    Ok(span.map_or((0, 0), |(first, last)| (first.min(size), (last + 1).min(size))))
}

struct Lines<'a, W> {
    out: &'a mut W,
    header: Header,
    /// Where the last purge is told: whoever checks wants to see it, wherever it is.
    purge: Option<i64>,
    /// Leaves that are not exported and stand on no line yet.
    run: CompactRange,
    n_events: u64,
}

impl<W: Write> Lines<'_, W> {
    async fn leaves(&mut self, reader: &mut dyn LogReader) -> Result<(), ExportError> {
        let mut notes = VecDeque::from(reader.checkpoints(None, PAGE).await?);
        let (size, mut after) = (self.header.size, None);
        while self.run.end() < size {
            let leaves = reader.leaves(after, PAGE).await?;
            let Some(last) = leaves.last() else { break };
            after = Some(last.seq);
            for leaf in leaves.iter().take_while(|leaf| leaf.seq.unsigned_abs() < size) {
                self.leaf(leaf)?;
                let position = self.run.end();
                while let Some((about, note)) = notes.pop_front() {
                    if (position as i64) < about {
                        notes.push_front((about, note));
                        break;
                    }
                    if notes.is_empty() {
                        notes = reader.checkpoints(Some(about), PAGE).await?.into();
                    }
                    if self.header.from < position && position <= self.header.to || position == size {
                        self.flush()?;
                        let note = String::from_utf8(note).map_err(|_| unreadable(leaf))?;
                        write_line(self.out, &Line::Checkpoint(note))?;
                    }
                }
            }
        }
        Ok(())
    }

    fn leaf(&mut self, leaf: &RawLeaf) -> Result<(), ExportError> {
        let position = leaf.seq.unsigned_abs();
        let hash = leaf.hash.as_slice().try_into().map(Hash).map_err(|_| unreadable(leaf))?;
        let wanted = (self.header.from..self.header.to).contains(&position) || self.purge == Some(leaf.seq);
        match leaf.event.as_ref().filter(|_| wanted) {
            None => self.run.push(hash),
            Some(event) => {
                self.flush()?;
                let line = event_line(event, &hash).ok_or_else(|| unreadable(leaf))?;
                writeln!(self.out, "{line}")?;
                self.run = CompactRange::starting_at(position + 1);
                self.n_events += 1;
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.run.is_empty() {
            return Ok(());
        }
        let (from, to) = (self.run.begin(), self.run.end());
        let subtrees = self.run.hashes().map(ToString::to_string).collect();
        self.run = CompactRange::starting_at(to);
        write_line(self.out, &Line::Hashes(Hashes { from, to, subtrees }))
    }
}

/// The text of the event with two fields behind it. `None` when the text is none.
pub(super) fn event_line(event: &RawEvent, hash: &Hash) -> Option<String> {
    let text = str::from_utf8(&event.body).ok()?.strip_suffix('}')?;
    Some(format!("{text},\"leaf\":\"{hash}\",\"salt\":\"{}\"}}", hex::encode(&event.salt)))
}

fn write_line(out: &mut impl Write, line: &Line) -> io::Result<()> {
    writeln!(out, "{}", serde_json::to_string(line)?)
}

fn unreadable(leaf: &RawLeaf) -> ExportError {
    ExportError::Unreadable { seq: leaf.seq.unsigned_abs() }
}
