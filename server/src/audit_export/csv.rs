//! The log as a table: one row per event.

use std::io::{self, Write};

use serde_json::Value;

use super::{ExportError, Range};
use crate::audit::entry::{self, date};
use crate::audit::{Event, Outcome};
use crate::storage::{EventFilter, Store, StoredEvent, TenantScope};

/// Events read at a time.
const PAGE: u32 = 1000;

pub(super) async fn write(
    storage: &Store,
    scope: &TenantScope,
    range: Range,
    out: &mut impl Write,
) -> Result<u64, ExportError> {
    write_row(out, COLUMNS.iter().map(|column| (*column).to_owned()))?;
    let mut filter = EventFilter { from_seq: 0, from: range.from, to: range.to };
    let mut n_events = 0;
    loop {
        let events = storage.events(scope, filter, PAGE).await?;
        let Some(last) = events.last() else { return Ok(n_events) };
        filter.from_seq = last.seq + 1;
        for event in &events {
            let body = serde_json::from_str(&event.body).map_err(|_| ExportError::Unreadable { seq: event.seq })?;
            write_row(out, cells(scope, event, &body))?;
            n_events += 1;
        }
    }
}

/// The first eight columns are those that programs for such logs expect; ours follow.
const COLUMNS: [&str; 21] = [
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
    "event.leafHash",
];

fn cells(scope: &TenantScope, event: &StoredEvent, body: &Value) -> [String; 21] {
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
        entry::leaf(event.body.as_bytes(), &event.salt).to_string(),
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

fn write_row(out: &mut impl Write, cells: impl IntoIterator<Item = String>) -> io::Result<()> {
    let cells: Vec<String> = cells.into_iter().map(cell).collect();
    write!(out, "{}\r\n", cells.join(","))
}

/// Quoted where needed. A text that a spreadsheet would take for a formula is kept a text by an apostrophe.
fn cell(text: String) -> String {
    let text = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit_export::{Format, export};
    use crate::test_server::TestServer;

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

    #[tokio::test]
    async fn the_first_eight_columns_are_the_usual_ones() {
        let server = TestServer::start().await;
        server.administrator().await;
        let mut out = Vec::new();
        let scope = server.scope("contoso").await;
        let core = &server.core;
        export(&core.storage, core.keys.log(), &scope, Range::default(), Format::Csv, &mut out)
            .await
            .expect("exported");
        let csv = String::from_utf8(out).expect("text");
        let mut lines = csv.split("\r\n");
        let header = lines.next().expect("a header");
        assert!(header.starts_with(
            "activity.category,activity.objectName,activity.operation,activity.resultStatus,activity.tenantId,\
             creationTime,user.userId,user.userTenantId,session.id,"
        ));
        assert!(header.ends_with(",event.name,event.position,event.leafHash"));
        let enabled = lines.clone().find(|line| line.contains("remote_access.enabled")).expect("a row");
        assert!(enabled.starts_with(
            "RemoteAccessSetting,admin@example.com,Update,Successful,contoso,2026-01-01T00:00:00.000Z,operator,contoso,"
        ));
        assert!(lines.filter(|line| !line.is_empty()).all(|line| line.split(',').count() == COLUMNS.len()));
    }
}
