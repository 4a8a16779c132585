//! The audit log of a data folder and its exports: untouched they verify, and whatever somebody does to them is found.

use std::path::Path;
use std::sync::Arc;

use protocol::audit::{LogKey, LogSigner};
use protocol::ids::{RoomId, SessionId, TenantId};
use protocol::secure::Secret;
use server::audit::{Actor, Client, Event, checkpoint};
use server::audit_export::{self, Format, Range};
use server::audit_verify::{self, Outcome, Subject};
use server::bootstrap;
use server::run;
use server::state::Core;
use server::storage::sqlite::FILE;
use server::storage::{NewEvent, TenantScope};
use server::test_server;
use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnectOptions;
use tempfile::TempDir;

/// A data folder with the usual tenants, and what happened there.
async fn data_folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let core = open(folder.path()).await;
    bootstrap::apply(&core, &toml::from_str(&test_server::world()).unwrap()).await.unwrap();
    sign(&core).await;
    let scope = scope(&core).await;
    for number in 0..10_u8 {
        for kind in ["session.start", "session.end"] {
            append(&core, &scope, kind, Some(SessionId([number; 16]))).await;
        }
        let event = Event::TenantRenamed { before: format!("Name {number}"), after: "Contoso".to_owned() };
        core.auditor.record(&scope, &Actor::Operator, Client::default(), &event).await.unwrap();
    }
    sign(&core).await;
    core.storage.close().await;
    folder
}

async fn open(folder: &Path) -> Arc<Core> {
    run::open_for_tools(folder.to_owned(), None).await.unwrap()
}

async fn scope(core: &Core) -> TenantScope {
    core.storage.tenant(&TenantId::new("contoso").unwrap()).await.unwrap().unwrap().0
}

async fn sign(core: &Core) {
    checkpoint::sign_due(&core.storage, core.keys.log()).await.unwrap();
}

async fn append(core: &Core, scope: &TenantScope, kind: &'static str, session: Option<SessionId>) {
    let mut body = serde_json::json!({ "event": kind, "room": "aurora" });
    if let Some(session) = session {
        body["session"] = session.to_string().into();
    }
    let room = Some(RoomId::new("aurora").unwrap());
    let event = NewEvent { kind, at: core.clock.now(), session, room, body: body.to_string() };
    core.storage.append_event(scope, event).await.unwrap();
}

async fn verify(subject: Subject, key: Option<&LogKey>) -> (Outcome, String) {
    let mut out = Vec::new();
    let outcome = audit_verify::verify(&subject, key, &mut out).await;
    (outcome, String::from_utf8(out).unwrap())
}

async fn verify_folder(folder: &Path) -> (Outcome, String) {
    verify(Subject::DataDir(folder.to_owned()), None).await
}

async fn execute(folder: &Path, sql: &'static str) {
    let mut connection = SqliteConnectOptions::new().filename(folder.join(FILE)).connect().await.unwrap();
    let done = sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    assert_ne!(done.rows_affected(), 0, "{sql}");
    sqlx::Connection::close(connection).await.unwrap();
}

async fn export(folder: &Path, range: Range) -> String {
    let core = open(folder).await;
    let mut out = Vec::new();
    let scope = scope(&core).await;
    audit_export::export(&core.storage, core.keys.log(), &scope, range, Format::Jsonl, &mut out).await.unwrap();
    core.storage.close().await;
    String::from_utf8(out).unwrap()
}

fn copy(folder: &TempDir) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    std::fs::copy(folder.path().join(FILE), copy.path().join(FILE)).unwrap();
    std::fs::create_dir(copy.path().join("keys")).unwrap();
    let key = Path::new("keys").join("log.key");
    std::fs::copy(folder.path().join(&key), copy.path().join(&key)).unwrap();
    copy
}

#[tokio::test]
async fn an_untouched_folder_verifies_and_is_left_as_it_is() {
    let folder = data_folder().await;
    let before = std::fs::read(folder.path().join(FILE)).unwrap();
    let (outcome, said) = verify_folder(folder.path()).await;
    assert_eq!(outcome, Outcome::Untouched, "{said}");
    assert!(said.contains("contoso (redring/contoso/") && said.contains("fabrikam (redring/fabrikam/"), "{said}");
    assert!(said.contains("sessions: 10, of which 0 have no end") && said.ends_with("Result: untouched\n"), "{said}");
    assert_eq!(std::fs::read(folder.path().join(FILE)).unwrap(), before);
    assert_eq!(outcome.code(), 0);

    let core = open(folder.path()).await;
    append(&core, &scope(&core).await, "session.refused", None).await;
    let (outcome, said) = verify_folder(folder.path()).await;
    assert_eq!(outcome, Outcome::Untouched, "beside a running server: {said}");
    assert!(said.contains("not proved so far: 1"), "{said}");
}

