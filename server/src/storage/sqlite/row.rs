//! Columns as our types. What does not fit is reported as corrupt, never guessed.

use std::str::FromStr;

use protocol::access::Access;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::storage::{Result, StorageError};

/// Reads a column.
pub(super) fn get<'r, T>(row: &'r SqliteRow, column: &'static str) -> Result<T>
where
    T: sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
{
    row.try_get(column).map_err(|_| StorageError::Corrupt(column))
}

/// Reads a text column as something that has a text form.
pub(super) fn parse<T: FromStr>(row: &SqliteRow, column: &'static str) -> Result<T> {
    get::<&str>(row, column)?.parse().map_err(|_| StorageError::Corrupt(column))
}

/// Reads a blob of a fixed length.
pub(super) fn bytes<const N: usize>(row: &SqliteRow, column: &'static str) -> Result<[u8; N]> {
    get::<&[u8]>(row, column)?.try_into().map_err(|_| StorageError::Corrupt(column))
}

/// Reads a number that is never negative.
pub(super) fn unsigned(row: &SqliteRow, column: &'static str) -> Result<u64> {
    u64::try_from(get::<i64>(row, column)?).map_err(|_| StorageError::Corrupt(column))
}

pub(super) fn access(row: &SqliteRow, column: &'static str) -> Result<Access> {
    match get::<&str>(row, column)? {
        "view" => Ok(Access::View),
        "modify" => Ok(Access::Modify),
        _ => Err(StorageError::Corrupt(column)),
    }
}

pub(super) fn access_text(access: Access) -> &'static str {
    match access {
        Access::View => "view",
        Access::Modify => "modify",
    }
}
