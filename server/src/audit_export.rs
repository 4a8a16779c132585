//! `redring-server audit export`: the log as lines of JSON or as CSV.

use std::io::{self, Write};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use protocol::api::UnixMillis;
use serde_json::Value;

use crate::audit::{Event, Outcome};
use crate::storage::{EventFilter, StorageError, Store, StoredEvent, TenantScope};

/// Events read at a time.
const PAGE: u32 = 1000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// One JSON object per line
    Jsonl,
    /// Comma-separated values with a header
    Csv,
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
    scope: &TenantScope,
    range: Range,
    format: Format,
    out: &mut impl Write,
) -> Result<u64, ExportError> {
    if format == Format::Csv {
        write_row(out, COLUMNS.iter().map(|column| (*column).to_owned()))?;
    }
    let mut filter = EventFilter { from_seq: 0, from: range.from, to: range.to };
    let mut n_events = 0;
    loop {
        let events = storage.events(scope, filter, PAGE).await?;
        let Some(last) = events.last() else { break };
        filter.from_seq = last.seq + 1;
        for event in &events {
            write_event(out, scope, event, format)?;
            n_events += 1;
        }
    }
    out.flush()?;
    Ok(n_events)
}

fn write_event(
    out: &mut impl Write,
    scope: &TenantScope,
    event: &StoredEvent,
    format: Format,
) -> Result<(), ExportError> {
    let body: Value = serde_json::from_str(&event.body).map_err(|_| ExportError::Unreadable { seq: event.seq })?;
    match format {
        Format::Jsonl => write_line(out, scope, event, body)?,
        Format::Csv => write_row(out, cells(scope, event, &body))?,
    }
    Ok(())
}

fn write_line(out: &mut impl Write, scope: &TenantScope, event: &StoredEvent, mut body: Value) -> io::Result<()> {
    if let Some(object) = body.as_object_mut() {
        object.insert("seq".to_owned(), event.seq.into());
        object.insert("at".to_owned(), date(event.at).into());
        object.insert("tenant".to_owned(), scope.tenant().as_str().into());
    }
    writeln!(out, "{body}")
}

/// The first eight columns are those that programs for such logs expect; ours follow.
const COLUMNS: [&str; 20] = [
    "activity.category",
    "activity.objectName",
    "activity.operation",
    "activity.resultStatus",
    "activity.tenantId",
    "creationTime",
    "user.userId",
    "user.userTenantId",
    "session.id",
    "session.roomId",
    "session.level",
    "session.start",
    "session.end",
    "session.durationSec",
    "session.endReason",
    "session.display",
    "session.restartAtEnd",
    "client.address",
    "event.name",
    "event.position",
];

fn cells(scope: &TenantScope, event: &StoredEvent, body: &Value) -> [String; 20] {
    let (category, operation, outcome) = Event::classify(&event.kind)
        .map_or(("", "", ""), |(category, operation, outcome)| (category.name(), operation, outcome_text(outcome)));
    let (started_at, ended_at) = (body["started_at"].as_i64(), body["ended_at"].as_i64());
    let duration_s = started_at.zip(ended_at).map(|(start, end)| ((end - start) / 1000).to_string());
    let user = if body["actor"]["type"] == "user" { text(&body["actor"]["id"]) } else { text(&body["actor"]["type"]) };
    let tenant = scope.tenant().to_string();
    [
        category.to_owned(),
        object_name(body),
        operation.to_owned(),
        outcome.to_owned(),
        tenant.clone(),
        date(event.at),
        user,
        tenant,
        text(&body["session"]),
        text(&body["room"]),
        text(&body["access"]),
        started_at.map(date).unwrap_or_default(),
        ended_at.map(date).unwrap_or_default(),
        duration_s.unwrap_or_default(),
        if body["end_reason"].is_string() { text(&body["end_reason"]) } else { text(&body["code"]) },
        text(&body["display"]),
        if body["restarts"].is_boolean() { text(&body["restarts"]) } else { text(&body["restart_on_end"]) },
        text(&body["client_address"]),
        event.kind.clone(),
        event.seq.to_string(),
    ]
}

