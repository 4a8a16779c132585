//! `redring-server audit export`: the log as lines of JSON, which `audit verify` checks on their own, or as CSV.

mod check;
mod csv;
mod jsonl;

use std::io::{self, Write};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use protocol::api::UnixMillis;
use protocol::audit::LogSigner;

use crate::storage::{StorageError, Store, TenantScope};

pub use check::{CheckError, Checked, check};

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// One JSON object per line, with proofs
    Jsonl,
    /// Comma-separated values with a header
    Csv,
}

impl Format {
    /// As it is asked for.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
        }
    }
}

/// Why an export stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error("the export could not be written")]
    Write(#[from] io::Error),
    #[error("event {seq} cannot be read")]
    Unreadable { seq: u64 },
}

/// Which events are exported: from the first, up to and without the second.
#[derive(Debug, Clone, Copy, Default)]
pub struct Range {
    pub from: Option<UnixMillis>,
    pub to: Option<UnixMillis>,
}

/// Writes the events of a tenant, oldest first; returns how many.
///
/// # Errors
/// When the database or `out` fails.
pub async fn export(
    storage: &Store,
    signer: &LogSigner,
    scope: &TenantScope,
    range: Range,
    format: Format,
    out: &mut impl Write,
) -> Result<u64, ExportError> {
    let n_events = match format {
        Format::Jsonl => jsonl::write(storage, signer, scope, range, out).await?,
        Format::Csv => csv::write(storage, scope, range, out).await?,
    };
    out.flush()?;
    Ok(n_events)
}

/// Reads a bound of the command line: a date (its first moment in UTC) or a moment (RFC 3339).
///
/// # Errors
/// When the text is neither.
pub fn parse_bound(text: &str) -> Result<UnixMillis, String> {
    let as_date = || {
        let midnight = text.parse::<jiff::civil::Date>().ok().filter(|_| !text.contains('T'))?.at(0, 0, 0, 0);
        midnight.to_zoned(TimeZone::UTC).ok().map(|midnight| midnight.timestamp())
    };
    let moment = as_date().or_else(|| text.parse().ok());
    moment
        .map(Timestamp::as_millisecond)
        .ok_or_else(|| "take a date (2026-01-31) or a moment (2026-01-31T12:00:00Z)".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_dates_or_moments() {
        assert_eq!(parse_bound("1970-01-02"), Ok(86_400_000));
        assert_eq!(parse_bound("1970-01-01T00:00:01Z"), Ok(1000));
        assert!(parse_bound("yesterday").is_err());
    }
}
