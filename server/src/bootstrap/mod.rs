//! `redring-server bootstrap`: brings tenants, users, groups, roles, assignments and rooms to what a file says. A
//! second run changes nothing; what the file does not name stays as it is.

mod file;
mod places;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use protocol::access::Permission;
use protocol::ids::{AssignmentId, GroupId, RoleId, RoomId, TenantId, UserId};
use serde::Serialize;

use crate::access::BuiltInRole;
use crate::admin::groups::fit_group_name;
use crate::audit::{Actor, Client, Event, FieldChange};
use crate::enrolment_offer::{self, BOOTSTRAP_LIFETIME, Terms};
use crate::logins::password;
use crate::opt_in::{self, Saved};
use crate::state::Core;
use crate::storage::{
    Assignment, AssignmentScope, AssignmentsOf, NewEvent, NewGroup, NewRole, NewRoom, NewUser, StorageError, Tenant,
    TenantScope, User,
};
use crate::{naming, random};

pub use file::{File, read};

use file::{AssignmentEntry, EnrolmentEntry, GroupEntry, RoleEntry, RoomEntry, TenantEntry, UserEntry};
use places::full_place;

/// Why a bootstrap file was not applied, or not to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BootstrapError {
    #[error("bootstrap file {path} could not be read")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("bootstrap file {path}: {source}")]
    Parse { path: PathBuf, source: Box<toml::de::Error> },
    #[error("tenant {tenant}: {problem}")]
    Content { tenant: TenantId, problem: String },
    #[error(transparent)]
    Storage(#[from] StorageError),
}

type Result<T> = std::result::Result<T, BootstrapError>;

/// What is printed.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    pub tenants: Vec<TenantReport>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct TenantReport {
    pub id: TenantId,
    pub rooms: Vec<RoomReport>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct RoomReport {
    pub id: RoomId,
    /// `None` when the room's console is enrolled.
    pub enrolment: Option<String>,
}

/// Applies a file. What was applied before an error stays.
///
/// # Errors
/// When the file contradicts itself or what is stored, or the database fails.
pub async fn apply(core: &Arc<Core>, file: &File) -> Result<Report> {
    let mut tenants = Vec::new();
    for entry in &file.tenants {
        let scope = tenant(core, entry).await?;
        tenants.push(Bootstrap { core, scope, entry }.apply().await?);
    }
    Ok(Report { tenants })
}

async fn tenant(core: &Core, entry: &TenantEntry) -> Result<TenantScope> {
    let problem =
        || BootstrapError::Content { tenant: entry.id.clone(), problem: "name is empty or too long".to_owned() };
    let name = naming::name(&entry.name).ok_or_else(problem)?;
    let Some((scope, stored)) = core.storage.tenant(&entry.id).await? else {
        let tenant = Tenant { id: entry.id.clone(), name: name.clone(), created_at: core.clock.now() };
        return Ok(core.storage.create_tenant(&tenant, operator(core, &Event::TenantCreated { name })).await?);
    };
    if stored.name != name {
        let event = Event::TenantRenamed { before: stored.name, after: name.clone() };
        core.storage.rename_tenant(&scope, &name, operator(core, &event)).await?;
    }
    Ok(scope)
}

fn operator(core: &Core, event: &Event) -> NewEvent {
    core.auditor.event(&Actor::Operator, Client::default(), event)
}

/// One tenant on its way to what the file says.
struct Bootstrap<'a> {
    core: &'a Arc<Core>,
    scope: TenantScope,
    entry: &'a TenantEntry,
}

