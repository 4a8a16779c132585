use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use protocol::access::Permission;
use protocol::ids::{RoomId, UserId};
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::row::{get, parse};
use super::{Sqlite3, conflict, events};
use crate::access::{BuiltInRole, Coverage, PermissionSet, RoleGrant};
use crate::storage::{NewAssignment, NewEvent, Result, Role, RoleId, Roles, StorageError, TenantScope};

/// Gives a new tenant its built-in roles, within the transaction of `connection`.
pub(super) async fn create_built_in(connection: &mut SqliteConnection, scope: &TenantScope) -> Result<()> {
    for role in BuiltInRole::ALL {
        sqlx::query("INSERT INTO role (tenant, name, built_in) VALUES (?1, ?2, ?3)")
            .bind(scope.tenant().as_str())
            .bind(role.name())
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
    created_at: i64,
) -> Result<()> {
    let role: RoleId = sqlx::query_scalar("SELECT id FROM role WHERE tenant = ?1 AND built_in = ?2")
        .bind(scope.tenant().as_str())
        .bind(role.id())
        .fetch_one(&mut *connection)
        .await?;
    let assignment = NewAssignment {
        role,
        members: vec![*user],
        everywhere: true,
        rooms: Vec::new(),
        groups: Vec::new(),
        places: Vec::new(),
        created_at,
    };
    insert_assignment(connection, scope, &assignment).await
}

#[async_trait]
impl Roles for Sqlite3 {
    async fn roles(&self, scope: &TenantScope) -> Result<Vec<Role>> {
        let rows = sqlx::query(
            "SELECT role.id, role.name, role.built_in,
                 (SELECT group_concat(permission) FROM role_permission
                  WHERE role_permission.tenant = role.tenant AND role_permission.role = role.id) AS permissions
             FROM role WHERE role.tenant = ?1 ORDER BY role.name",
        )
        .bind(scope.tenant().as_str())
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(role).collect()
    }

    async fn create_role(
        &self,
        scope: &TenantScope,
        name: &str,
        permissions: &[Permission],
        event: NewEvent,
    ) -> Result<RoleId> {
        let mut transaction = self.begin().await?;
        let role: RoleId = sqlx::query_scalar("INSERT INTO role (tenant, name) VALUES (?1, ?2) RETURNING id")
            .bind(scope.tenant().as_str())
            .bind(name)
            .fetch_one(&mut *transaction)
            .await
            .map_err(conflict("a role with this name"))?;
        write_permissions(&mut transaction, scope, role, permissions).await?;
        events::append(&mut transaction, scope, &event).await?;
        transaction.commit().await?;
        Ok(role)
    }

    async fn set_permissions(
        &self,
        scope: &TenantScope,
        role: RoleId,
        permissions: &[Permission],
        event: NewEvent,
    ) -> Result<()> {
        let mut transaction = self.begin().await?;
        sqlx::query("DELETE FROM role_permission WHERE tenant = ?1 AND role = ?2")
            .bind(scope.tenant().as_str())
            .bind(role)
            .execute(&mut *transaction)
            .await?;
        write_permissions(&mut transaction, scope, role, permissions).await?;
        events::append(&mut transaction, scope, &event).await?;
        Ok(transaction.commit().await?)
    }

    async fn create_assignment(&self, scope: &TenantScope, assignment: &NewAssignment, event: NewEvent) -> Result<()> {
        let mut transaction = self.begin().await?;
        insert_assignment(&mut transaction, scope, assignment).await?;
        events::append(&mut transaction, scope, &event).await?;
        Ok(transaction.commit().await?)
    }

    async fn has_assignment(&self, scope: &TenantScope, assignment: &NewAssignment) -> Result<bool> {
        let found: Option<i64> = sqlx::query_scalar("SELECT 1 FROM assignment WHERE tenant = ?1 AND content = ?2")
            .bind(scope.tenant().as_str())
            .bind(content(assignment))
            .fetch_optional(&self.readers)
            .await?;
        Ok(found.is_some())
    }

    async fn grants_of(&self, scope: &TenantScope, user: &UserId) -> Result<Vec<RoleGrant>> {
        let rows = sqlx::query(
            "SELECT assignment.id, assignment.everywhere, role.built_in,
                 (SELECT group_concat(permission) FROM role_permission
                  WHERE role_permission.tenant = role.tenant AND role_permission.role = role.id) AS permissions
             FROM assignment_member
             JOIN assignment ON assignment.tenant = assignment_member.tenant
                 AND assignment.id = assignment_member.assignment
             JOIN role ON role.tenant = assignment.tenant AND role.id = assignment.role
             WHERE assignment_member.tenant = ?1 AND assignment_member.user = ?2",
        )
        .bind(scope.tenant().as_str())
        .bind(user.0.to_vec())
        .fetch_all(&self.readers)
        .await?;
        let mut coverages = self.coverages_of(scope, user).await?;
        rows.iter().map(|row| grant(row, &mut coverages)).collect()
    }
}

impl Sqlite3 {
    /// What each of a user's assignments covers.
    async fn coverages_of(&self, scope: &TenantScope, user: &UserId) -> Result<BTreeMap<i64, Coverage>> {
        let rows = sqlx::query(
            "SELECT assignment_scope.assignment, assignment_scope.kind, assignment_scope.value
             FROM assignment_member
             JOIN assignment_scope ON assignment_scope.tenant = assignment_member.tenant
                 AND assignment_scope.assignment = assignment_member.assignment
             WHERE assignment_member.tenant = ?1 AND assignment_member.user = ?2",
        )
        .bind(scope.tenant().as_str())
        .bind(user.0.to_vec())
        .fetch_all(&self.readers)
        .await?;
        let mut coverages = BTreeMap::new();
        for row in &rows {
            let coverage = coverages.entry(get(row, "assignment")?).or_insert_with(nothing);
            let Coverage::Rooms { rooms, groups, places } = coverage else { continue };
            match get::<&str>(row, "kind")? {
                "room" => _ = rooms.insert(parse::<RoomId>(row, "value")?),
                "group" => _ = groups.insert(get(row, "value")?),
                "place" => places.push(get(row, "value")?),
                _ => return Err(StorageError::Corrupt("kind")),
            }
        }
        Ok(coverages)
    }
}

fn nothing() -> Coverage {
    Coverage::Rooms { rooms: BTreeSet::new(), groups: BTreeSet::new(), places: Vec::new() }
}

fn grant(row: &SqliteRow, coverages: &mut BTreeMap<i64, Coverage>) -> Result<RoleGrant> {
    let coverage = if get(row, "everywhere")? {
        Coverage::Everywhere
    } else {
        coverages.remove(&get(row, "id")?).unwrap_or_else(nothing)
    };
    let permissions: PermissionSet = permissions(row)?.into_iter().collect();
    Ok(RoleGrant { permissions, coverage })
}

fn role(row: &SqliteRow) -> Result<Role> {
    Ok(Role { id: get(row, "id")?, name: get(row, "name")?, built_in: built_in(row)?, permissions: permissions(row)? })
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

async fn write_permissions(
    connection: &mut SqliteConnection,
    scope: &TenantScope,
    role: RoleId,
    permissions: &[Permission],
) -> Result<()> {
    for permission in permissions {
        sqlx::query("INSERT OR IGNORE INTO role_permission (tenant, role, permission) VALUES (?1, ?2, ?3)")
            .bind(scope.tenant().as_str())
            .bind(role)
            .bind(permission.id())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

async fn insert_assignment(
    connection: &mut SqliteConnection,
    scope: &TenantScope,
    assignment: &NewAssignment,
) -> Result<()> {
    let id: i64 = sqlx::query_scalar(
        "INSERT INTO assignment (tenant, role, everywhere, content, created_at) VALUES (?1, ?2, ?3, ?4, ?5) RETURNING id",
    )
    .bind(scope.tenant().as_str())
    .bind(assignment.role)
    .bind(assignment.everywhere)
    .bind(content(assignment))
    .bind(assignment.created_at)
    .fetch_one(&mut *connection)
    .await
    .map_err(conflict("the same assignment"))?;
    for member in &assignment.members {
        sqlx::query("INSERT OR IGNORE INTO assignment_member (tenant, assignment, user) VALUES (?1, ?2, ?3)")
            .bind(scope.tenant().as_str())
            .bind(id)
            .bind(member.0.to_vec())
            .execute(&mut *connection)
            .await?;
    }
    for (kind, value) in scope_of(assignment) {
        sqlx::query("INSERT OR IGNORE INTO assignment_scope (tenant, assignment, kind, value) VALUES (?1, ?2, ?3, ?4)")
            .bind(scope.tenant().as_str())
            .bind(id)
            .bind(kind)
            .bind(value)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

fn scope_of(assignment: &NewAssignment) -> impl Iterator<Item = (&'static str, &str)> {
    let rooms = assignment.rooms.iter().map(|room| ("room", room.as_str()));
    let groups = assignment.groups.iter().map(|group| ("group", group.as_str()));
    let places = assignment.places.iter().map(|place| ("place", place.as_str()));
    rooms.chain(groups).chain(places)
}

/// The same text for the same assignment, whatever the order of its parts.
fn content(assignment: &NewAssignment) -> String {
    let members: BTreeSet<String> = assignment.members.iter().map(ToString::to_string).collect();
    let covered: BTreeSet<(&str, &str)> = scope_of(assignment).collect();
    serde_json::json!([assignment.role, assignment.everywhere, members, covered]).to_string()
}
