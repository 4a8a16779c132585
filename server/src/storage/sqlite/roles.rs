use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use protocol::access::Permission;
use protocol::ids::{AssignmentId, GroupId, RoleId, RoomId, UserId};
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::row::{bytes, get, parse, unsigned};
use super::{Sqlite3, conflict, events};
use crate::access::{BuiltInRole, Coverage, PermissionSet, RoleGrant};
use crate::random;
use crate::storage::{
    Assignment, AssignmentScope, AssignmentsOf, NewEvent, NewRole, Result, Role, Roles, StorageError, TenantScope,
};

const TAKEN: &str = "a role with this name";

/// The columns of a role, for [`role`].
const ROLE: &str = "SELECT role.id, role.name, role.description, role.built_in, role.version,
         (SELECT group_concat(permission) FROM role_permission
          WHERE role_permission.tenant = role.tenant AND role_permission.role = role.id) AS permissions,
         (SELECT count(*) FROM assignment
          WHERE assignment.tenant = role.tenant AND assignment.role = role.id) AS n_assignments
     FROM role";

/// The ids of a user's assignments, own ones and those of groups.
const OF_USER: &str = "SELECT assignment FROM assignment_user WHERE tenant = ?1 AND user = ?2
     UNION
     SELECT assignment_group.assignment FROM user_group_member
     JOIN assignment_group ON assignment_group.tenant = user_group_member.tenant
         AND assignment_group.user_group = user_group_member.user_group
     WHERE user_group_member.tenant = ?1 AND user_group_member.user = ?2";

