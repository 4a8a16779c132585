//! `SQLite`: one file, one writer, every commit on the disk before it counts.

mod consoles;
mod event_search;
mod events;
mod groups;
mod identities;
mod installation;
mod invitations;
mod log;
mod logins;
mod passkeys;
mod purge;
mod receipts;
mod roles;
mod rooms;
mod row;
mod sessions;
mod tenants;
mod users;
mod writer;

use std::path::Path;
use std::time::Duration;

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use writer::{Change, Writer};

use super::{NewEvent, Result, StorageError, TenantScope};

/// How long a statement waits for another process that writes (the command line beside a running server).
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const READERS: u32 = 4;
/// The name of the file in the data folder.
pub const FILE: &str = "redring.sqlite3";

const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "start", include_str!("../../../migrations/sqlite/0001_start.sql")),
    (2, "people", include_str!("../../../migrations/sqlite/0002_people.sql")),
    (3, "identities", include_str!("../../../migrations/sqlite/0003_identities.sql")),
    (4, "passkeys", include_str!("../../../migrations/sqlite/0004_passkeys.sql")),
    (5, "trust", include_str!("../../../migrations/sqlite/0005_trust.sql")),
    (6, "signals", include_str!("../../../migrations/sqlite/0006_signals.sql")),
    (7, "signing_key", include_str!("../../../migrations/sqlite/0007_signing_key.sql")),
    (8, "audit log", include_str!("../../../migrations/sqlite/0008_audit_log.sql")),
    (9, "audit search", include_str!("../../../migrations/sqlite/0009_audit_search.sql")),
];

/// The database of one data folder.
pub struct Sqlite3 {
    readers: SqlitePool,
    writer: Writer,
    /// What `writer` has its connection from.
    writers: SqlitePool,
}

impl Sqlite3 {
    /// Opens the database of `data_dir`, making it or bringing it up to date.
    ///
    /// # Errors
    /// When the file cannot be opened, or was made by a newer version.
    pub async fn open(data_dir: &Path) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(data_dir.join(FILE))
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT);
        let writing = options.clone().create_if_missing(true).optimize_on_close(true, None);
        let writers = pool(1).connect_with(writing).await?;
        migrator(MIGRATIONS).run(&writers).await?;
        log::take_over(&writers).await?;
        let readers = pool(READERS).connect_with(options.read_only(true)).await?;
        Ok(Self { writer: Writer::new(&writers).await?, readers, writers })
    }

    /// Opens the database of `data_dir` and changes nothing in it: whatever would write fails.
    ///
    /// # Errors
    /// When the file cannot be opened, or is not up to date.
    pub async fn open_read_only(data_dir: &Path) -> Result<Self> {
        let options =
            SqliteConnectOptions::new().filename(data_dir.join(FILE)).read_only(true).busy_timeout(BUSY_TIMEOUT);
        let writers = pool(1).connect_with(options.clone()).await?;
        let readers = pool(READERS).connect_with(options).await?;
        let version: Option<i64> =
            sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations").fetch_one(&readers).await?;
        if version != MIGRATIONS.last().map(|(version, ..)| *version) {
            return Err(StorageError::OtherVersion);
        }
        Ok(Self { writer: Writer::new(&writers).await?, readers, writers })
    }

    /// Removes the row of the id `?2` by a statement of this backend, together with its event. `false` when there is none.
    async fn delete(
        &self,
        statement: &'static str,
        scope: &TenantScope,
        id: &[u8; 16],
        event: NewEvent,
    ) -> Result<bool> {
        let mut transaction = self.begin().await?;
        let removed =
            sqlx::query(statement).bind(scope.tenant().as_str()).bind(id.to_vec()).execute(&mut *transaction).await?;
        if removed.rows_affected() == 0 {
            return Ok(false);
        }
        events::append(&mut transaction, scope, &event).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// A change that holds the one writer from its start, so that what it reads stays true until it commits.
    async fn begin(&self) -> Result<Change> {
        self.writer.begin().await
    }
}

fn pool(connections: u32) -> SqlitePoolOptions {
    // Connections to a local file do not go stale.
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(10))
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}

fn migrator(migrations: &[(i64, &'static str, &'static str)]) -> Migrator {
    let migration = |&(version, name, sql): &(i64, &'static str, &'static str)| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(migrations.iter().map(migration).collect())
}

/// Names the thing that exists already when a unique key was violated.
fn conflict(what: &'static str) -> impl FnOnce(sqlx::Error) -> StorageError {
    move |error| match error.as_database_error() {
        Some(database) if database.is_unique_violation() => StorageError::Conflict(what),
        _ => StorageError::Backend(error),
    }
}

#[cfg(test)]
mod tests {
    use protocol::access::Permission;
    use protocol::audit::CompactRange;
    use protocol::ids::{TenantId, UserId};

    use super::*;
    use crate::access::{BuiltInRole, Coverage};
    use crate::audit::entry;
    use crate::storage::{EventFilter, Events as _, Installation as _, Roles as _, Tenants as _, Users as _};

