use std::collections::{HashMap, HashSet};

use protocol::api::{ImportChange, ImportProblem};
use protocol::ids::{GroupId, UserId};

use super::table::{Row, Table};
use crate::access::{BuiltInRole, Coverage, Effective, RoleGrant, may_manage_account};
use crate::admin::assignments::{grants_by, may_hand_out};
use crate::admin::change::{Change, Result};
use crate::admin::groups::{self, GROUPS_MAX};
use crate::admin::users::{USERS_MAX, above, events_of, last_administrator, own_account};
use crate::audit::Event;
use crate::random;
use crate::storage::users::email_key;
use crate::storage::{AssignmentsOf, Group, GroupFilter, ImportStep, NewEvent, NewGroup, NewUser, User, UserEdit};

/// Most changes at once: each is a few rows in one transaction, for which everything else that writes waits.
const STEPS_MAX: usize = 50_000;

/// Everything that a table is compared with, read while no other change is made.
pub(super) struct Present {
    /// By their addresses in lower case.
    users: HashMap<String, User>,
    /// Addresses of other tenants' accounts.
    taken: HashSet<String>,
    /// By their names in lower case.
    groups: HashMap<String, Group>,
    group_names: HashMap<GroupId, String>,
    groups_of: HashMap<UserId, Vec<GroupId>>,
    /// One for each assignment.
    grants: Vec<RoleGrant>,
    /// Positions of a user's own assignments in `grants`.
    held: HashMap<UserId, Vec<usize>>,
    /// Positions of a group's assignments in `grants`.
    given: HashMap<GroupId, Vec<usize>>,
}

impl Present {
    pub(super) async fn read(change: &Change<'_>, rows: &[Row]) -> Result<Self> {
        let (storage, scope) = (&change.state.core.storage, change.scope);
        let users = storage.users(scope).await?;
        let addresses: Vec<String> = rows.iter().map(|row| email_key(&row.email)).collect();
        let taken = storage.taken_elsewhere(scope, &addresses).await?;
        let filter = GroupFilter { limit: GROUPS_MAX, ..GroupFilter::default() };
        let groups = storage.groups(scope, &filter).await?.groups;
        let mut groups_of: HashMap<UserId, Vec<GroupId>> = HashMap::new();
        for (group, user) in storage.memberships(scope).await? {
            groups_of.entry(user).or_default().push(group);
        }
        let assignments = storage.assignments(scope, AssignmentsOf::Tenant).await?;
        let grants = grants_by(change, &assignments).await?;
        let positions: HashMap<_, _> = grants.iter().enumerate().map(|(at, grant)| (grant.assignment, at)).collect();
        let mut held: HashMap<UserId, Vec<usize>> = HashMap::new();
        let mut given: HashMap<GroupId, Vec<usize>> = HashMap::new();
        for assignment in &assignments {
            let Some(at) = positions.get(&assignment.id) else { continue };
            for user in &assignment.users {
                held.entry(*user).or_default().push(*at);
            }
            for group in &assignment.groups {
                given.entry(*group).or_default().push(*at);
            }
        }
        Ok(Self {
            users: users.into_iter().map(|user| (email_key(&user.email), user)).collect(),
            taken: taken.into_iter().collect(),
            group_names: groups.iter().map(|group| (group.id, group.name.clone())).collect(),
            groups: groups.into_iter().map(|group| (group.name.to_lowercase(), group)).collect(),
            groups_of,
            grants,
            held,
            given,
        })
    }

    fn groups_of(&self, user: &UserId) -> &[GroupId] {
        self.groups_of.get(user).map_or(&[], Vec::as_slice)
    }

    fn name_of(&self, group: &GroupId) -> &str {
        self.group_names.get(group).map_or("", String::as_str)
    }

    fn given_by(&self, group: &GroupId) -> impl Iterator<Item = &RoleGrant> {
        self.given.get(group).into_iter().flatten().map(|at| &self.grants[*at])
    }

    fn held_by(&self, user: &UserId) -> impl Iterator<Item = &RoleGrant> {
        self.held.get(user).into_iter().flatten().map(|at| &self.grants[*at])
    }

    fn effective(&self, user: &UserId) -> Effective {
        let by_groups = self.groups_of(user).iter().flat_map(|group| self.given_by(group));
        Effective::new(self.held_by(user).chain(by_groups).cloned().collect())
    }
}