#[tokio::test]
async fn what_somebody_does_to_the_database_is_found() {
    let folder = data_folder().await;
    for (sql, expected) in [
        (
            "UPDATE audit_event SET body = replace(body, 'Name 3', 'Nome 3') WHERE body LIKE '%Name 3%'",
            "does not fit its hash",
        ),
        ("UPDATE audit_event SET at = at - 1 WHERE tenant = 'contoso' AND seq = 7", "first bad index: 7"),
        ("UPDATE audit_event SET kind = 'room.changed' WHERE tenant = 'contoso' AND seq = 9", "first bad index: 9"),
        (
            "UPDATE audit_event SET room = 'borealis' WHERE tenant = 'contoso' AND kind = 'session.end'",
            "is filed under another",
        ),
        ("UPDATE audit_event SET salt = randomblob(16) WHERE tenant = 'contoso' AND seq = 4", "first bad index: 4"),
        ("UPDATE audit_leaf SET hash = randomblob(32) WHERE tenant = 'fabrikam' AND seq = 1", "first bad index: 1"),
        ("DELETE FROM audit_event WHERE tenant = 'contoso' AND seq = 11", "event 11 is missing"),
        (
            "DELETE FROM audit_event WHERE tenant = 'contoso' AND seq IN (5, 6);
             DELETE FROM audit_leaf WHERE tenant = 'contoso' AND seq IN (5, 6)",
            "one of the events 5 to 6 is missing",
        ),
        (
            "DELETE FROM audit_event WHERE tenant = 'contoso' AND 12 <= seq;
             DELETE FROM audit_leaf WHERE tenant = 'contoso' AND 12 <= seq",
            "event 12 is missing with all that followed",
        ),
        (
            "INSERT INTO audit_event SELECT tenant, seq + 1000, at, 'x', NULL, room, salt, body FROM audit_event
             WHERE tenant = 'contoso' AND seq = 3",
            "event 1003 is no leaf of the log",
        ),
        (
            "UPDATE audit_checkpoint SET note = replace(note, 'redring/', 'redding/')",
            "under a checkpoint that is worth nothing",
        ),
        ("UPDATE audit_log SET frontier = randomblob(length(frontier)) WHERE tenant = 'contoso'", "head of the log"),
        ("UPDATE audit_log SET size = size + 1 WHERE tenant = 'contoso'", "head of the log"),
    ] {
        let copy = copy(&folder);
        execute(copy.path(), sql).await;
        let (outcome, said) = verify_folder(copy.path()).await;
        assert_eq!(outcome, Outcome::Tampered, "{sql}: {said}");
        assert!(said.contains(expected) && said.contains("first bad index: "), "{sql}: {said}");
        assert_eq!(outcome.code(), 2);
    }
}

#[tokio::test]
async fn what_cannot_be_told_is_not_called_untouched() {
    let folder = data_folder().await;
    let nothing = tempfile::tempdir().unwrap();
    let (outcome, said) = verify_folder(nothing.path()).await;
    assert_eq!((outcome, outcome.code()), (Outcome::CannotTell, 3), "{said}");
    assert_eq!(std::fs::read_dir(nothing.path()).unwrap().count(), 0, "and nothing is made");

    let unsigned = copy(&folder);
    execute(unsigned.path(), "DELETE FROM audit_checkpoint").await;
    assert_eq!(verify_folder(unsigned.path()).await.0, Outcome::CannotTell);
    let without_key = copy(&folder);
    std::fs::remove_file(without_key.path().join("keys/log.key")).unwrap();
    let (outcome, said) = verify_folder(without_key.path()).await;
    assert!(outcome == Outcome::CannotTell && said.contains("--key"), "{said}");
    let key = server::keys::ServerKeys::read_log_key(folder.path()).unwrap();
    let by_key = verify(Subject::DataDir(without_key.path().to_owned()), Some(&key)).await;
    assert_eq!(by_key.0, Outcome::Untouched, "{}", by_key.1);
    let other = LogSigner::new(&Secret::new([1; 32])).public_key();
    let by_other = verify(Subject::DataDir(folder.path().to_owned()), Some(&other)).await;
    assert_eq!(by_other.0, Outcome::Tampered, "{}", by_other.1);
}