    /// What the first version could hold: a built-in role for somebody everywhere, and a custom one for some rooms.
    const FIRST: &str = "
        INSERT INTO tenant (id, name, created_at) VALUES ('contoso', 'Contoso', 1);
        INSERT INTO remote_access VALUES ('contoso', 1, 'a@b', 'pause', 'all', 900, 14400, NULL, 1, 180);
        INSERT INTO user (tenant, id, email, email_key, name, created_at) VALUES
            ('contoso', x'01010101010101010101010101010101', 'Ada@b', 'ada@b', 'Ada', 1);
        INSERT INTO role (tenant, name, built_in) VALUES
            ('contoso', 'Global Administrator', 'global_administrator'), ('contoso', 'Viewers', NULL);
        INSERT INTO role_permission SELECT tenant, id, 'remote_access.view' FROM role WHERE built_in IS NULL;
        INSERT INTO assignment (tenant, role, everywhere, content, created_at)
            SELECT tenant, id, built_in IS NOT NULL, name, 5 FROM role;
        INSERT INTO assignment_member SELECT tenant, id, x'01010101010101010101010101010101' FROM assignment;
        INSERT INTO assignment_scope SELECT tenant, id, 'group', 'Executive' FROM assignment WHERE everywhere = 0;
        INSERT INTO assignment_scope SELECT tenant, id, 'place', 'Germany' FROM assignment WHERE everywhere = 0;";

    #[tokio::test]
    async fn a_database_of_the_first_version_keeps_its_roles_and_assignments() {
        let folder = tempfile::tempdir().expect("a folder");
        let options = SqliteConnectOptions::new().filename(folder.path().join(FILE)).create_if_missing(true);
        let first = pool(1).connect_with(options).await.expect("opened");
        migrator(&MIGRATIONS[..1]).run(&first).await.expect("made");
        sqlx::raw_sql(FIRST).execute(&first).await.expect("filled");
        first.close().await;

        let present = Sqlite3::open(folder.path()).await.expect("brought up to date");
        let tenant = TenantId::new("contoso").expect("a slug");
        let (scope, _) = present.tenant(&tenant).await.expect("read").expect("a tenant");
        let user = UserId([1; 16]);
        let grants = present.grants_of(&scope, &user).await.expect("read");
        assert_eq!(grants.len(), 2);
        let of_role = |role| grants.iter().find(|grant| grant.built_in == role).expect("an assignment");
        assert_eq!(of_role(Some(BuiltInRole::GlobalAdministrator)).coverage, Coverage::Everywhere);
        let viewers = of_role(None);
        assert_eq!(viewers.permissions.iter().collect::<Vec<_>>(), [Permission::RemoteAccessView]);
        let Coverage::Rooms { rooms, groups, places } = &viewers.coverage else { panic!("not everywhere") };
        assert!(rooms.is_empty() && groups.contains("Executive") && places == &["Germany"]);
        let roles = present.roles(&scope).await.expect("read");
        let names: Vec<_> = roles.iter().map(|role| (role.name.as_str(), role.n_assignments)).collect();
        assert_eq!(names, [("Global Administrator", 1), ("Viewers", 1)]);
        assert!(present.user(&scope, &user).await.expect("read").is_some());
    }

    #[tokio::test]
    async fn events_from_before_the_tree_become_its_leaves_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let options = SqliteConnectOptions::new().filename(folder.path().join(FILE)).create_if_missing(true);
        let old = pool(1).connect_with(options).await.expect("opened");
        migrator(&MIGRATIONS[..6]).run(&old).await.expect("made");
        let fill = "INSERT INTO tenant (id, name, created_at) VALUES ('contoso', 'Contoso', 1), ('fabrikam', 'F', 1);
            INSERT INTO audit_event (tenant, seq, at, kind, salt, body) VALUES
                ('contoso', 0, 7, 'tenant.created', zeroblob(16), '{\"event\":\"tenant.created\",\"a\":1}'),
                ('contoso', 1, 8, 'tenant.renamed', zeroblob(16), '{\"z\":0,\"event\":\"tenant.renamed\"}')";
        sqlx::raw_sql(fill).execute(&old).await.expect("filled");
        old.close().await;

        let mut heads = Vec::new();
        for _ in 0..2 {
            let present = Sqlite3::open(folder.path()).await.expect("brought up to date");
            let tenants = present.tenants().await.expect("read");
            heads.push(present.log_head(&tenants[0].0).await.expect("read"));
            assert_eq!(present.log_head(&tenants[1].0).await.expect("read").size, 0);
            let events = present.events(&tenants[0].0, EventFilter::default(), 10).await.expect("read");
            let bodies: Vec<_> = events.iter().map(|event| event.body.as_str()).collect();
            assert_eq!(
                bodies[..2],
                [
                    r#"{"a":1,"at":"1970-01-01T00:00:00.007Z","event":"tenant.created","seq":0,"tenant":"contoso"}"#,
                    r#"{"at":"1970-01-01T00:00:00.008Z","event":"tenant.renamed","seq":1,"tenant":"contoso","z":0}"#,
                ]
            );
            assert_eq!((events.len(), events[2].kind.as_str()), (3, "audit.begun"));
            let mut tree = CompactRange::starting_at(0);
            for event in &events {
                tree.push(entry::leaf(event.body.as_bytes(), &event.salt));
            }
            assert_eq!((heads[0].size, heads[0].root), (3, tree.root()));
            present.close().await;
        }
        assert_eq!(heads[0], heads[1], "a second start finds nothing to do");
    }
}
