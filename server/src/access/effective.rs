use std::collections::BTreeSet;

use protocol::access::{Access, Permission};
use protocol::ids::{AssignmentId, RoomId};

use super::{BuiltInRole, PermissionSet};

/// Which rooms an assignment covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Coverage {
    /// Every room of the tenant, and what belongs to no room.
    Everywhere,
    Rooms {
        rooms: BTreeSet<RoomId>,
        /// Names of room groups.
        groups: BTreeSet<String>,
        /// Paths in the site tree: the rooms there and below.
        places: Vec<String>,
    },
}

/// What one assignment gives to one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleGrant {
    pub assignment: AssignmentId,
    /// Which of the built-in roles it is.
    pub built_in: Option<BuiltInRole>,
    pub permissions: PermissionSet,
    pub coverage: Coverage,
}

/// Where a room is, as far as assignments care.
#[derive(Debug, Clone, Copy)]
pub struct RoomPlace<'a> {
    pub id: &'a RoomId,
    pub place: &'a str,
    pub groups: &'a [String],
}

/// The union of a person's assignments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Effective {
    grants: Vec<RoleGrant>,
}

impl Effective {
    pub fn new(grants: Vec<RoleGrant>) -> Self {
        let close = |grant: RoleGrant| RoleGrant { permissions: grant.permissions.closed(), ..grant };
        Self { grants: grants.into_iter().map(close).collect() }
    }

    /// What the person may do in a room.
    pub fn in_room(&self, room: RoomPlace<'_>) -> PermissionSet {
        self.joined(|coverage| coverage.covers(room))
    }

    /// What the person may do with everything of the tenant.
    pub fn everywhere(&self) -> PermissionSet {
        self.joined(|coverage| *coverage == Coverage::Everywhere)
    }

    /// What the person may do somewhere: for showing and hiding pages, never for deciding.
    pub fn somewhere(&self) -> PermissionSet {
        self.joined(|_| true)
    }

    /// What the person may do at a place, whichever rooms come to be there.
    pub fn at_place(&self, place: &str) -> PermissionSet {
        self.joined(|coverage| coverage.covers_place(place))
    }

    /// Holds this built-in role for the whole tenant.
    pub fn holds(&self, role: BuiltInRole) -> bool {
        self.grants.iter().any(|grant| grant.built_in == Some(role) && grant.coverage == Coverage::Everywhere)
    }

    /// May opt in to remote access and change roles: a Global Administrator or Rooms Manager of the whole tenant. Custom
    /// roles cannot give this.
    pub fn administers(&self) -> bool {
        self.holds(BuiltInRole::GlobalAdministrator) || self.holds(BuiltInRole::RoomsManager)
    }

    /// What each assignment gives, with what its permissions include.
    pub fn grants(&self) -> &[RoleGrant] {
        &self.grants
    }

    /// The highest access to a room's console.
    pub fn access_to(&self, room: RoomPlace<'_>) -> Option<Access> {
        access_of(self.in_room(room))
    }

    fn joined(&self, covers: impl Fn(&Coverage) -> bool) -> PermissionSet {
        let covering = self.grants.iter().filter(|grant| covers(&grant.coverage));
        covering.fold(PermissionSet::EMPTY, |set, grant| set.union(grant.permissions))
    }
}

fn access_of(permissions: PermissionSet) -> Option<Access> {
    permissions.iter().filter_map(Permission::access).max()
}

impl Coverage {
    pub fn covers(&self, room: RoomPlace<'_>) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Rooms { rooms, groups, .. } => {
                rooms.contains(room.id)
                    || room.groups.iter().any(|group| groups.contains(group))
                    || self.covers_place(room.place)
            }
        }
    }

    fn covers_place(&self, place: &str) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Rooms { places, .. } => places.iter().any(|covered| is_at_or_below(place, covered)),
        }
    }
}

