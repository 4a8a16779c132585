//! The one writer, and the commit that changes share.
//!
//! A change is a savepoint in a transaction that others may be in, too: whoever comes while the disk is busy joins the
//! next one. Each hears only after its transaction is on the disk, and a change that fails takes nobody with it.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Weak};
use std::time::Duration;

use sqlx::Sqlite;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqlitePool, SqliteQueryResult};
use tokio::sync::{Mutex, Notify, OwnedMutexGuard, watch};
use tokio::task::AbortHandle;
use tokio::time::timeout;

use crate::storage::{Result, StorageError};

/// How long a change waits for those before it.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// What became of a transaction; none while it is open.
type Outcome = Option<std::result::Result<(), Arc<sqlx::Error>>>;

pub(super) struct Writer {
    open: Arc<Mutex<Open>>,
    due: Arc<Notify>,
    committer: AbortHandle,
}

/// The connection and what is open on it.
struct Open {
    /// None once it is closed.
    connection: Option<PoolConnection<Sqlite>>,
    group: Option<watch::Sender<Outcome>>,
    /// A transaction may be there, also one that was just being begun.
    is_begun: bool,
    /// A savepoint may be there that nobody will end.
    has_change: bool,
}

/// A change on its way: what it reads stays true until it commits. Dropped, it leaves no trace.
pub(super) struct Change {
    open: OwnedMutexGuard<Open>,
    due: Arc<Notify>,
}

impl Writer {
    /// Takes the only connection of `pool` for good.
    pub(super) async fn new(pool: &SqlitePool) -> Result<Self> {
        let open = Open { connection: Some(pool.acquire().await?), group: None, is_begun: false, has_change: false };
        let (open, due) = (Arc::new(Mutex::new(open)), Arc::new(Notify::new()));
        let committer = tokio::spawn(commit_groups(Arc::downgrade(&open), Arc::clone(&due))).abort_handle();
        Ok(Self { open, due, committer })
    }

    pub(super) async fn begin(&self) -> Result<Change> {
        let open = timeout(WAIT_MAX, Arc::clone(&self.open).lock_owned()).await;
        let open = open.map_err(|_| StorageError::Backend(sqlx::Error::PoolTimedOut))?;
        // From here on, whenever this future is dropped, the transaction comes to its end.
        let mut change = Change { open, due: Arc::clone(&self.due) };
        change.open.start().await?;
        Ok(change)
    }

    /// A change of one statement.
    pub(super) async fn execute(
        &self,
        query: sqlx::query::Query<'_, Sqlite, SqliteArguments>,
    ) -> Result<SqliteQueryResult> {
        let mut change = self.begin().await?;
        let done = query.execute(&mut *change).await?;
        change.commit().await?;
        Ok(done)
    }

    /// Commits what is under way and closes the connection.
    pub(super) async fn close(&self) {
        let mut open = self.open.lock().await;
        open.end_group().await;
        if let Some(connection) = open.connection.take()
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "the database could not be closed in order");
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.committer.abort();
    }
}

/// Ends each transaction as soon as those are in it who waited at that moment.
async fn commit_groups(open: Weak<Mutex<Open>>, due: Arc<Notify>) {
    loop {
        due.notified().await;
        let Some(open) = open.upgrade() else { return };
        open.lock().await.end_group().await;
    }
}

impl Open {
    async fn run(&mut self, statement: &'static str) -> std::result::Result<(), sqlx::Error> {
        let connection = self.connection.as_mut().ok_or(sqlx::Error::PoolClosed)?;
        sqlx::query(statement).execute(&mut **connection).await.map(drop)
    }

    async fn start(&mut self) -> Result<()> {
        self.leave_change().await;
        if self.group.is_none() {
            self.abandon().await;
            self.is_begun = true;
            self.run("BEGIN IMMEDIATE").await?;
            // SQLite takes a whole transaction back when the disk is full, and a savepoint would then begin another one.
            // This one is found missing at the end.
            self.run("SAVEPOINT everybody").await?;
            self.group = Some(watch::Sender::new(None));
        }
        self.has_change = true;
        Ok(self.run("SAVEPOINT change").await?)
    }

    /// Ends a transaction that nobody is in.
    async fn abandon(&mut self) {
        if self.is_begun {
            // It fails where it was never begun.
            let _ = self.run("ROLLBACK").await;
            self.is_begun = false;
        }
    }

    /// Takes back a change that was dropped.
    async fn leave_change(&mut self) {
        if self.has_change {
            // It fails where the change had already come to its end.
            if self.run("ROLLBACK TO change").await.is_ok() {
                let _ = self.run("RELEASE change").await;
            }
            self.has_change = false;
        }
    }

    async fn end_group(&mut self) {
        self.leave_change().await;
        let Some(group) = self.group.take() else { return self.abandon().await };
        let released = self.run("RELEASE everybody").await;
        let ended = match released {
            Ok(()) => self.run("COMMIT").await,
            Err(error) => Err(error),
        };
        match ended {
            Ok(()) => self.is_begun = false,
            Err(_) => self.abandon().await,
        }
        group.send_replace(Some(ended.map_err(Arc::new)));
    }
}

