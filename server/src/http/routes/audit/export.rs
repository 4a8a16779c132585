use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use protocol::api::{Problem, UnixMillis};
use serde::Deserialize;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;
use utoipa::IntoParams;

use crate::audit::Event;
use crate::audit_export::{self, ExportError, Format, Range};
use crate::http::error::ApiResult;
use crate::http::extract::{ApiQuery, Everywhere, needs};
use crate::http::step_up::StepUp;
use crate::state::AppState;
use crate::storage::TenantScope;

/// Written at once.
const CHUNK_BYTES: usize = 64 * 1024;
/// Chunks that wait for whoever downloads them.
const WAITING: usize = 4;

/// What part of the log is wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Span {
    /// From this moment on, in Unix milliseconds
    from: Option<UnixMillis>,
    /// Before this moment, in Unix milliseconds
    to: Option<UnixMillis>,
}

/// The log as a table, oldest first
///
/// A download that breaks off is not the whole.
#[utoipa::path(
    get, path = "/audit/export.csv", tag = "audit", security(("login" = [])), params(Span),
    extensions(("x-needs" = json!("everywhere:audit.export")), ("x-step-up" = json!("setting"))), responses(
        (status = 200, body = String, content_type = "text/csv"), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
    ),
)]
pub(super) async fn csv(
    State(state): State<AppState>,
    permitted: Everywhere<needs::AuditExport>,
    _: StepUp,
    ApiQuery(span): ApiQuery<Span>,
) -> ApiResult<Response> {
    export(state, permitted, Format::Csv, span).await
}

/// The log as lines with proofs, oldest first
///
/// `redring-server audit verify --export` checks them. A download that breaks off is not the whole: the last line says how
/// many events there are.
#[utoipa::path(
    get, path = "/audit/export.jsonl", tag = "audit", security(("login" = [])), params(Span),
    extensions(("x-needs" = json!("everywhere:audit.export")), ("x-step-up" = json!("setting"))), responses(
        (status = 200, body = String, content_type = "application/jsonl"), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
    ),
)]
pub(super) async fn jsonl(
    State(state): State<AppState>,
    permitted: Everywhere<needs::AuditExport>,
    _: StepUp,
    ApiQuery(span): ApiQuery<Span>,
) -> ApiResult<Response> {
    export(state, permitted, Format::Jsonl, span).await
}

async fn export(
    state: AppState,
    permitted: Everywhere<needs::AuditExport>,
    format: Format,
    Span { from, to }: Span,
) -> ApiResult<Response> {
    let content_type = match format {
        Format::Csv => "text/csv; charset=utf-8",
        Format::Jsonl => "application/jsonl; charset=utf-8",
    };
    let file = format!("attachment; filename=\"audit-log.{}\"", format.name());
    let signed_in = permitted.signed_in;
    let event = Event::AuditExported { format: format.name().to_owned(), from, to };
    // It is on record before the first byte leaves.
    state.core.auditor.record(&signed_in.scope, &signed_in.actor(), signed_in.client, &event).await?;
    let (sender, receiver) = sync_channel(WAITING);
    let out = Chunks { sender, chunk: Vec::new() };
    spawn_blocking(move || write(&state, &signed_in.scope, Range { from, to }, format, out));
    let headers = [(header::CONTENT_TYPE, content_type.to_owned()), (header::CONTENT_DISPOSITION, file)];
    Ok((headers, Body::from_stream(stream::unfold(receiver, next))).into_response())
}

type Chunk = Result<Bytes, io::Error>;

/// Blocks while nobody takes what is written.
fn write(state: &AppState, scope: &TenantScope, range: Range, format: Format, mut out: Chunks) {
    let core = &state.core;
    let exporting = audit_export::export(&core.storage, core.keys.log(), scope, range, format, &mut out);
    match Handle::current().block_on(exporting) {
        // Whole, or whoever downloaded it went away.
        Ok(_) | Err(ExportError::Write(_)) => {}
        Err(error) => {
            tracing::error!(%error, "an export of the audit log broke off");
            _ = out.sender.send(Err(io::Error::other("the export broke off")));
        }
    }
}

async fn next(receiver: Receiver<Chunk>) -> Option<(Chunk, Receiver<Chunk>)> {
    let waiting = spawn_blocking(move || receiver.recv().ok().map(|chunk| (chunk, receiver)));
    waiting.await.ok().flatten()
}

struct Chunks {
    sender: SyncSender<Chunk>,
    chunk: Vec<u8>,
}

impl Write for Chunks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.chunk.extend_from_slice(bytes);
        if CHUNK_BYTES <= self.chunk.len() {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let chunk = std::mem::take(&mut self.chunk);
        if chunk.is_empty() {
            return Ok(());
        }
        self.sender.send(Ok(chunk.into())).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

#[cfg(test)]
mod tests {
    use crate::test_server::TestServer;

    #[tokio::test]
    async fn the_log_is_downloaded_as_a_table_and_as_lines_that_prove_themselves() {
        let server = TestServer::start().await;
        let administrator = server.administrator().await;
        let csv = administrator.get("/api/v1/audit/export.csv").await;
        assert_eq!(csv.status, 200);
        assert!(csv.text().starts_with("activity.category,"));
        assert!(csv.text().contains("audit.exported"), "the download itself is on record before it begins");
        let lines = administrator.get("/api/v1/audit/export.jsonl").await.text();
        let checked = crate::audit_export::check(&mut lines.as_bytes(), Some(&server.core.keys.log().public_key()));
        let report = checked.expect("a file that can be checked").report;
        assert_eq!(report.verdict, crate::audit::verify::Verdict::Sound);
        assert!(3 < report.tally.n_events);

        let now = server.clock.now();
        let none = administrator.get(&format!("/api/v1/audit/export.csv?to={}", now - 1_000_000)).await.text();
        assert_eq!(none.lines().count(), 1, "only the header: {none}");
    }

    #[tokio::test]
    async fn only_who_may_export_does() {
        let server = TestServer::start().await;
        assert_eq!(
            server.viewer_of("aurora").await.get("/api/v1/audit/export.csv").await.problem_code(403),
            "forbidden"
        );
        assert_eq!(server.get("/api/v1/audit/export.csv").await.problem_code(401), "not_signed_in");
        let administrator = server.administrator().await;
        assert_eq!(administrator.get("/api/v1/audit/export.xlsx").await.problem_code(404), "not_found");
        assert_eq!(administrator.get("/api/v1/audit/export.csv?from=x").await.problem_code(400), "bad_request");
        let foreign = server.administrator_of("fabrikam").await.get("/api/v1/audit/export.csv").await.text();
        assert!(!foreign.contains("contoso") && !foreign.contains("Aurora"));
    }
}
