//! A role or an assignment while it is being filled in.

use leptos::prelude::*;
use protocol::access::Permission;
use protocol::api::{
    ASSIGNMENT_PART_MAX, Assignment, CreateRole, DESCRIPTION_MAX_BYTES, EditRole, GroupEntry, NewAssignment, PlaceRef,
    Role, RoomGroupRef, RoomRef, Scope, UserSummary,
};
use protocol::ids::{GroupId, RoomId, UserId};

use crate::components::{PickerOption, Symbol};
use crate::pages::settings::permissions::reduced;

mod text {
    pub(super) const NO_NAME: &str = "Enter a name.";
    pub(super) const LONG_NAME: &str = "This name is too long. Shorten it to about 100 characters.";
    pub(super) const TAKEN: &str = "There is a role with this name already. Choose another name.";
    pub(super) const LONG_DESCRIPTION: &str = "This description is too long. Shorten it to about 450 characters.";
    pub(super) const NO_PERMISSION: &str = "Choose at least one permission.";
    pub(super) const NO_MEMBER: &str = "Add at least one person or group.";
    pub(super) const NO_SCOPE: &str = "Add at least one room, room group or place, or choose the whole organisation.";
    pub(super) const PERSON: &str = "Person";
    pub(super) const GROUP: &str = "Group";
    pub(super) const ROOM: &str = "Room";
    pub(super) const ROOM_GROUP: &str = "Room group";
    pub(super) const PLACE: &str = "Place";

    pub(super) fn too_many(most: usize) -> String {
        format!("An assignment takes at most {most} of a kind. Use groups, or make a second assignment.")
    }

    pub(super) fn rooms(n: u32) -> String {
        if n == 1 { "1 room".to_owned() } else { format!("{n} rooms") }
    }

    pub(super) fn people(n: u32) -> String {
        if n == 1 { "1 person".to_owned() } else { format!("{n} people") }
    }
}

/// Longest name in bytes.
const NAME_MAX_BYTES: usize = 128;

/// A part of a wizard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    General,
    Permissions,
    Assignment,
    Members,
    Scope,
    Review,
}

impl Step {
    pub(super) const ALL: [Self; 6] =
        [Self::General, Self::Permissions, Self::Assignment, Self::Members, Self::Scope, Self::Review];

    /// In the address.
    pub(super) const fn id(self) -> &'static str {
        match self {
            Self::General => "general",
            Self::Permissions => "permissions",
            Self::Assignment => "assignment",
            Self::Members => "members",
            Self::Scope => "scope",
            Self::Review => "review",
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::General => "General",
            Self::Permissions => "Permissions",
            Self::Assignment => "Assignment",
            Self::Members => "Members",
            Self::Scope => "Scope",
            Self::Review => "Review",
        }
    }
}