impl Change {
    /// Returns when the change is on the disk.
    pub(super) async fn commit(mut self) -> Result<()> {
        self.open.run("RELEASE change").await?;
        self.open.has_change = false;
        let mut outcome = match &self.open.group {
            Some(group) => group.subscribe(),
            None => return Err(StorageError::Backend(sqlx::Error::PoolClosed)),
        };
        // Lets the next one in, and whoever commits queue behind those who wait already.
        drop(self);
        let outcome = outcome.wait_for(Option::is_some).await.map(|outcome| outcome.clone());
        match outcome {
            Ok(Some(Ok(()))) => Ok(()),
            Ok(Some(Err(error))) => Err(StorageError::NotCommitted(error)),
            Ok(None) | Err(_) => Err(StorageError::Backend(sqlx::Error::PoolClosed)),
        }
    }
}

impl Drop for Change {
    fn drop(&mut self) {
        self.due.notify_one();
    }
}

impl Deref for Change {
    type Target = SqliteConnection;

    /// # Panics
    /// Never: a change begins only on an open connection and keeps it.
    fn deref(&self) -> &SqliteConnection {
        self.open.connection.as_deref().expect("a change has its connection")
    }
}

impl DerefMut for Change {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        self.open.connection.as_deref_mut().expect("a change has its connection")
    }
}

#[cfg(test)]
mod tests {
    use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};
    use tempfile::TempDir;

    use super::*;

    struct Disk {
        writer: Arc<Writer>,
        pool: SqlitePool,
        reader: SqlitePool,
        _folder: TempDir,
    }

    async fn disk() -> Disk {
        let folder = tempfile::tempdir().expect("a folder");
        let options = SqliteConnectOptions::new().filename(folder.path().join("file")).create_if_missing(true);
        let options = options.journal_mode(SqliteJournalMode::Wal).busy_timeout(Duration::from_millis(50));
        let one = |options| SqlitePoolOptions::new().max_connections(1).connect_with(options);
        let pool = one(options.clone()).await.expect("opened");
        sqlx::query("CREATE TABLE t (n INTEGER PRIMARY KEY)").execute(&pool).await.expect("made");
        let reader = one(options).await.expect("opened");
        Disk { writer: Arc::new(Writer::new(&pool).await.expect("a connection")), pool, reader, _folder: folder }
    }

    impl Disk {
        async fn numbers(&self) -> Vec<i64> {
            sqlx::query_scalar("SELECT n FROM t ORDER BY n").fetch_all(&self.reader).await.expect("read")
        }

        async fn insert(&self, number: i64) -> Result<()> {
            self.writer.execute(sqlx::query("INSERT INTO t VALUES (?1)").bind(number)).await.map(drop)
        }
    }

    #[tokio::test]
    async fn who_hears_of_a_change_finds_it_on_the_disk() {
        let disk = Arc::new(disk().await);
        let writers = (0..200_i64).map(|number| {
            let disk = Arc::clone(&disk);
            tokio::spawn(async move {
                disk.insert(number).await.expect("committed");
                assert!(disk.numbers().await.contains(&number));
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.expect("no panic");
        }
        assert_eq!(disk.numbers().await, (0..200).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn a_change_that_fails_or_is_dropped_takes_nobody_with_it() {
        let disk = disk().await;
        disk.insert(1).await.expect("committed");
        let (first, twice, second) = tokio::join!(disk.insert(2), disk.insert(1), disk.insert(3));
        assert!(first.is_ok() && twice.is_err() && second.is_ok());
        let mut dropped = disk.writer.begin().await.expect("begun");
        sqlx::query("INSERT INTO t VALUES (4)").execute(&mut *dropped).await.expect("done");
        drop(dropped);
        disk.insert(6).await.expect("committed");
        assert_eq!(disk.numbers().await, [1, 2, 3, 6]);
    }

    #[tokio::test]
    async fn nobody_hears_of_a_change_whose_transaction_was_taken_back() {
        let disk = disk().await;
        let mut change = disk.writer.begin().await.expect("begun");
        sqlx::query("INSERT INTO t VALUES (1)").execute(&mut *change).await.expect("done");
        // As SQLite does by itself when the disk is full.
        sqlx::query("ROLLBACK").execute(&mut *change).await.expect("done");
        sqlx::query("SAVEPOINT change").execute(&mut *change).await.expect("done");
        let committed = change.commit().await;
        assert!(matches!(committed, Err(StorageError::NotCommitted(_))), "{committed:?}");
        disk.insert(2).await.expect("the next one is sound");
        assert_eq!(disk.numbers().await, [2]);
    }

    #[tokio::test]
    async fn another_process_that_writes_is_waited_for_and_let_in() {
        let disk = disk().await;
        let other = disk.reader.begin_with("BEGIN IMMEDIATE").await.expect("begun");
        assert!(disk.insert(1).await.is_err(), "locked for longer than anybody waits");
        other.rollback().await.expect("ended");
        disk.insert(1).await.expect("committed");
        drop(disk.writer.begin().await.expect("begun"));
        // Nothing stays open behind a change that was dropped.
        let mut tries = 0;
        while let Err(error) = disk.reader.begin_with("BEGIN IMMEDIATE").await {
            tries += 1;
            assert!(tries < 100, "{error}");
        }
    }

    #[tokio::test]
    async fn what_is_under_way_is_committed_before_the_end() {
        let disk = disk().await;
        let (inserted, ()) = tokio::join!(disk.insert(1), async {
            tokio::task::yield_now().await;
            disk.writer.close().await;
        });
        inserted.expect("committed");
        assert!(disk.insert(2).await.is_err());
        disk.pool.close().await;
        assert_eq!(disk.numbers().await, [1]);
    }
}
