use async_trait::async_trait;
use protocol::ids::{GroupId, UserId};
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::row::{bytes, get, unsigned};
use super::{Sqlite3, conflict, events};
use crate::storage::{Group, GroupFilter, GroupPage, Groups, NewEvent, NewGroup, Result, StorageError, TenantScope};

const TAKEN: &str = "a group with this name";

/// The columns of a group, for [`group`].
const GROUP: &str = "SELECT user_group.id, user_group.name, user_group.description, user_group.version,
         (SELECT count(*) FROM user_group_member AS member
          WHERE member.tenant = user_group.tenant AND member.user_group = user_group.id) AS n_members,
         (SELECT count(*) FROM assignment_group
          WHERE assignment_group.tenant = user_group.tenant AND assignment_group.user_group = user_group.id)
             AS n_assignments
     FROM user_group";

/// Every word of the JSON list `?2` is in the name.
const MATCHES: &str =
    "NOT EXISTS (SELECT 1 FROM json_each(?2) AS word WHERE instr(user_group.name_key, word.value) = 0)";

/// Stores a group within the transaction of `connection`.
pub(super) async fn create(connection: &mut SqliteConnection, scope: &TenantScope, group: &NewGroup) -> Result<()> {
    sqlx::query(
        "INSERT INTO user_group (tenant, id, name, name_key, description, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )
    .bind(scope.tenant().as_str())
    .bind(group.id.0.to_vec())
    .bind(group.name.as_str())
    .bind(group.name.to_lowercase())
    .bind(group.description.as_str())
    .bind(group.created_at)
    .execute(connection)
    .await
    .map_err(conflict(TAKEN))?;
    Ok(())
}

#[async_trait]
impl Groups for Sqlite3 {
    async fn create_group(
        &self,
        scope: &TenantScope,
        group: &NewGroup,
        members: &[UserId],
        events: Vec<NewEvent>,
    ) -> Result<()> {
        let mut transaction = self.begin().await?;
        create(&mut transaction, scope, group).await?;
        for member in members {
            join(&mut transaction, scope, &group.id, member).await?;
        }
        for event in &events {
            events::append(&mut transaction, scope, event).await?;
        }
        transaction.commit().await
    }

    async fn set_group(&self, scope: &TenantScope, group: &NewGroup, version: u32, event: NewEvent) -> Result<bool> {
        let mut transaction = self.begin().await?;
        let changed = sqlx::query(
            "UPDATE user_group SET name = ?4, name_key = ?5, description = ?6, version = version + 1
             WHERE tenant = ?1 AND id = ?2 AND version = ?3",
        )
        .bind(scope.tenant().as_str())
        .bind(group.id.0.to_vec())
        .bind(version)
        .bind(group.name.as_str())
        .bind(group.name.to_lowercase())
        .bind(group.description.as_str())
        .execute(&mut *transaction)
        .await
        .map_err(conflict(TAKEN))?;
        if changed.rows_affected() == 0 {
            return Ok(false);
        }
        events::append(&mut transaction, scope, &event).await?;
        transaction.commit().await?;
        Ok(true)
    }

    async fn delete_group(&self, scope: &TenantScope, id: &GroupId, event: NewEvent) -> Result<bool> {
        self.delete("DELETE FROM user_group WHERE tenant = ?1 AND id = ?2", scope, &id.0, event).await
    }

    async fn group(&self, scope: &TenantScope, id: &GroupId) -> Result<Option<Group>> {
        Ok(self.groups_by_ids(scope, &[*id]).await?.pop())
    }

    async fn groups(&self, scope: &TenantScope, filter: &GroupFilter) -> Result<GroupPage> {
        let words = serde_json::json!(filter.words).to_string();
        let counts = format!(
            "SELECT count(*) AS n_all, count(*) FILTER (WHERE {MATCHES}) AS n_matching
             FROM user_group WHERE tenant = ?1"
        );
        let counts = sqlx::query(sqlx::AssertSqlSafe(counts))
            .bind(scope.tenant().as_str())
            .bind(words.as_str())
            .fetch_one(&self.readers)
            .await?;
        let page = format!(
            "{GROUP} WHERE user_group.tenant = ?1 AND {MATCHES} AND (?3 IS NULL OR ?3 < user_group.name_key)
             ORDER BY user_group.name_key LIMIT ?4"
        );
        let mut rows = sqlx::query(sqlx::AssertSqlSafe(page))
            .bind(scope.tenant().as_str())
            .bind(words.as_str())
            .bind(filter.after.as_deref())
            .bind(i64::from(filter.limit) + 1)
            .fetch_all(&self.readers)
            .await?;
        let has_more = filter.limit as usize <= rows.len().saturating_sub(1);
        rows.truncate(filter.limit as usize);
        Ok(GroupPage {
            groups: rows.iter().map(group).collect::<Result<_>>()?,
            has_more,
            n_matching: count(&counts, "n_matching")?,
            n_all: count(&counts, "n_all")?,
        })
    }

    async fn best_groups(&self, scope: &TenantScope, words: &[String], limit: u32) -> Result<Vec<Group>> {
        let query = format!(
            "{GROUP} WHERE user_group.tenant = ?1 AND {MATCHES}
             ORDER BY NOT EXISTS (SELECT 1 FROM json_each(?2) AS word WHERE instr(user_group.name_key, word.value) = 1),
                 user_group.name_key LIMIT {limit}"
        );
        self.groups_where(query, scope, serde_json::json!(words).to_string()).await
    }

    async fn groups_by_ids(&self, scope: &TenantScope, ids: &[GroupId]) -> Result<Vec<Group>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let query = format!(
            "{GROUP} WHERE user_group.tenant = ?1
                 AND user_group.id IN (SELECT unhex(wanted.value) FROM json_each(?2) AS wanted)
             ORDER BY user_group.name_key"
        );
        self.groups_where(query, scope, serde_json::json!(ids).to_string()).await
    }

    async fn group_by_name(&self, scope: &TenantScope, name: &str) -> Result<Option<Group>> {
        let query = format!("{GROUP} WHERE user_group.tenant = ?1 AND user_group.name_key = ?2");
        Ok(self.groups_where(query, scope, name.to_lowercase()).await?.pop())
    }

    async fn groups_of(&self, scope: &TenantScope, user: &UserId) -> Result<Vec<Group>> {
        let query = format!(
            "{GROUP} JOIN user_group_member AS own ON own.tenant = user_group.tenant AND own.user_group = user_group.id
             WHERE user_group.tenant = ?1 AND own.user = unhex(?2) ORDER BY user_group.name_key"
        );
        self.groups_where(query, scope, user.to_string()).await
    }

    async fn memberships(&self, scope: &TenantScope) -> Result<Vec<(GroupId, UserId)>> {
        let rows = sqlx::query("SELECT user_group, user FROM user_group_member WHERE tenant = ?1")
            .bind(scope.tenant().as_str())
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(|row| Ok((GroupId(bytes(row, "user_group")?), UserId(bytes(row, "user")?)))).collect()
    }

    async fn members_of(&self, scope: &TenantScope, group: &GroupId) -> Result<Vec<UserId>> {
        let rows = sqlx::query("SELECT user FROM user_group_member WHERE tenant = ?1 AND user_group = ?2")
            .bind(scope.tenant().as_str())
            .bind(group.0.to_vec())
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(|row| Ok(UserId(bytes(row, "user")?))).collect()
    }

    async fn join_group(&self, scope: &TenantScope, group: &GroupId, user: &UserId, event: NewEvent) -> Result<bool> {
        let mut transaction = self.begin().await?;
        if !join(&mut transaction, scope, group, user).await? {
            return Ok(false);
        }
        events::append(&mut transaction, scope, &event).await?;
        transaction.commit().await?;
        Ok(true)
    }

    async fn leave_group(&self, scope: &TenantScope, group: &GroupId, user: &UserId, event: NewEvent) -> Result<bool> {
        let mut transaction = self.begin().await?;
        if !leave(&mut transaction, scope, group, user).await? {
            return Ok(false);
        }
        events::append(&mut transaction, scope, &event).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

impl Sqlite3 {
    /// Groups by a query in which `?1` is the tenant and `?2` is `key`.
    async fn groups_where(&self, query: String, scope: &TenantScope, key: String) -> Result<Vec<Group>> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(scope.tenant().as_str())
            .bind(key)
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(group).collect()
    }
}

/// Makes somebody a member within the transaction of `connection`; `false` when they are one.
pub(super) async fn join(
    connection: &mut SqliteConnection,
    scope: &TenantScope,
    group: &GroupId,
    user: &UserId,
) -> Result<bool> {
    // Not `OR IGNORE`, which would also pass over a group or a user that does not exist.
    let joined = sqlx::query(
        "INSERT INTO user_group_member (tenant, user_group, user) VALUES (?1, ?2, ?3)
         ON CONFLICT (tenant, user, user_group) DO NOTHING",
    )
    .bind(scope.tenant().as_str())
    .bind(group.0.to_vec())
    .bind(user.0.to_vec())
    .execute(connection)
    .await?;
    Ok(joined.rows_affected() == 1)
}

/// Takes somebody out within the transaction of `connection`; `false` when they are no member.
pub(super) async fn leave(
    connection: &mut SqliteConnection,
    scope: &TenantScope,
    group: &GroupId,
    user: &UserId,
) -> Result<bool> {
    let left = sqlx::query("DELETE FROM user_group_member WHERE tenant = ?1 AND user_group = ?2 AND user = ?3")
        .bind(scope.tenant().as_str())
        .bind(group.0.to_vec())
        .bind(user.0.to_vec())
        .execute(connection)
        .await?;
    Ok(left.rows_affected() == 1)
}

fn group(row: &SqliteRow) -> Result<Group> {
    Ok(Group {
        id: GroupId(bytes(row, "id")?),
        name: get(row, "name")?,
        description: get(row, "description")?,
        n_members: count(row, "n_members")?,
        n_assignments: count(row, "n_assignments")?,
        version: count(row, "version")?,
    })
}

fn count(row: &SqliteRow, column: &'static str) -> Result<u32> {
    u32::try_from(unsigned(row, column)?).map_err(|_| StorageError::Corrupt(column))
}