fn outcome_text(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Successful => "Successful",
        Outcome::Failed => "Failed",
    }
}

/// What the event is about: the room, else the role, person or name.
fn object_name(body: &Value) -> String {
    let fields = ["room", "role", "name", "after", "user", "acknowledged_by"];
    fields.iter().map(|field| text(&body[field])).find(|text| !text.is_empty()).unwrap_or_default()
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        _ => String::new(),
    }
}

fn date(at: UnixMillis) -> String {
    Timestamp::from_millisecond(at).map(|at| format!("{at:.3}")).unwrap_or_default()
}

fn write_row(out: &mut impl Write, cells: impl IntoIterator<Item = String>) -> io::Result<()> {
    let cells: Vec<String> = cells.into_iter().map(cell).collect();
    write!(out, "{}\r\n", cells.join(","))
}

/// Quoted where needed. A text that a spreadsheet would take for a formula is kept a text by an apostrophe.
fn cell(text: String) -> String {
    let text = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
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
    use crate::test_server::{START, TestServer};

    #[test]
    fn cells_are_quoted_and_formulas_are_texts() {
        for (text, expected) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("=1+1", "'=1+1"),
            ("@x,y", "\"'@x,y\""),
        ] {
            assert_eq!(cell(text.to_owned()), expected);
        }
    }

    #[test]
    fn bounds_are_dates_or_moments() {
        assert_eq!(parse_bound("1970-01-02"), Ok(86_400_000));
        assert_eq!(parse_bound("1970-01-01T00:00:01Z"), Ok(1000));
        assert!(parse_bound("yesterday").is_err());
    }

    #[test]
    fn dates_are_utc_with_milliseconds() {
        assert_eq!(date(1_767_225_600_123), "2026-01-01T00:00:00.123Z");
    }

    async fn exported(server: &TestServer, range: Range, format: Format) -> String {
        let mut out = Vec::new();
        let scope = server.scope("contoso").await;
        export(&server.core.storage, &scope, range, format, &mut out).await.expect("exported");
        String::from_utf8(out).expect("text")
    }

    #[tokio::test]
    async fn the_first_eight_columns_are_the_usual_ones() {
        let server = TestServer::start().await;
        server.administrator().await;
        let csv = exported(&server, Range::default(), Format::Csv).await;
        let mut lines = csv.split("\r\n");
        let header = lines.next().expect("a header");
        assert!(header.starts_with(
            "activity.category,activity.objectName,activity.operation,activity.resultStatus,activity.tenantId,\
             creationTime,user.userId,user.userTenantId,session.id,"
        ));
        let enabled = lines.clone().find(|line| line.contains("remote_access.enabled")).expect("a row");
        assert!(enabled.starts_with(
            "RemoteAccessSetting,admin@example.com,Update,Successful,contoso,2026-01-01T00:00:00.000Z,operator,contoso,"
        ));
        assert!(lines.filter(|line| !line.is_empty()).all(|line| line.split(',').count() == COLUMNS.len()));
    }

    #[tokio::test]
    async fn a_range_is_exported_without_its_end() {
        let server = TestServer::start().await;
        server.clock.advance(std::time::Duration::from_secs(1));
        server.administrator().await;
        let range = Range { from: Some(START + 1000), to: None };
        let lines = exported(&server, range, Format::Jsonl).await;
        let events: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(events.len(), 1);
        assert_eq!((&events[0]["event"], &events[0]["tenant"]), (&"login.succeeded".into(), &"contoso".into()));
        assert_eq!(events[0]["at"], "2026-01-01T00:00:01.000Z");
        let before = Range { from: None, to: Some(START + 1000) };
        assert!(!exported(&server, before, Format::Jsonl).await.contains("login.succeeded"));
    }
}