impl Bootstrap<'_> {
    async fn apply(self) -> Result<TenantReport> {
        self.remote_access().await?;
        for role in &self.entry.roles {
            self.role(role).await?;
        }
        for user in &self.entry.users {
            self.user(user).await?;
        }
        for group in &self.entry.groups {
            self.group(group).await?;
        }
        let mut rooms = Vec::new();
        for room in &self.entry.rooms {
            self.room(room).await?;
            rooms.push(RoomReport { id: room.id.clone(), enrolment: self.enrolment(room).await? });
        }
        for assignment in &self.entry.assignments {
            self.assignment(assignment).await?;
        }
        Ok(TenantReport { id: self.entry.id.clone(), rooms })
    }

    fn problem(&self, problem: impl Into<String>) -> BootstrapError {
        BootstrapError::Content { tenant: self.entry.id.clone(), problem: problem.into() }
    }

    fn event(&self, event: &Event) -> NewEvent {
        operator(self.core, event)
    }

    async fn remote_access(&self) -> Result<()> {
        let Some(wanted) = &self.entry.remote_access else { return Ok(()) };
        // The address stands in the file each time: `""` is none.
        let address = wanted.acknowledged_by.as_deref().unwrap_or_default();
        let before = self.core.storage.remote_access(&self.scope).await?;
        let after = opt_in::switched(&before, wanted.enabled, Some(address))
            .map_err(|unfit| self.problem(format!("remote_access.{unfit}")))?;
        let (actor, client) = (Actor::Operator, Client::default());
        match opt_in::save(self.core, &self.scope, &before, &after, &actor, client).await? {
            Saved::Changed | Saved::Unchanged => Ok(()),
            Saved::Stale => Err(self.problem("remote_access was changed meanwhile: run this again")),
        }
    }

    async fn role(&self, wanted: &RoleEntry) -> Result<()> {
        let name = naming::name(&wanted.name).ok_or_else(|| self.problem("a role's name is empty or too long"))?;
        let permissions: BTreeSet<Permission> = wanted.permissions.iter().copied().collect();
        let permissions: Vec<Permission> = permissions.into_iter().collect();
        let roles = self.core.storage.roles(&self.scope).await?;
        let Some(stored) = roles.into_iter().find(|role| role.name.to_lowercase() == name.to_lowercase()) else {
            let description = wanted.description.clone().unwrap_or_default();
            let role = NewRole { id: RoleId(random::bytes()), name, description, permissions };
            let NewRole { name, description, permissions, .. } = role.clone();
            let event = Event::RoleCreated { role: role.id, name, description, permissions };
            return Ok(self.core.storage.create_role(&self.scope, &role, self.event(&event), None).await?);
        };
        if stored.built_in.is_some() {
            return Err(self.problem(format!("{name:?} is a built-in role and cannot be changed")));
        }
        let description = wanted.description.clone().unwrap_or_else(|| stored.description.clone());
        let role = NewRole { id: stored.id, name, description, permissions };
        let changes = FieldChange::between(&NewRole::from(&stored), &role);
        if !changes.is_empty() {
            let event =
                Event::RoleChanged { role: role.id, name: role.name.clone(), changes, gives_self_access: false };
            self.core.storage.set_role(&self.scope, &role, stored.version, self.event(&event)).await?;
        }
        Ok(())
    }

    async fn user(&self, wanted: &UserEntry) -> Result<()> {
        let email = naming::email(&wanted.email);
        let email = email.ok_or_else(|| self.problem(format!("{:?} is no e-mail address", wanted.email)))?;
        let name = naming::name(&wanted.name);
        let name = name.ok_or_else(|| self.problem(format!("the name of {email} is empty or too long")))?;
        let id = match self.core.storage.user_by_email(&email).await? {
            Some((scope, _)) if scope != self.scope => {
                return Err(self.problem(format!("{email} has an account in another tenant")));
            }
            Some((_, stored)) => self.keep_user(stored, name).await?,
            None => self.create_user(wanted, email, name).await?,
        };
        for role in &wanted.roles {
            self.hold_everywhere(role, id).await?;
        }
        Ok(())
    }

    /// An account that exists keeps its password: its owner may have changed it.
    async fn keep_user(&self, stored: User, name: String) -> Result<UserId> {
        if stored.name != name {
            let event = Event::UserRenamed { user: stored.id, before: stored.name, after: name.clone() };
            self.core.storage.rename_user(&self.scope, &stored.id, &name, self.event(&event)).await?;
        }
        Ok(stored.id)
    }

    async fn create_user(&self, wanted: &UserEntry, email: String, name: String) -> Result<UserId> {
        let password_hash = self.password_hash(wanted, &email).await?;
        let user = NewUser {
            id: UserId(random::bytes()),
            email: email.clone(),
            name: name.clone(),
            password_hash: Some(password_hash),
            created_at: self.core.clock.now(),
        };
        let event = Event::UserCreated { user: user.id, name, email };
        self.core.storage.create_user(&self.scope, &user, self.event(&event)).await?;
        Ok(user.id)
    }

    async fn password_hash(&self, wanted: &UserEntry, email: &str) -> Result<String> {
        match (&wanted.password, &wanted.password_hash) {
            (None, Some(hash)) if password::is_argon2id(hash) => Ok(hash.clone()),
            (None, Some(_)) => Err(self.problem(format!("password_hash of {email} is no argon2id hash"))),
            (Some(text), None) if (1..=password::MAX_BYTES).contains(&text.len()) => {
                let text = text.clone();
                let hashed = tokio::task::spawn_blocking(move || password::hash(&text)).await;
                hashed
                    .ok()
                    .flatten()
                    .ok_or_else(|| self.problem(format!("the password of {email} could not be hashed")))
            }
            _ => Err(self.problem(format!("{email} needs either password or password_hash"))),
        }
    }

    async fn hold_everywhere(&self, role: &str, user: UserId) -> Result<()> {
        let built_in = BuiltInRole::ALL.into_iter().find(|built_in| built_in.name() == role);
        built_in.ok_or_else(|| self.problem(format!("{role:?} is no built-in role: use an assignment")))?;
        let scope = AssignmentScope { everywhere: true, ..AssignmentScope::default() };
        self.assign(role, role, vec![user], Vec::new(), scope).await
    }

    /// Whoever is a member besides stays one.
    async fn group(&self, wanted: &GroupEntry) -> Result<()> {
        let problem = || self.problem(format!("{:?} cannot name a group", wanted.name));
        let name = fit_group_name(&wanted.name).map_err(|_| problem())?;
        let description = wanted.description.as_deref().map(naming::description);
        let description = description.map(|text| text.ok_or_else(|| self.problem("a description is too long")));
        let description = description.transpose()?;
        let members = self.accounts(&wanted.members).await?;
        let stored = self.core.storage.group_by_name(&self.scope, &name).await?;
        let id = stored.as_ref().map_or_else(|| GroupId(random::bytes()), |stored| stored.id);
        let group = NewGroup { id, name, description: String::new(), created_at: self.core.clock.now() };
        let present = match stored {
            None => {
                let group = NewGroup { description: description.unwrap_or_default(), ..group.clone() };
                let event = self.event(&Event::GroupCreated { group: id, name: group.name.clone() });
                self.core.storage.create_group(&self.scope, &group, &[], vec![event]).await?;
                Vec::new()
            }
            Some(stored) => {
                let before = NewGroup { name: stored.name, description: stored.description, ..group.clone() };
                let description = description.unwrap_or_else(|| before.description.clone());
                let after = NewGroup { description, ..group.clone() };
                let changes = FieldChange::between(&before, &after);
                if !changes.is_empty() {
                    let event = self.event(&Event::GroupChanged { group: id, name: after.name.clone(), changes });
                    self.core.storage.set_group(&self.scope, &after, stored.version, event).await?;
                }
                self.core.storage.members_of(&self.scope, &id).await?
            }
        };
        for user in members.into_iter().filter(|user| !present.contains(user)) {
            let name = group.name.clone();
            let event = self.event(&Event::GroupJoined { group: id, name, user, gives_self_access: false });
            self.core.storage.join_group(&self.scope, &id, &user, event).await?;
        }
        Ok(())
    }

    /// The accounts of these addresses.
    async fn accounts(&self, emails: &[String]) -> Result<Vec<UserId>> {
        let mut accounts = Vec::new();
        for email in emails {
            let found = self.core.storage.user_by_email(email).await?.filter(|(scope, _)| *scope == self.scope);
            let (_, user) = found.ok_or_else(|| self.problem(format!("the member {email} has no account")))?;
            accounts.push(user.id);
        }
        Ok(accounts)
    }

    async fn assignment(&self, wanted: &AssignmentEntry) -> Result<()> {
        let members = self.accounts(&wanted.members).await?;
        let mut member_groups = Vec::new();
        for name in &wanted.member_groups {
            let found = self.core.storage.group_by_name(&self.scope, name).await?;
            let group = found.ok_or_else(|| self.problem(format!("there is no group of users {name:?}")))?;
            member_groups.push(group.id);
        }
        let scope = AssignmentScope {
            everywhere: false,
            rooms: self.known_rooms(&wanted.rooms).await?,
            room_groups: wanted.groups.clone(),
            places: self.known_places(&wanted.places).await?,
        };
        let name = wanted.name.as_deref().unwrap_or(&wanted.role);
        self.assign(&wanted.role, name, members, member_groups, scope).await
    }

    async fn assign(
        &self,
        role: &str,
        name: &str,
        users: Vec<UserId>,
        groups: Vec<GroupId>,
        scope: AssignmentScope,
    ) -> Result<()> {
        let assignment = Assignment {
            id: AssignmentId(random::bytes()),
            role: self.role_id(role).await?,
            name: naming::name(name).ok_or_else(|| self.problem(format!("{name:?} cannot name an assignment")))?,
            description: String::new(),
            users,
            groups,
            scope,
            made_by: None,
            made_at: self.core.clock.now(),
            version: 1,
        };
        let stored = self.core.storage.assignments(&self.scope, AssignmentsOf::Role(assignment.role)).await?;
        if stored.iter().any(|stored| stored.is_like(&assignment)) {
            return Ok(());
        }
        let event = self.event(&Event::assignment_created(&assignment, role, false));
        Ok(self.core.storage.create_assignment(&self.scope, &assignment, event).await?)
    }

    async fn role_id(&self, name: &str) -> Result<RoleId> {
        let roles = self.core.storage.roles(&self.scope).await?;
        let role = roles.into_iter().find(|role| role.name == name);
        role.map(|role| role.id).ok_or_else(|| self.problem(format!("there is no role {name:?}")))
    }

    async fn known_rooms(&self, wanted: &[RoomId]) -> Result<Vec<RoomId>> {
        for room in wanted {
            let known = self.core.storage.room(&self.scope, room).await?.is_some();
            known.then_some(()).ok_or_else(|| self.problem(format!("there is no room {room}")))?;
        }
        Ok(wanted.to_vec())
    }

    /// Full paths for places that may be written without their first segments.
    async fn known_places(&self, wanted: &[String]) -> Result<Vec<String>> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let rooms = self.core.storage.rooms(&self.scope).await?;
        let known: BTreeSet<&str> = rooms.iter().flat_map(|facts| naming::ancestors(&facts.room.place)).collect();
        let full = |text: &String| full_place(&known, text).map_err(|problem| self.problem(problem));
        wanted.iter().map(full).collect()
    }

    async fn room(&self, wanted: &RoomEntry) -> Result<()> {
        let id = &wanted.id;
        let name = naming::name(&wanted.name);
        let name = name.ok_or_else(|| self.problem(format!("the name of room {id} is empty or too long")))?;
        let place = naming::place(&wanted.place);
        let place = place.ok_or_else(|| self.problem(format!("the place of room {id} cannot be used")))?;
        let groups: BTreeSet<&String> = wanted.groups.iter().collect();
        let groups: Vec<String> = groups.into_iter().cloned().collect();
        let room = NewRoom { id: id.clone(), name, place, groups, created_at: self.core.clock.now() };
        let stored = self.core.storage.room(&self.scope, id).await?;
        let (room_id, name, place) = (room.id.clone(), room.name.clone(), room.place.clone());
        match stored {
            None => {
                let event = Event::RoomCreated { room: room_id, name, place };
                self.core.storage.create_room(&self.scope, &room, self.event(&event)).await?;
            }
            Some(stored) => {
                let mut groups = stored.groups;
                groups.sort();
                if (stored.room.name, stored.room.place, groups) != (name.clone(), place.clone(), room.groups.clone()) {
                    let event = Event::RoomChanged { room: room_id, name, place };
                    self.core.storage.set_room(&self.scope, &room, self.event(&event)).await?;
                }
            }
        }
        Ok(())
    }

    /// The string of the room's present secret while it is good, else of a new one.
    async fn enrolment(&self, wanted: &RoomEntry) -> Result<Option<String>> {
        if self.core.storage.console_of_room(&self.scope, &wanted.id).await?.is_some() {
            return Ok(None);
        }
        let pre_approved = wanted.enrolment == EnrolmentEntry::PreApproved;
        let stored = self.core.storage.enrolment_secret(&self.scope, &wanted.id).await?;
        let now = self.core.clock.now();
        let good = stored.filter(|secret| now < secret.expires_at && secret.pre_approved == pre_approved);
        let secret = if let Some(secret) = good {
            secret
        } else {
            let terms = Terms { pre_approved, lifetime: BOOTSTRAP_LIFETIME };
            let (actor, client) = (Actor::Operator, Client::default());
            enrolment_offer::offer(self.core, &self.scope, &wanted.id, terms, &actor, client).await?
        };
        Ok(Some(enrolment_offer::string(self.core, &self.scope, &secret)))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use protocol::access::Access;
    use protocol::secure::EnrolmentString;
    use serde_json::json;

    use super::*;
    use crate::access::Effective;
    use crate::storage::{EventFilter, GroupFilter};
    use crate::test_server::TestServer;

    const FILE: &str = r#"
        [[tenant]]
        id = "contoso"
        name = "Contoso"
        remote_access = { enabled = true, acknowledged_by = "admin@example.com" }

        [[tenant.user]]
        email = "admin@example.com"
        name = "Ada Admin"
        password = "only for this test"
        roles = ["Global Administrator"]

        [[tenant.user]]
        email = "tech@example.com"
        name = "Tina Technician"
        password = "only for this test"

        [[tenant.group]]
        name = "Night shift"
        description = "They stay."
        members = ["night@example.com"]

        [[tenant.user]]
        email = "night@example.com"
        name = "Nils Night"
        password = "only for this test"

        [[tenant.role]]
        name = "Console technicians"
        permissions = ["room.view", "remote_access.modify"]

        [[tenant.assignment]]
        role = "Console technicians"
        members = ["tech@example.com"]
        member_groups = ["Night shift"]
        rooms = ["aurora"]

        [[tenant.room]]
        id = "aurora"
        name = "Aurora"
        place = "Germany/Berlin/HQ/Floor 2"
        groups = ["executive", "all"]
        enrolment = "pre-approved"

        [[tenant.room]]
        id = "borealis"
        name = "Borealis"
    "#;

    async fn n_events(server: &TestServer) -> usize {
        let scope = server.scope("contoso").await;
        server.core.storage.events(&scope, EventFilter::default(), 1000).await.expect("read").len()
    }

    #[tokio::test]
    async fn a_second_run_changes_nothing_and_prints_the_same() {
        let server = TestServer::empty().await;
        let first = server.bootstrap(FILE).await;
        let n_first = n_events(&server).await;
        assert_eq!(first.tenants[0].rooms.len(), 2);
        let string: EnrolmentString =
            first.tenants[0].rooms[0].enrolment.as_deref().expect("a string").parse().expect("an enrolment string");
        assert_eq!((string.url.as_str(), string.room.as_str()), ("http://localhost:8080", "aurora"));
        server.clock.advance(Duration::from_hours(23));
        assert_eq!(server.bootstrap(FILE).await, first);
        assert_eq!(n_events(&server).await, n_first);
    }

    #[tokio::test]
    async fn strings_are_made_anew_when_they_ran_out_and_not_at_all_for_an_enrolled_room() {
        let server = TestServer::empty().await;
        let first = server.bootstrap(FILE).await;
        server.clock.advance(Duration::from_hours(25));
        let second = server.bootstrap(FILE).await;
        assert_ne!(first, second);
        server.enrol("aurora").await;
        let third = server.bootstrap(FILE).await;
        assert_eq!(third.tenants[0].rooms[0].enrolment, None);
        assert_eq!(third.tenants[0].rooms[1], second.tenants[0].rooms[1]);
    }

    #[tokio::test]
    async fn people_can_do_what_the_file_says() {
        let server = TestServer::empty().await;
        server.bootstrap(FILE).await;
        let storage = &server.core.storage;
        for email in ["tech@example.com", "night@example.com"] {
            let (scope, user) = storage.user_by_email(email).await.expect("read").expect("made");
            let effective = Effective::new(storage.grants_of(&scope, &user.id).await.expect("read"));
            let room = RoomId::new("aurora").expect("a slug");
            let aurora = storage.room(&scope, &room).await.expect("read").expect("made");
            assert_eq!(effective.access_to(aurora.at()), Some(Access::Modify), "{email}");
        }
        let login = json!({"email": "tech@example.com", "password": "only for this test"});
        assert_eq!(server.browser().post("/api/v1/login", login).await.status, 200);
    }

    #[tokio::test]
    async fn groups_get_members_and_lose_none() {
        let server = TestServer::empty().await;
        server.bootstrap(FILE).await;
        let other = FILE
            .replace("members = [\"night@example.com\"]", "members = [\"tech@example.com\"]")
            .replace("description = \"They stay.\"", "description = \"They watch.\"");
        server.bootstrap(&other).await;
        let scope = server.scope("contoso").await;
        let groups = server.core.storage.groups(&scope, &GroupFilter { limit: 9, ..GroupFilter::default() }).await;
        let groups = groups.expect("read").groups;
        assert_eq!((groups.len(), groups[0].n_members, groups[0].description.as_str()), (1, 2, "They watch."));
        assert_eq!(server.events("group.joined").await.len(), 2);
        assert_eq!(server.events("group.changed").await.len(), 1);
    }

    #[tokio::test]
    async fn a_password_that_was_changed_meanwhile_stays() {
        let server = TestServer::empty().await;
        server.bootstrap(FILE).await;
        server.bootstrap(&FILE.replace("only for this test", "another one altogether")).await;
        let login = json!({"email": "tech@example.com", "password": "only for this test"});
        assert_eq!(server.browser().post("/api/v1/login", login).await.status, 200);
    }

    #[tokio::test]
    async fn files_that_contradict_themselves_are_refused_with_a_reason() {
        for (from, to, reason) in [
            ("acknowledged_by = \"admin@example.com\"", "acknowledged_by = \"nobody\"", "acknowledged_by"),
            ("members = [\"tech@example.com\"]", "members = [\"x@example.com\"]", "x@example.com"),
            ("members = [\"night@example.com\"]", "members = [\"y@example.com\"]", "y@example.com"),
            ("member_groups = [\"Night shift\"]", "member_groups = [\"Day shift\"]", "Day shift"),
            ("name = \"Night shift\"", "name = \"a;b\"", "cannot name a group"),
            ("rooms = [\"aurora\"]", "rooms = [\"nowhere\"]", "nowhere"),
            ("rooms = [\"aurora\"]", "places = [\"Paris\"]", "Paris"),
            ("role = \"Console technicians\"", "role = \"Wizards\"", "Wizards"),
            ("name = \"Console technicians\"", "name = \"Site Lead\"", "built-in"),
            ("roles = [\"Global Administrator\"]", "roles = [\"Console technicians\"]", "no built-in role"),
        ] {
            let server = TestServer::empty().await;
            let text = FILE.replacen(from, to, 1);
            assert_ne!(text, FILE);
            let error = apply(&server.core, &toml::from_str(&text).expect("a file")).await.expect_err(reason);
            assert!(error.to_string().contains(reason), "{error}");
        }
        assert!(toml::from_str::<File>(&FILE.replace("room.view", "room.fly")).is_err());
        assert!(toml::from_str::<File>(&FILE.replace("groups", "grups")).is_err());
    }
}