#[tokio::test]
async fn an_export_verifies_by_itself_and_no_changed_one_does() {
    let folder = data_folder().await;
    let file = folder.path().join("export.jsonl");
    let check = async |text: &str, key: Option<&LogKey>| {
        std::fs::write(&file, text).unwrap();
        verify(Subject::Export(file.clone()), key).await
    };
    let whole = export(folder.path(), Range::default()).await;
    let key = server::keys::ServerKeys::read_log_key(folder.path()).unwrap();
    for key in [None, Some(&key)] {
        let (outcome, said) = check(&whole, key).await;
        assert_eq!(outcome, Outcome::Untouched, "{said}");
        assert!(said.contains("sessions: 10,") && said.contains(", and 0 more by their hashes only"), "{said}");
    }
    let other = LogSigner::new(&Secret::new([1; 32])).public_key();
    assert_eq!(check(&whole, Some(&other)).await.0, Outcome::Tampered);

    let lines: Vec<&str> = whole.lines().collect();
    let joined = |lines: &[&str]| lines.join("\n") + "\n";
    assert_eq!(joined(&lines), whole);
    for line in 1..lines.len() {
        let mut without = lines.clone();
        without.remove(line);
        let said = check(&joined(&without), None).await;
        // A checkpoint on the way says nothing that the last one does not say.
        let between = lines[line].starts_with("{\"checkpoint\"") && line + 2 < lines.len();
        let expected = if between { Outcome::Untouched } else { Outcome::Tampered };
        assert_eq!(said.0, expected, "without line {line}: {}", said.1);
        let mut swapped = lines.clone();
        swapped.swap(line - 1, line);
        assert_ne!(check(&joined(&swapped), None).await.0, Outcome::Untouched, "swapped {line}");
        assert_ne!(check(&joined(&lines[..line]), None).await.0, Outcome::Untouched, "cut at {line}");
    }
    for place in (0..whole.len()).step_by(7) {
        let mut bytes = whole.clone().into_bytes();
        bytes[place] ^= 1;
        std::fs::write(&file, bytes).unwrap();
        let (outcome, said) = verify(Subject::Export(file.clone()), None).await;
        assert_ne!(outcome, Outcome::Untouched, "byte {place}: {said}");
    }
    for text in ["", "\n", "{}", "activity.category,activity.objectName\r\n"] {
        assert_eq!(check(text, None).await.0, Outcome::CannotTell, "{text:?}");
    }
}

#[tokio::test]
async fn a_part_of_the_log_is_proved_by_the_hashes_of_the_rest() {
    let folder = data_folder().await;
    let core = open(folder.path()).await;
    let scope = scope(&core).await;
    let events = core.storage.events(&scope, server::storage::EventFilter::default(), 1000).await.unwrap();
    core.storage.close().await;
    let (first, last) = (events[events.len() / 3].at, events[events.len() / 2].at);
    let part = export(folder.path(), Range { from: Some(first), to: Some(last + 1) }).await;
    let n_lines = part.lines().filter(|line| line.contains("\"event\":")).count();
    assert!(0 < n_lines && n_lines < events.len() && part.contains("{\"hashes\":{\"from\":0,"), "{part}");
    let file = folder.path().join("part.jsonl");
    std::fs::write(&file, &part).unwrap();
    let (outcome, said) = verify(Subject::Export(file.clone()), None).await;
    assert_eq!(outcome, Outcome::Untouched, "{said}");
    assert!(
        said.contains(&format!("events: {n_lines}, and {} more by their hashes only", events.len() - n_lines)),
        "{said}"
    );

    let mut lines: Vec<&str> = part.lines().collect();
    lines.remove(lines.iter().position(|line| line.contains("\"event\":")).unwrap());
    let without = lines.join("\n") + "\n";
    std::fs::write(&file, without).unwrap();
    assert_eq!(verify(Subject::Export(file), None).await.0, Outcome::Tampered);
}