/// Whether the path `place` is `ancestor` or lies below it, by whole segments. Nothing lies below the empty path: that
/// would be the whole tenant by accident.
pub fn is_at_or_below(place: &str, ancestor: &str) -> bool {
    !ancestor.is_empty() && place.strip_prefix(ancestor).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> RoomId {
        RoomId::new(text).expect("a slug")
    }

    fn grant(permission: Permission, rooms: &[&str], groups: &[&str], places: &[&str]) -> RoleGrant {
        let coverage = Coverage::Rooms {
            rooms: rooms.iter().map(|room| id(room)).collect(),
            groups: groups.iter().map(|&group| group.to_owned()).collect(),
            places: places.iter().map(|&place| place.to_owned()).collect(),
        };
        grant_of(permission, coverage)
    }

    fn grant_of(permission: Permission, coverage: Coverage) -> RoleGrant {
        let permissions = PermissionSet::EMPTY.with(permission);
        RoleGrant { assignment: AssignmentId([0; 16]), built_in: None, permissions, coverage }
    }

    fn access(grants: Vec<RoleGrant>, room: &str, place: &str, groups: &[&str]) -> Option<Access> {
        let groups: Vec<String> = groups.iter().map(|&group| group.to_owned()).collect();
        Effective::new(grants).access_to(RoomPlace { id: &id(room), place, groups: &groups })
    }

    #[test]
    fn access_is_the_union_of_the_assignments_that_cover_the_room() {
        use Permission::{RemoteAccessModify as M, RemoteAccessView as V, RoomView};
        let floor = "Germany/Berlin/HQ/Floor 2";
        let cases: &[(&str, Vec<RoleGrant>, Option<Access>)] = &[
            ("nothing", vec![], None),
            ("seeing the room is no access", vec![grant(RoomView, &["aurora"], &[], &[])], None),
            ("by room", vec![grant(V, &["aurora"], &[], &[])], Some(Access::View)),
            ("another room", vec![grant(V, &["borealis"], &[], &[])], None),
            ("by group", vec![grant(V, &[], &["executive"], &[])], Some(Access::View)),
            ("another group", vec![grant(V, &[], &["exec"], &[])], None),
            ("by place above", vec![grant(V, &[], &[], &["Germany/Berlin"])], Some(Access::View)),
            ("by its own place", vec![grant(V, &[], &[], &[floor])], Some(Access::View)),
            ("half a segment", vec![grant(V, &[], &[], &["Germany/Ber"])], None),
            ("the empty place", vec![grant(V, &[], &[], &[""])], None),
            (
                "the higher of two",
                vec![grant(V, &["aurora"], &[], &[]), grant(M, &[], &["executive"], &[])],
                Some(Access::Modify),
            ),
            (
                "modify elsewhere does not count here",
                vec![grant(V, &["aurora"], &[], &[]), grant(M, &["borealis"], &[], &[])],
                Some(Access::View),
            ),
            ("everywhere", vec![grant_of(M, Coverage::Everywhere)], Some(Access::Modify)),
        ];
        for (name, grants, expected) in cases {
            assert_eq!(access(grants.clone(), "aurora", floor, &["executive"]), *expected, "{name}");
        }
    }

    #[test]
    fn what_a_person_may_do_in_one_room_is_not_what_they_may_do_everywhere() {
        let effective = Effective::new(vec![grant(Permission::RoomModify, &["aurora"], &[], &["Berlin"])]);
        assert!(effective.everywhere().is_empty());
        assert!(effective.somewhere().contains(Permission::RoomModify));
        assert!(effective.at_place("Berlin/HQ").contains(Permission::RoomModify));
        assert!(effective.at_place("Bonn").is_empty());
    }

    #[test]
    fn only_two_built_in_roles_for_the_whole_tenant_administer() {
        for (built_in, expected) in [
            (Some(BuiltInRole::GlobalAdministrator), true),
            (Some(BuiltInRole::RoomsManager), true),
            (Some(BuiltInRole::SiteLead), false),
            (Some(BuiltInRole::SiteTechnician), false),
            (None, false),
        ] {
            let everywhere =
                RoleGrant { built_in, ..grant_of(Permission::ServiceSettingsModify, Coverage::Everywhere) };
            let local = RoleGrant { built_in, ..grant(Permission::ServiceSettingsModify, &["aurora"], &[], &["a"]) };
            assert_eq!(Effective::new(vec![everywhere]).administers(), expected, "{built_in:?}");
            assert!(!Effective::new(vec![local]).administers(), "{built_in:?}");
        }
    }
}
