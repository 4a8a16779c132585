//! `SQLite`: one file, one writer, every commit on the disk before it counts.

mod consoles;
mod events;
mod groups;
mod identities;
mod installation;
mod invitations;
mod logins;
mod roles;
mod rooms;
mod row;
mod sessions;
mod tenants;
mod users;

use std::path::Path;
use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{SqlSafeStr as _, Sqlite, Transaction};

use super::{Result, StorageError};

/// How long a statement waits for another process that writes (the command line beside a running server).
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const READERS: u32 = 4;
/// The name of the file in the data folder.
pub const FILE: &str = "redring.sqlite3";

const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "start", include_str!("../../../migrations/sqlite/0001_start.sql")),
    (2, "people", include_str!("../../../migrations/sqlite/0002_people.sql")),
    (3, "identities", include_str!("../../../migrations/sqlite/0003_identities.sql")),
];

/// The database of one data folder.
pub struct Sqlite3 {
    readers: SqlitePool,
    writer: SqlitePool,
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
        let writer = pool(1).connect_with(writing).await?;
        migrator().run(&writer).await?;
        let readers = pool(READERS).connect_with(options.read_only(true)).await?;
        Ok(Self { readers, writer })
    }

    /// A transaction that holds the one writer from its start, so that what it reads stays true until it commits.
    async fn begin(&self) -> Result<Transaction<'static, Sqlite>> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
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

fn migrator() -> Migrator {
    let migration = |&(version, name, sql): &(i64, &'static str, &'static str)| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(MIGRATIONS.iter().map(migration).collect())
}

/// Names the thing that exists already when a unique key was violated.
fn conflict(what: &'static str) -> impl FnOnce(sqlx::Error) -> StorageError {
    move |error| match error.as_database_error() {
        Some(database) if database.is_unique_violation() => StorageError::Conflict(what),
        _ => StorageError::Backend(error),
    }
}
