use async_trait::async_trait;
use protocol::api::UserState;
use protocol::ids::UserId;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::row::{bytes, get, parse, unsigned};
use super::{Sqlite3, conflict, events, groups, invitations, logins};
use crate::storage::users::email_key;
use crate::storage::{
    ImportStep, LoginKey, NewEvent, NewInvitation, NewUser, Result, StorageError, TenantScope, User, UserEdit,
    UserFilter, UserPage, Users,
};

/// The members of the group `?2`, or everybody.
const ASKED: &str = "user.tenant = ?1
     AND (?2 IS NULL OR user.id IN (SELECT member.user FROM user_group_member AS member
                                    WHERE member.tenant = ?1 AND member.user_group = ?2))";

/// Every word of the JSON list `?3` is in the name or in the address.
const MATCHES: &str = "NOT EXISTS (SELECT 1 FROM json_each(?3) AS word
         WHERE instr(user.name_key, word.value) = 0 AND instr(user.email_key, word.value) = 0)";

/// The state is `?4`, or any.
const IN_STATE: &str = "(?4 IS NULL OR ?4 = iif(user.disabled, 'disabled',
         iif(user.password_hash IS NULL AND NOT user.has_identity, 'invited', 'active')))";

/// Creates a user within the transaction of `connection`.
pub(super) async fn create(connection: &mut SqliteConnection, scope: &TenantScope, user: &NewUser) -> Result<()> {
    sqlx::query(
        "INSERT INTO user (tenant, id, email, email_key, name, name_key, password_hash, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )
    .bind(scope.tenant().as_str())
    .bind(user.id.0.to_vec())
    .bind(user.email.as_str())
    .bind(email_key(&user.email))
    .bind(user.name.as_str())
    .bind(user.name.to_lowercase())
    .bind(user.password_hash.as_deref())
    .bind(user.created_at)
    .execute(connection)
    .await
    .map_err(conflict("an account with this e-mail address"))?;
    Ok(())
}

/// Sets a password within the transaction of `connection`.
pub(super) async fn write_password(
    connection: &mut SqliteConnection,
    scope: &TenantScope,
    id: &UserId,
    hash: &str,
) -> Result<()> {
    sqlx::query("UPDATE user SET password_hash = ?3 WHERE tenant = ?1 AND id = ?2")
        .bind(scope.tenant().as_str())
        .bind(id.0.to_vec())
        .bind(hash)
        .execute(connection)
        .await?;
    Ok(())
}

#[async_trait]
impl Users for Sqlite3 {
    async fn create_user(&self, scope: &TenantScope, user: &NewUser, event: NewEvent) -> Result<()> {
        let mut transaction = self.begin().await?;
        create(&mut transaction, scope, user).await?;
        events::append(&mut transaction, scope, &event).await?;
        transaction.commit().await
    }

    async fn create_invited_user(
        &self,
        scope: &TenantScope,
        user: &NewUser,
        invitation: &NewInvitation,
        new_events: Vec<NewEvent>,
    ) -> Result<()> {
        let mut transaction = self.begin().await?;
        create(&mut transaction, scope, user).await?;
        if !invitations::replace(&mut transaction, scope, invitation).await? {
            return Err(StorageError::Corrupt("invitation"));
        }
        for event in &new_events {
            events::append(&mut transaction, scope, event).await?;
        }
        transaction.commit().await
    }

    async fn user(&self, scope: &TenantScope, id: &UserId) -> Result<Option<User>> {
        let row = sqlx::query("SELECT * FROM user WHERE tenant = ?1 AND id = ?2")
            .bind(scope.tenant().as_str())
            .bind(id.0.to_vec())
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(user).transpose()
    }

    async fn users(&self, scope: &TenantScope) -> Result<Vec<User>> {
        let rows = sqlx::query("SELECT * FROM user WHERE tenant = ?1 ORDER BY name_key, email_key")
            .bind(scope.tenant().as_str())
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(user).collect()
    }

    async fn list_users(&self, scope: &TenantScope, filter: &UserFilter) -> Result<UserPage> {
        let group = filter.group.map(|group| group.0.to_vec());
        let words = serde_json::json!(filter.words).to_string();
        let state = filter.state.map(state_text);
        let counts = format!(
            "SELECT count(*) AS n_all, count(*) FILTER (WHERE {MATCHES} AND {IN_STATE}) AS n_matching
             FROM user WHERE {ASKED}"
        );
        let counts = sqlx::query(sqlx::AssertSqlSafe(counts))
            .bind(scope.tenant().as_str())
            .bind(group.as_deref())
            .bind(words.as_str())
            .bind(state)
            .fetch_one(&self.readers)
            .await?;
        let page = format!(
            "SELECT user.* FROM user
             WHERE {ASKED} AND {MATCHES} AND {IN_STATE}
                 AND (?5 IS NULL OR (?5, ?6) < (user.name_key, user.email_key))
             ORDER BY user.name_key, user.email_key LIMIT ?7"
        );
        let mut rows = sqlx::query(sqlx::AssertSqlSafe(page))
            .bind(scope.tenant().as_str())
            .bind(group.as_deref())
            .bind(words.as_str())
            .bind(state)
            .bind(filter.after.as_ref().map(|after| after.name_key.as_str()))
            .bind(filter.after.as_ref().map(|after| after.email_key.as_str()))
            .bind(i64::from(filter.limit) + 1)
            .fetch_all(&self.readers)
            .await?;
        let has_more = (filter.limit as usize) < rows.len();
        rows.truncate(filter.limit as usize);
        Ok(UserPage {
            users: rows.iter().map(user).collect::<Result<_>>()?,
            has_more,
            n_matching: count(&counts, "n_matching")?,
            n_all: count(&counts, "n_all")?,
        })
    }

    async fn users_by_ids(&self, scope: &TenantScope, ids: &[UserId]) -> Result<Vec<User>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let rows = sqlx::query(
            "SELECT * FROM user
             WHERE tenant = ?1 AND id IN (SELECT unhex(wanted.value) FROM json_each(?2) AS wanted)
             ORDER BY name_key, email_key",
        )
        .bind(scope.tenant().as_str())
        .bind(serde_json::json!(ids).to_string())
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(user).collect()
    }

    async fn best_users(&self, scope: &TenantScope, words: &[String], limit: u32) -> Result<Vec<User>> {
        let begins = |column: &str| {
            format!("NOT EXISTS (SELECT 1 FROM json_each(?3) AS word WHERE instr({column}, word.value) = 1)")
        };
        let query = format!(
            "SELECT user.* FROM user WHERE user.tenant = ?1 AND NOT user.disabled AND {MATCHES}
             ORDER BY {}, {}, user.name_key, user.email_key LIMIT ?2",
            begins("user.name_key"),
            begins("user.email_key")
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(scope.tenant().as_str())
            .bind(limit)
            .bind(serde_json::json!(words).to_string())
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(user).collect()
    }

    async fn user_by_email(&self, email: &str) -> Result<Option<(TenantScope, User)>> {
        let row = sqlx::query("SELECT * FROM user WHERE email_key = ?1")
            .bind(email_key(email))
            .fetch_optional(&self.readers)
            .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some((TenantScope::of_row(parse(&row, "tenant")?), user(&row)?)))
    }

    async fn taken_elsewhere(&self, scope: &TenantScope, email_keys: &[String]) -> Result<Vec<String>> {
        let rows = sqlx::query(
            "SELECT email_key FROM user
             WHERE tenant <> ?1 AND email_key IN (SELECT wanted.value FROM json_each(?2) AS wanted)",
        )
        .bind(scope.tenant().as_str())
        .bind(serde_json::json!(email_keys).to_string())
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(|row| get(row, "email_key")).collect()
    }

    async fn rename_user(&self, scope: &TenantScope, id: &UserId, name: &str, event: NewEvent) -> Result<()> {
        let mut transaction = self.begin().await?;
        sqlx::query("UPDATE user SET name = ?3, name_key = ?4, version = version + 1 WHERE tenant = ?1 AND id = ?2")
            .bind(scope.tenant().as_str())
            .bind(id.0.to_vec())
            .bind(name)
            .bind(name.to_lowercase())
            .execute(&mut *transaction)
            .await?;
        events::append(&mut transaction, scope, &event).await?;
        transaction.commit().await
    }

    async fn edit_user(
        &self,
        scope: &TenantScope,
        wanted: &UserEdit,
        new_events: Vec<NewEvent>,
    ) -> Result<Option<Vec<LoginKey>>> {
        let mut transaction = self.begin().await?;
        let Some(ended) = edit(&mut transaction, scope, wanted).await? else { return Ok(None) };
        for event in &new_events {
            events::append(&mut transaction, scope, event).await?;
        }
        transaction.commit().await?;
        Ok(Some(ended))
    }

    async fn set_password_hash(
        &self,
        scope: &TenantScope,
        id: &UserId,
        hash: &str,
        keep: &LoginKey,
        event: NewEvent,
    ) -> Result<Vec<LoginKey>> {
        let mut transaction = self.begin().await?;
        write_password(&mut transaction, scope, id, hash).await?;
        let ended = logins::end_all(&mut transaction, scope, id, Some(keep)).await?;
        events::append(&mut transaction, scope, &event).await?;
        transaction.commit().await?;
        Ok(ended)
    }

    async fn import(
        &self,
        scope: &TenantScope,
        steps: &[(ImportStep, Vec<NewEvent>)],
    ) -> Result<Option<Vec<LoginKey>>> {
        let mut transaction = self.begin().await?;
        let mut ended = Vec::new();
        for (step, new_events) in steps {
            let fits = match step {
                ImportStep::CreateUser(user) => create(&mut transaction, scope, user).await.map(|()| true)?,
                ImportStep::EditUser(wanted) => match edit(&mut transaction, scope, wanted).await? {
                    Some(logins) => {
                        ended.extend(logins);
                        true
                    }
                    None => false,
                },
                ImportStep::CreateGroup(group) => {
                    groups::create(&mut transaction, scope, group).await?;
                    true
                }
                ImportStep::Join { group, user } => groups::join(&mut transaction, scope, group, user).await?,
                ImportStep::Leave { group, user } => groups::leave(&mut transaction, scope, group, user).await?,
            };
            if !fits {
                return Ok(None);
            }
            for event in new_events {
                events::append(&mut transaction, scope, event).await?;
            }
        }
        transaction.commit().await?;
        Ok(Some(ended))
    }
}