/// Gives a new tenant its built-in roles, within the transaction of `connection`.
pub(super) async fn create_built_in(connection: &mut SqliteConnection, scope: &TenantScope) -> Result<()> {
    for role in BuiltInRole::ALL {
        sqlx::query(
            "INSERT INTO role (tenant, id, name, name_key, description, built_in) VALUES (?1, ?2, ?3, ?4, '', ?5)",
        )
        .bind(scope.tenant().as_str())
        .bind(random::bytes::<16>().to_vec())
        .bind(role.name())
        .bind(role.name().to_lowercase())
        .bind(role.id())
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Gives somebody a built-in role everywhere, within the transaction of `connection`.
pub(super) async fn assign_built_in(
    connection: &mut SqliteConnection,
    scope: &TenantScope,
    role: BuiltInRole,
    user: &UserId,
    made_at: i64,
) -> Result<()> {
    let row = sqlx::query("SELECT id FROM role WHERE tenant = ?1 AND built_in = ?2")
        .bind(scope.tenant().as_str())
        .bind(role.id())
        .fetch_one(&mut *connection)
        .await?;
    let assignment = Assignment {
        id: AssignmentId(random::bytes()),
        role: RoleId(bytes(&row, "id")?),
        name: role.name().to_owned(),
        description: String::new(),
        users: vec![*user],
        groups: Vec::new(),
        scope: AssignmentScope { everywhere: true, ..AssignmentScope::default() },
        made_by: None,
        made_at,
        version: 1,
    };
    insert_assignment(connection, scope, &assignment).await
}

#[async_trait]
impl Roles for Sqlite3 {
    async fn roles(&self, scope: &TenantScope) -> Result<Vec<Role>> {
        let query = format!("{ROLE} WHERE role.tenant = ?1 ORDER BY role.built_in IS NULL, role.name_key");
        let rows =
            sqlx::query(sqlx::AssertSqlSafe(query)).bind(scope.tenant().as_str()).fetch_all(&self.readers).await?;
        let mut roles: Vec<Role> = rows.iter().map(role).collect::<Result<_>>()?;
        // The mightiest first; the sort keeps the order of the others.
        roles.sort_by_key(|role| (role.built_in.is_none(), role.built_in));
        Ok(roles)
    }

    async fn role(&self, scope: &TenantScope, id: &RoleId) -> Result<Option<Role>> {
        let query = format!("{ROLE} WHERE role.tenant = ?1 AND role.id = ?2");
        let row = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(scope.tenant().as_str())
            .bind(id.0.to_vec())
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(role).transpose()
    }

    async fn create_role(
        &self,
        scope: &TenantScope,
        role: &NewRole,
        event: NewEvent,
        assignment: Option<(Assignment, NewEvent)>,
    ) -> Result<()> {
        let mut transaction = self.begin().await?;
        sqlx::query("INSERT INTO role (tenant, id, name, name_key, description) VALUES (?1, ?2, ?3, ?4, ?5)")
            .bind(scope.tenant().as_str())
            .bind(role.id.0.to_vec())
            .bind(role.name.as_str())
            .bind(role.name.to_lowercase())
            .bind(role.description.as_str())
            .execute(&mut *transaction)
            .await
            .map_err(conflict(TAKEN))?;
        write_permissions(&mut transaction, scope, role).await?;
        events::append(&mut transaction, scope, &event).await?;
        if let Some((assignment, event)) = assignment {
            insert_assignment(&mut transaction, scope, &assignment).await?;
            events::append(&mut transaction, scope, &event).await?;
        }
        transaction.commit().await
    }

    async fn set_role(&self, scope: &TenantScope, role: &NewRole, version: u32, event: NewEvent) -> Result<bool> {
        let mut transaction = self.begin().await?;
        let changed = sqlx::query(
            "UPDATE role SET name = ?4, name_key = ?5, description = ?6, version = version + 1
             WHERE tenant = ?1 AND id = ?2 AND version = ?3 AND built_in IS NULL",
        )
        .bind(scope.tenant().as_str())
        .bind(role.id.0.to_vec())
        .bind(version)
        .bind(role.name.as_str())
        .bind(role.name.to_lowercase())
        .bind(role.description.as_str())
        .execute(&mut *transaction)
        .await
        .map_err(conflict(TAKEN))?;
        if changed.rows_affected() == 0 {
            return Ok(false);
        }
        sqlx::query("DELETE FROM role_permission WHERE tenant = ?1 AND role = ?2")
            .bind(scope.tenant().as_str())
            .bind(role.id.0.to_vec())
            .execute(&mut *transaction)
            .await?;
        write_permissions(&mut transaction, scope, role).await?;
        events::append(&mut transaction, scope, &event).await?;
        transaction.commit().await?;
        Ok(true)
    }

    async fn delete_role(&self, scope: &TenantScope, id: &RoleId, event: NewEvent) -> Result<bool> {
        self.delete("DELETE FROM role WHERE tenant = ?1 AND id = ?2 AND built_in IS NULL", scope, &id.0, event).await
    }

    async fn assignments(&self, scope: &TenantScope, of: AssignmentsOf) -> Result<Vec<Assignment>> {
        let (wanted, key) = match of {
            AssignmentsOf::Tenant => ("SELECT id FROM assignment WHERE tenant = ?1", Vec::new()),
            AssignmentsOf::Role(role) => ("SELECT id FROM assignment WHERE tenant = ?1 AND role = ?2", role.0.to_vec()),
            AssignmentsOf::Group(group) => {
                ("SELECT assignment FROM assignment_group WHERE tenant = ?1 AND user_group = ?2", group.0.to_vec())
            }
            AssignmentsOf::User(user) => (OF_USER, user.0.to_vec()),
        };
        self.assignments_where(scope, wanted, key).await
    }

    async fn assignment(&self, scope: &TenantScope, id: &AssignmentId) -> Result<Option<Assignment>> {
        let wanted = "SELECT id FROM assignment WHERE tenant = ?1 AND id = ?2";
        Ok(self.assignments_where(scope, wanted, id.0.to_vec()).await?.pop())
    }

    async fn create_assignment(&self, scope: &TenantScope, assignment: &Assignment, event: NewEvent) -> Result<()> {
        let mut transaction = self.begin().await?;
        insert_assignment(&mut transaction, scope, assignment).await?;
        events::append(&mut transaction, scope, &event).await?;
        transaction.commit().await
    }

    async fn set_assignment(&self, scope: &TenantScope, assignment: &Assignment, event: NewEvent) -> Result<bool> {
        let mut transaction = self.begin().await?;
        let changed = sqlx::query(
            "UPDATE assignment SET name = ?4, description = ?5, everywhere = ?6, made_by = ?7, made_at = ?8,
                 version = version + 1
             WHERE tenant = ?1 AND id = ?2 AND version = ?3",
        )
        .bind(scope.tenant().as_str())
        .bind(assignment.id.0.to_vec())
        .bind(assignment.version)
        .bind(assignment.name.as_str())
        .bind(assignment.description.as_str())
        .bind(assignment.scope.everywhere)
        .bind(assignment.made_by.map(|user| user.0.to_vec()))
        .bind(assignment.made_at)
        .execute(&mut *transaction)
        .await?;
        if changed.rows_affected() == 0 {
            return Ok(false);
        }
        for delete in [
            "DELETE FROM assignment_user WHERE tenant = ?1 AND assignment = ?2",
            "DELETE FROM assignment_group WHERE tenant = ?1 AND assignment = ?2",
            "DELETE FROM assignment_scope WHERE tenant = ?1 AND assignment = ?2",
        ] {
            sqlx::query(delete)
                .bind(scope.tenant().as_str())
                .bind(assignment.id.0.to_vec())
                .execute(&mut *transaction)
                .await?;
        }
        insert_parts(&mut transaction, scope, assignment).await?;
        events::append(&mut transaction, scope, &event).await?;
        transaction.commit().await?;
        Ok(true)
    }

    async fn delete_assignment(&self, scope: &TenantScope, id: &AssignmentId, event: NewEvent) -> Result<bool> {
        self.delete("DELETE FROM assignment WHERE tenant = ?1 AND id = ?2", scope, &id.0, event).await
    }

    async fn grants_of(&self, scope: &TenantScope, user: &UserId) -> Result<Vec<RoleGrant>> {
        let query = format!(
            "SELECT assignment.id, assignment.everywhere, role.built_in,
                 (SELECT group_concat(permission) FROM role_permission
                  WHERE role_permission.tenant = role.tenant AND role_permission.role = role.id) AS permissions
             FROM assignment JOIN role ON role.tenant = assignment.tenant AND role.id = assignment.role
             WHERE assignment.tenant = ?1 AND assignment.id IN ({OF_USER})"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(scope.tenant().as_str())
            .bind(user.0.to_vec())
            .fetch_all(&self.readers)
            .await?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let mut scopes = self.scopes_where(scope, OF_USER, user.0.to_vec()).await?;
        rows.iter().map(|row| grant(row, &mut scopes)).collect()
    }

    async fn access_versions(&self) -> Result<Vec<(TenantScope, i64)>> {
        let rows = sqlx::query("SELECT id, access_version + rooms_version AS version FROM tenant")
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(|row| Ok((TenantScope::of_row(parse(row, "id")?), get(row, "version")?))).collect()
    }
}

impl Sqlite3 {
    /// The assignments whose ids the query `wanted` gives: `?1` in it is the tenant, `?2` is `key`.
    async fn assignments_where(
        &self,
        scope: &TenantScope,
        wanted: &'static str,
        key: Vec<u8>,
    ) -> Result<Vec<Assignment>> {
        let query =
            format!("SELECT * FROM assignment WHERE tenant = ?1 AND id IN ({wanted}) ORDER BY made_at, name, id");
        // Without `?2` in the query its value is not looked at.
        let rows = self.fetch(query, scope, &key).await?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let mut users: HashMap<[u8; 16], Vec<UserId>> = HashMap::new();
        let query =
            format!("SELECT assignment, user FROM assignment_user WHERE tenant = ?1 AND assignment IN ({wanted})");
        for row in &self.fetch(query, scope, &key).await? {
            users.entry(bytes(row, "assignment")?).or_default().push(UserId(bytes(row, "user")?));
        }
        let mut groups: HashMap<[u8; 16], Vec<GroupId>> = HashMap::new();
        let query = format!(
            "SELECT assignment, user_group FROM assignment_group WHERE tenant = ?1 AND assignment IN ({wanted})"
        );
        for row in &self.fetch(query, scope, &key).await? {
            groups.entry(bytes(row, "assignment")?).or_default().push(GroupId(bytes(row, "user_group")?));
        }
        let mut scopes = self.scopes_where(scope, wanted, key).await?;
        let assignment = |row: &SqliteRow| {
            let id = bytes(row, "id")?;
            let everywhere = get(row, "everywhere")?;
            let made_by: Option<&[u8]> = get(row, "made_by")?;
            let made_by = made_by.map(|id| id.try_into().map(UserId)).transpose();
            Ok(Assignment {
                id: AssignmentId(id),
                role: RoleId(bytes(row, "role")?),
                name: get(row, "name")?,
                description: get(row, "description")?,
                users: users.remove(&id).unwrap_or_default(),
                groups: groups.remove(&id).unwrap_or_default(),
                scope: AssignmentScope { everywhere, ..scopes.remove(&id).unwrap_or_default() },
                made_by: made_by.map_err(|_| StorageError::Corrupt("made_by"))?,
                made_at: get(row, "made_at")?,
                version: version(row)?,
            })
        };
        rows.iter().map(assignment).collect()
    }

    /// What the assignments cover whose ids the query `wanted` gives.
    async fn scopes_where(
        &self,
        scope: &TenantScope,
        wanted: &'static str,
        key: Vec<u8>,
    ) -> Result<HashMap<[u8; 16], AssignmentScope>> {
        let query = format!(
            "SELECT assignment, kind, value FROM assignment_scope WHERE tenant = ?1 AND assignment IN ({wanted})"
        );
        let mut scopes: HashMap<[u8; 16], AssignmentScope> = HashMap::new();
        for row in &self.fetch(query, scope, &key).await? {
            let covered = scopes.entry(bytes(row, "assignment")?).or_default();
            match get::<&str>(row, "kind")? {
                "room" => covered.rooms.push(parse::<RoomId>(row, "value")?),
                "room_group" => covered.room_groups.push(get(row, "value")?),
                "place" => covered.places.push(get(row, "value")?),
                _ => return Err(StorageError::Corrupt("kind")),
            }
        }
        Ok(scopes)
    }

    /// Runs a query of this file, in which `?1` is the tenant and `?2`, when it is there, is `key`.
    async fn fetch(&self, query: String, scope: &TenantScope, key: &[u8]) -> Result<Vec<SqliteRow>> {
        let has_key = query.contains("?2");
        let query = sqlx::query(sqlx::AssertSqlSafe(query)).bind(scope.tenant().as_str());
        let query = if has_key { query.bind(key.to_vec()) } else { query };
        Ok(query.fetch_all(&self.readers).await?)
    }
}

fn grant(row: &SqliteRow, scopes: &mut HashMap<[u8; 16], AssignmentScope>) -> Result<RoleGrant> {
    let id = bytes(row, "id")?;
    let coverage = if get(row, "everywhere")? {
        Coverage::Everywhere
    } else {
        let scope = scopes.remove(&id).unwrap_or_default();
        Coverage::Rooms {
            rooms: scope.rooms.into_iter().collect(),
            groups: scope.room_groups.into_iter().collect(),
            places: scope.places,
        }
    };
    let permissions: PermissionSet = permissions(row)?.into_iter().collect();
    Ok(RoleGrant { assignment: AssignmentId(id), built_in: built_in(row)?, permissions, coverage })
}

fn role(row: &SqliteRow) -> Result<Role> {
    let n_assignments = unsigned(row, "n_assignments")?;
    Ok(Role {
        id: RoleId(bytes(row, "id")?),
        name: get(row, "name")?,
        description: get(row, "description")?,
        built_in: built_in(row)?,
        permissions: permissions(row)?,
        n_assignments: u32::try_from(n_assignments).map_err(|_| StorageError::Corrupt("n_assignments"))?,
        version: version(row)?,
    })
}

fn version(row: &SqliteRow) -> Result<u32> {
    u32::try_from(unsigned(row, "version")?).map_err(|_| StorageError::Corrupt("version"))
}

fn built_in(row: &SqliteRow) -> Result<Option<BuiltInRole>> {
    let id: Option<&str> = get(row, "built_in")?;
    id.map(|id| BuiltInRole::from_id(id).ok_or(StorageError::Corrupt("built_in"))).transpose()
}

/// Of a built-in role: those of this version; of a custom role: those that are stored.
fn permissions(row: &SqliteRow) -> Result<Vec<Permission>> {
    if let Some(role) = built_in(row)? {
        return Ok(role.permissions().iter().collect());
    }
    let stored: Option<&str> = get(row, "permissions")?;
    let mut permissions = Vec::new();
    for id in stored.unwrap_or_default().split(',').filter(|id| !id.is_empty()) {
        permissions.push(id.parse().map_err(|_| StorageError::Corrupt("permission"))?);
    }
    permissions.sort_unstable();
    Ok(permissions)
}

async fn write_permissions(connection: &mut SqliteConnection, scope: &TenantScope, role: &NewRole) -> Result<()> {
    for permission in role.permissions.iter().collect::<BTreeSet<_>>() {
        sqlx::query("INSERT INTO role_permission (tenant, role, permission) VALUES (?1, ?2, ?3)")
            .bind(scope.tenant().as_str())
            .bind(role.id.0.to_vec())
            .bind(permission.id())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

async fn insert_assignment(
    connection: &mut SqliteConnection,
    scope: &TenantScope,
    assignment: &Assignment,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO assignment (tenant, id, role, name, description, everywhere, made_by, made_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )
    .bind(scope.tenant().as_str())
    .bind(assignment.id.0.to_vec())
    .bind(assignment.role.0.to_vec())
    .bind(assignment.name.as_str())
    .bind(assignment.description.as_str())
    .bind(assignment.scope.everywhere)
    .bind(assignment.made_by.map(|user| user.0.to_vec()))
    .bind(assignment.made_at)
    .execute(&mut *connection)
    .await?;
    insert_parts(connection, scope, assignment).await
}

/// Stores members and scope.
async fn insert_parts(connection: &mut SqliteConnection, scope: &TenantScope, assignment: &Assignment) -> Result<()> {
    for user in &assignment.users {
        sqlx::query("INSERT OR IGNORE INTO assignment_user (tenant, assignment, user) VALUES (?1, ?2, ?3)")
            .bind(scope.tenant().as_str())
            .bind(assignment.id.0.to_vec())
            .bind(user.0.to_vec())
            .execute(&mut *connection)
            .await?;
    }
    for group in &assignment.groups {
        sqlx::query("INSERT OR IGNORE INTO assignment_group (tenant, assignment, user_group) VALUES (?1, ?2, ?3)")
            .bind(scope.tenant().as_str())
            .bind(assignment.id.0.to_vec())
            .bind(group.0.to_vec())
            .execute(&mut *connection)
            .await?;
    }
    for (kind, value) in parts_of(&assignment.scope) {
        sqlx::query("INSERT OR IGNORE INTO assignment_scope (tenant, assignment, kind, value) VALUES (?1, ?2, ?3, ?4)")
            .bind(scope.tenant().as_str())
            .bind(assignment.id.0.to_vec())
            .bind(kind)
            .bind(value)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

fn parts_of(scope: &AssignmentScope) -> impl Iterator<Item = (&'static str, &str)> {
    let rooms = scope.rooms.iter().map(|room| ("room", room.as_str()));
    let groups = scope.room_groups.iter().map(|group| ("room_group", group.as_str()));
    let places = scope.places.iter().map(|place| ("place", place.as_str()));
    rooms.chain(groups).chain(places)
}