/// A control that is not filled in well: its id, and a sentence.
pub(super) type Fault = (&'static str, String);

/// What was entered so far.
#[derive(Clone, Copy)]
pub(super) struct Draft {
    pub(super) name: RwSignal<String>,
    pub(super) description: RwSignal<String>,
    pub(super) permissions: RwSignal<Vec<Permission>>,
    /// A new role comes with its first assignment.
    pub(super) assigns: RwSignal<bool>,
    pub(super) assignment_name: RwSignal<String>,
    pub(super) assignment_description: RwSignal<String>,
    pub(super) members: RwSignal<Vec<PickerOption>>,
    pub(super) everywhere: RwSignal<bool>,
    pub(super) scope: RwSignal<Vec<PickerOption>>,
    /// Names that other roles have, in lower case.
    pub(super) taken: RwSignal<Vec<String>>,
    /// Steps whose faults are shown.
    pub(super) tried: RwSignal<Vec<Step>>,
}

/// Everything that was entered, to tell whether anything changed.
pub(super) type Entered = (String, String, Vec<Permission>, bool, String, String, Vec<String>, bool, Vec<String>);

impl Draft {
    pub(super) fn new() -> Self {
        Self {
            name: RwSignal::default(),
            description: RwSignal::default(),
            permissions: RwSignal::default(),
            assigns: RwSignal::new(true),
            assignment_name: RwSignal::default(),
            assignment_description: RwSignal::default(),
            members: RwSignal::default(),
            everywhere: RwSignal::new(false),
            scope: RwSignal::default(),
            taken: RwSignal::default(),
            tried: RwSignal::default(),
        }
    }

    pub(super) fn fill_role(self, role: &Role) {
        self.name.set(role.name.clone());
        self.description.set(role.description.clone());
        self.permissions.set(role.permissions.clone());
    }

    pub(super) fn fill_assignment(self, assignment: &Assignment) {
        self.assignment_name.set(assignment.name.clone());
        self.assignment_description.set(assignment.description.clone());
        self.members.set(member_options(assignment.members.users.clone(), assignment.members.groups.clone()));
        let Scope { everywhere, rooms, room_groups, places } = assignment.scope.clone();
        self.everywhere.set(everywhere);
        self.scope.set(scope_options(rooms, room_groups, places));
    }

    pub(super) fn entered(self) -> Entered {
        let keys = |options: RwSignal<Vec<PickerOption>>| {
            options.with(|options| options.iter().map(|option| option.key.clone()).collect())
        };
        (
            self.name.get(),
            self.description.get(),
            self.permissions.get(),
            self.assigns.get(),
            self.assignment_name.get(),
            self.assignment_description.get(),
            keys(self.members),
            self.everywhere.get(),
            keys(self.scope),
        )
    }

    /// What is wrong with a step.
    pub(super) fn faults(self, step: Step) -> Vec<Fault> {
        let mut faults = Vec::new();
        match step {
            Step::General => {
                faults.extend(name_fault("role-name", &self.name.get()));
                let name = self.name.with(|name| name.trim().to_lowercase());
                if faults.is_empty() && self.taken.with(|taken| taken.contains(&name)) {
                    faults.push(("role-name", text::TAKEN.to_owned()));
                }
                faults.extend(description_fault("role-description", &self.description.get()));
            }
            Step::Permissions => {
                if self.permissions.with(Vec::is_empty) {
                    faults.push(("permissions", text::NO_PERMISSION.to_owned()));
                }
            }
            _ if !self.assigns.get() => {}
            Step::Assignment => {
                faults.extend(name_fault("assignment-name", &self.assignment_name.get()));
                faults.extend(description_fault("assignment-description", &self.assignment_description.get()));
            }
            Step::Members => faults.extend(picked_fault("members", &self.members.get(), text::NO_MEMBER)),
            Step::Scope => {
                if !self.everywhere.get() {
                    faults.extend(picked_fault("scope", &self.scope.get(), text::NO_SCOPE));
                }
            }
            Step::Review => {}
        }
        faults
    }

    /// The sentence beside a control, once its step was tried to be left.
    pub(super) fn fault(self, step: Step, control: &'static str) -> Option<String> {
        if !self.tried.with(|tried| tried.contains(&step)) {
            return None;
        }
        self.faults(step).into_iter().find(|(id, _)| *id == control).map(|(_, sentence)| sentence)
    }

    pub(super) fn show_faults(self, step: Step) {
        self.tried.update(|tried| {
            if !tried.contains(&step) {
                tried.push(step);
            }
        });
    }

    pub(super) fn create_role(self) -> CreateRole {
        CreateRole {
            name: trimmed(self.name),
            description: trimmed(self.description),
            permissions: reduced(&self.permissions.get_untracked()),
            assignment: self.assigns.get_untracked().then(|| self.assignment()),
        }
    }

    pub(super) fn edit_role(self, version: u32) -> EditRole {
        let CreateRole { name, description, permissions, .. } = self.create_role();
        EditRole { name, description, permissions, version }
    }

    pub(super) fn assignment(self) -> NewAssignment {
        let mut assignment = NewAssignment {
            name: trimmed(self.assignment_name),
            description: trimmed(self.assignment_description),
            everywhere: self.everywhere.get_untracked(),
            ..NewAssignment::default()
        };
        let scope = if assignment.everywhere { Vec::new() } else { self.scope.get_untracked() };
        for option in self.members.get_untracked().into_iter().chain(scope) {
            let Some((kind, id)) = option.key.split_once(':') else { continue };
            match kind {
                "user" => assignment.users.extend(id.parse::<UserId>()),
                "group" => assignment.groups.extend(id.parse::<GroupId>()),
                "room" => assignment.rooms.extend(id.parse::<RoomId>()),
                "room_group" => assignment.room_groups.push(id.to_owned()),
                _ => assignment.places.push(id.to_owned()),
            }
        }
        assignment
    }
}

fn trimmed(text: RwSignal<String>) -> String {
    text.with_untracked(|text| text.trim().to_owned())
}

fn name_fault(control: &'static str, name: &str) -> Option<Fault> {
    match name.trim().len() {
        0 => Some((control, text::NO_NAME.to_owned())),
        1..=NAME_MAX_BYTES => None,
        _ => Some((control, text::LONG_NAME.to_owned())),
    }
}

fn description_fault(control: &'static str, description: &str) -> Option<Fault> {
    (DESCRIPTION_MAX_BYTES < description.trim().len()).then(|| (control, text::LONG_DESCRIPTION.to_owned()))
}

fn picked_fault(control: &'static str, picked: &[PickerOption], nothing: &str) -> Option<Fault> {
    let of_kind = |kind: &'static str| picked.iter().filter(|option| option.kind == kind).count();
    if picked.is_empty() {
        return Some((control, nothing.to_owned()));
    }
    let is_too_many = picked.iter().any(|option| ASSIGNMENT_PART_MAX < of_kind(option.kind));
    is_too_many.then(|| (control, text::too_many(ASSIGNMENT_PART_MAX)))
}

/// People, then groups.
pub(super) fn member_options(users: Vec<UserSummary>, groups: Vec<GroupEntry>) -> Vec<PickerOption> {
    let user = |UserSummary { id, name, email }| option("user", &id, text::PERSON, Symbol::Person, name, email);
    let group = |GroupEntry { id, name, n_members, .. }| {
        option("group", &id, text::GROUP, Symbol::People, name, text::people(n_members))
    };
    users.into_iter().map(user).chain(groups.into_iter().map(group)).collect()
}

/// Rooms, then room groups, then places.
pub(super) fn scope_options(
    rooms: Vec<RoomRef>,
    room_groups: Vec<RoomGroupRef>,
    places: Vec<PlaceRef>,
) -> Vec<PickerOption> {
    let room = |RoomRef { id, name, place }| option("room", &id, text::ROOM, Symbol::Device, name, place);
    let group = |RoomGroupRef { name, n_rooms }| {
        option("room_group", &name, text::ROOM_GROUP, Symbol::Group, name.clone(), text::rooms(n_rooms))
    };
    let place = |PlaceRef { path, n_rooms }| {
        option("place", &path, text::PLACE, Symbol::Place, path.clone(), text::rooms(n_rooms))
    };
    let groups_and_places = room_groups.into_iter().map(group).chain(places.into_iter().map(place));
    rooms.into_iter().map(room).chain(groups_and_places).collect()
}

fn option(
    prefix: &str,
    id: &dyn std::fmt::Display,
    kind: &'static str,
    symbol: Symbol,
    name: String,
    detail: String,
) -> PickerOption {
    PickerOption { key: format!("{prefix}:{id}"), kind, symbol, name, detail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_picked_becomes_an_assignment() {
        let owner = Owner::new();
        owner.with(|| {
            let draft = Draft::new();
            let user = UserSummary { id: UserId([1; 16]), name: "Ada".into(), email: "a@b.c".into() };
            let group = GroupEntry {
                id: GroupId([2; 16]),
                name: "Night".into(),
                description: String::new(),
                n_members: 3,
                n_assignments: 0,
            };
            let room =
                RoomRef { id: RoomId::new("aurora").expect("a slug"), name: "Aurora".into(), place: String::new() };
            draft.assignment_name.set(" Berlin ".into());
            draft.members.set(member_options(vec![user], vec![group]));
            draft.scope.set(scope_options(
                vec![room],
                vec![RoomGroupRef { name: "Exec: big".into(), n_rooms: 2 }],
                vec![PlaceRef { path: "Germany/Berlin".into(), n_rooms: 5 }],
            ));
            let assignment = draft.assignment();
            assert_eq!(assignment.name, "Berlin");
            assert_eq!((assignment.users, assignment.groups), (vec![UserId([1; 16])], vec![GroupId([2; 16])]));
            assert_eq!(assignment.rooms, [RoomId::new("aurora").expect("a slug")]);
            assert_eq!(
                (assignment.room_groups, assignment.places),
                (vec!["Exec: big".into()], vec!["Germany/Berlin".into()])
            );
            draft.everywhere.set(true);
            let everywhere = draft.assignment();
            assert!(everywhere.everywhere && everywhere.rooms.is_empty() && everywhere.places.is_empty());
        });
    }

    #[test]
    fn every_step_says_what_it_lacks() {
        let owner = Owner::new();
        owner.with(|| {
            let draft = Draft::new();
            let faulty = |step| draft.faults(step).into_iter().map(|(control, _)| control).collect::<Vec<_>>();
            assert_eq!(faulty(Step::General), ["role-name"]);
            assert_eq!(faulty(Step::Permissions), ["permissions"]);
            assert_eq!(faulty(Step::Assignment), ["assignment-name"]);
            assert_eq!(faulty(Step::Members), ["members"]);
            assert_eq!(faulty(Step::Scope), ["scope"]);
            draft.assigns.set(false);
            assert!([Step::Assignment, Step::Members, Step::Scope].into_iter().all(|step| faulty(step).is_empty()));
            draft.taken.set(vec!["console technicians".into()]);
            draft.name.set("Console Technicians ".into());
            assert_eq!(draft.faults(Step::General), [("role-name", text::TAKEN.to_owned())]);
            draft.name.set("x".repeat(129));
            draft.description.set("x".repeat(501));
            assert_eq!(faulty(Step::General), ["role-name", "role-description"]);
        });
    }
}