/// Changes a user within the transaction of `connection`; see [`Users::edit_user`].
async fn edit(
    connection: &mut SqliteConnection,
    scope: &TenantScope,
    wanted: &UserEdit,
) -> Result<Option<Vec<LoginKey>>> {
    let changed = sqlx::query(
        "UPDATE user SET name = ?4, name_key = ?5, disabled = ?6, version = version + 1
         WHERE tenant = ?1 AND id = ?2 AND version = ?3",
    )
    .bind(scope.tenant().as_str())
    .bind(wanted.id.0.to_vec())
    .bind(wanted.version)
    .bind(wanted.name.as_str())
    .bind(wanted.name.to_lowercase())
    .bind(wanted.disabled)
    .execute(&mut *connection)
    .await?;
    if changed.rows_affected() == 0 {
        return Ok(None);
    }
    if !wanted.disabled {
        return Ok(Some(Vec::new()));
    }
    Ok(Some(logins::end_all(connection, scope, &wanted.id, None).await?))
}

/// A row with all columns of the table.
pub(super) fn user(row: &SqliteRow) -> Result<User> {
    Ok(User {
        id: UserId(bytes(row, "id")?),
        email: get(row, "email")?,
        name: get(row, "name")?,
        password_hash: get(row, "password_hash")?,
        has_identity: get(row, "has_identity")?,
        disabled: get(row, "disabled")?,
        created_at: get(row, "created_at")?,
        last_login_at: get(row, "last_login_at")?,
        version: count(row, "version")?,
    })
}

fn count(row: &SqliteRow, column: &'static str) -> Result<u32> {
    u32::try_from(unsigned(row, column)?).map_err(|_| StorageError::Corrupt(column))
}

fn state_text(state: UserState) -> &'static str {
    match state {
        UserState::Active => "active",
        UserState::Invited => "invited",
        UserState::Disabled => "disabled",
    }
}