/// What a table changes.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) problems: Vec<ImportProblem>,
    pub(super) changes: Vec<ImportChange>,
    pub(super) n_unchanged: u32,
    pub(super) steps: Vec<(ImportStep, Vec<NewEvent>)>,
}

impl Plan {
    pub(super) fn make(change: &Change<'_>, present: &Present, table: Table) -> Self {
        let mut planner = Planner {
            change,
            present,
            plan: Self::default(),
            n_users: present.users.len(),
            new_groups: HashMap::new(),
            refused: HashMap::new(),
            memberships: HashMap::new(),
            disabled: HashMap::new(),
            fewer_administrators: None,
        };
        let Table { rows, mut problems } = table;
        for row in &rows {
            if let Err(problem) = planner.row(row) {
                problems.push(ImportProblem { line: row.line, problem });
            }
            if STEPS_MAX < planner.plan.steps.len() {
                let problem = format!("There are more than {STEPS_MAX} changes. Split the table.");
                problems.push(ImportProblem { line: row.line, problem });
                break;
            }
        }
        if let Some(line) = planner.fewer_administrators.filter(|_| !planner.has_administrator()) {
            problems.push(ImportProblem { line, problem: last_administrator().to_string() });
        }
        problems.sort_by_key(|problem| problem.line);
        Self { problems, ..planner.plan }
    }
}

/// A plan on its way from row to row.
struct Planner<'a> {
    change: &'a Change<'a>,
    present: &'a Present,
    plan: Plan,
    n_users: usize,
    /// By their names in lower case.
    new_groups: HashMap<String, NewGroup>,
    /// Whether the members of a group may be changed, and why not.
    refused: HashMap<GroupId, Option<String>>,
    /// The groups of people who come to some or leave some.
    memberships: HashMap<UserId, Vec<GroupId>>,
    /// People who are disabled or enabled.
    disabled: HashMap<UserId, bool>,
    /// The last line that takes away a Global Administrator.
    fewer_administrators: Option<u32>,
}

/// Why a row cannot be had: a sentence.
type Checked<T> = std::result::Result<T, String>;

impl Planner<'_> {
    fn row(&mut self, row: &Row) -> Checked<()> {
        let mut shown = ImportChange {
            line: row.line,
            email: row.email.clone(),
            created: false,
            name: None,
            disabled: None,
            joins: Vec::new(),
            leaves: Vec::new(),
        };
        let user = match self.present.users.get(&email_key(&row.email)) {
            Some(user) => {
                self.edit(row, user, &mut shown)?;
                user.id
            }
            None => self.create(row, &mut shown)?,
        };
        if let Some(wanted) = &row.groups {
            self.groups(row.line, user, wanted, &mut shown)?;
        }
        let changed = shown.created || shown.name.is_some() || shown.disabled.is_some();
        if changed || !shown.joins.is_empty() || !shown.leaves.is_empty() {
            self.plan.changes.push(shown);
        } else {
            self.plan.n_unchanged += 1;
        }
        Ok(())
    }

    fn create(&mut self, row: &Row, shown: &mut ImportChange) -> Checked<UserId> {
        if self.present.taken.contains(&email_key(&row.email)) {
            return Err("email: this address cannot be used here.".to_owned());
        }
        if USERS_MAX as usize <= self.n_users {
            return Err(format!("There would be more than {USERS_MAX} accounts, which is the most there can be."));
        }
        self.n_users += 1;
        let user = NewUser {
            id: UserId(random::bytes()),
            email: row.email.clone(),
            name: row.name.clone(),
            password_hash: None,
            created_at: self.change.state.core.clock.now(),
        };
        let (id, name, email) = (user.id, user.name.clone(), user.email.clone());
        self.step(ImportStep::CreateUser(user), &[Event::UserCreated { user: id, name, email }]);
        shown.created = true;
        shown.name = Some(row.name.clone());
        if row.disabled == Some(true) {
            shown.disabled = Some(true);
            let edit = UserEdit { id, name: row.name.clone(), disabled: true, version: 1 };
            self.step(ImportStep::EditUser(edit), &[Event::UserDisabled { user: id }]);
        }
        Ok(id)
    }

    fn edit(&mut self, row: &Row, user: &User, shown: &mut ImportChange) -> Checked<()> {
        let disabled = row.disabled.unwrap_or(user.disabled);
        let events = events_of(user, &row.name, disabled);
        if events.is_empty() {
            return Ok(());
        }
        let own = user.id == self.change.user.id;
        if !own && !may_manage_account(&self.change.effective, &self.present.effective(&user.id)) {
            return Err(above(&user.name).to_string());
        }
        if disabled != user.disabled {
            if own {
                return Err(own_account().to_string());
            }
            shown.disabled = Some(disabled);
            self.disabled.insert(user.id, disabled);
            if disabled {
                self.fewer_administrators = Some(row.line);
            }
        }
        shown.name = (row.name != user.name).then(|| row.name.clone());
        let edit = UserEdit { id: user.id, name: row.name.clone(), disabled, version: user.version };
        self.step(ImportStep::EditUser(edit), &events);
        Ok(())
    }

    /// Makes somebody a member of exactly these groups.
    fn groups(&mut self, line: u32, user: UserId, wanted: &[String], shown: &mut ImportChange) -> Checked<()> {
        let before = self.present.groups_of(&user);
        let mut after = Vec::new();
        for name in wanted {
            let (group, name) = self.group(name)?;
            after.push(group);
            if !before.contains(&group) {
                let gives_self_access = self.may_join(group, user)?;
                let event = groups::joined(&name, group, user, gives_self_access);
                self.step(ImportStep::Join { group, user }, &[event]);
                shown.joins.push(name);
            }
        }
        let left = before.iter().filter(|group| !after.contains(*group));
        let mut left: Vec<(&str, GroupId)> = left.map(|group| (self.present.name_of(group), *group)).collect();
        left.sort_by_cached_key(|(name, _)| name.to_lowercase());
        for (name, group) in left {
            self.may_change_members(group)?;
            self.fewer_administrators = Some(line);
            self.step(ImportStep::Leave { group, user }, &[groups::left(name, group, user)]);
            shown.leaves.push(name.to_owned());
        }
        self.memberships.insert(user, after);
        Ok(())
    }

    /// The group of this name as it is written where it is kept; a new one when there is none.
    fn group(&mut self, name: &str) -> Checked<(GroupId, String)> {
        let key = name.to_lowercase();
        if let Some(group) = self.present.groups.get(&key) {
            return Ok((group.id, group.name.clone()));
        }
        if let Some(group) = self.new_groups.get(&key) {
            return Ok((group.id, group.name.clone()));
        }
        if GROUPS_MAX as usize <= self.present.groups.len() + self.new_groups.len() {
            return Err(format!("There would be more than {GROUPS_MAX} groups, which is the most there can be."));
        }
        let group = NewGroup {
            id: GroupId(random::bytes()),
            name: name.to_owned(),
            description: String::new(),
            created_at: self.change.state.core.clock.now(),
        };
        self.step(ImportStep::CreateGroup(group.clone()), &[groups::created(&group)]);
        let made = (group.id, group.name.clone());
        self.new_groups.insert(key, group);
        Ok(made)
    }

    /// Whether it gives whoever makes the change remote access.
    fn may_join(&mut self, group: GroupId, user: UserId) -> Checked<bool> {
        self.may_change_members(group)?;
        if user != self.change.user.id {
            return Ok(false);
        }
        let mut after = self.change.effective.grants().to_vec();
        after.extend(self.present.given_by(&group).cloned());
        self.change.gives_self_access(&after).map_err(|error| error.to_string())
    }

    fn may_change_members(&mut self, group: GroupId) -> Checked<()> {
        let (change, present) = (self.change, self.present);
        let refused = self.refused.entry(group).or_insert_with(|| {
            let mut given = present.given_by(&group);
            given
                .find_map(|grant| may_hand_out(change, grant.built_in, grant.permissions).err())
                .map(|error| error.to_string())
        });
        refused.clone().map_or(Ok(()), Err)
    }

    /// Whether somebody who can sign in is Global Administrator when all is done.
    fn has_administrator(&self) -> bool {
        let administers = |grant: &RoleGrant| {
            grant.built_in == Some(BuiltInRole::GlobalAdministrator) && grant.coverage == Coverage::Everywhere
        };
        self.present.users.values().any(|user| {
            let disabled = self.disabled.get(&user.id).copied().unwrap_or(user.disabled);
            let groups = self.memberships.get(&user.id).map_or_else(|| self.present.groups_of(&user.id), Vec::as_slice);
            let by_groups = groups.iter().flat_map(|group| self.present.given_by(group));
            !disabled && self.present.held_by(&user.id).chain(by_groups).any(administers)
        })
    }

    fn step(&mut self, step: ImportStep, events: &[Event]) {
        let events = events.iter().map(|event| self.change.event(event)).collect();
        self.plan.steps.push((step, events));
    }
}
