//! What administrators may not do to themselves and to each other: nobody comes to more by what they hand out, or by
//! taking over an account.

use protocol::access::{Access, Permission};

use super::{BuiltInRole, Coverage, Effective, PermissionSet, RoleGrant, is_at_or_below};

/// Whether `actor` may give a role to members, change who has it or take it away.
///
/// Global Administrators may do so with every role. Everybody else only with roles that allow nothing that they may not
/// do themselves for the whole organisation; remote access does not count here, because Rooms Managers hand it out
/// without having it ([`gains_remote_access`] keeps them from giving it to themselves).
pub fn may_hand_out(actor: &Effective, role: Option<BuiltInRole>, permissions: PermissionSet) -> bool {
    if actor.holds(BuiltInRole::GlobalAdministrator) {
        return true;
    }
    let held = actor.everywhere();
    let handed_out = permissions.closed();
    let role_is_theirs = match role {
        // The same permissions as a Rooms Manager's, and more than them: what this function says.
        Some(BuiltInRole::GlobalAdministrator) => false,
        // A custom role with the permission to assign makes nobody an administrator.
        Some(BuiltInRole::RoomsManager) => actor.administers(),
        Some(BuiltInRole::SiteLead | BuiltInRole::SiteTechnician) | None => true,
    };
    role_is_theirs && handed_out.iter().all(|permission| permission.access().is_some() || held.contains(permission))
}

/// Whether `actor` may change the account of `other`: disable it, or make a link with which its password can be set. The
/// link alone is as good as everything that the account may do.
pub fn may_manage_account(actor: &Effective, other: &Effective) -> bool {
    actor.holds(BuiltInRole::GlobalAdministrator)
        || other.grants().iter().all(|grant| {
            may_hand_out(actor, grant.built_in, grant.permissions)
                && grant.permissions.iter().all(|permission| is_held(permission, &grant.coverage, actor.grants()))
        })
}

/// Whether `after` reaches a console that `before` does not, or with more.
pub fn gains_remote_access(before: &[RoleGrant], after: &[RoleGrant]) -> bool {
    after.iter().any(|grant| {
        let access = grant.permissions.closed().iter().filter_map(Permission::access).max();
        access.is_some_and(|access| {
            let enough: Vec<&RoleGrant> = before.iter().filter(|held| access_of(held) >= Some(access)).collect();
            !is_covered(&grant.coverage, &enough)
        })
    })
}

fn access_of(grant: &RoleGrant) -> Option<Access> {
    grant.permissions.closed().iter().filter_map(Permission::access).max()
}

fn is_held(permission: Permission, coverage: &Coverage, held: &[RoleGrant]) -> bool {
    let enough: Vec<&RoleGrant> = held.iter().filter(|grant| grant.permissions.closed().contains(permission)).collect();
    is_covered(coverage, &enough)
}

/// Whether every part of `coverage` is within one of `held`. Parts are compared as they are written: a room that is held
/// by its place only counts as not held, which refuses more than it must and never less.
fn is_covered(coverage: &Coverage, held: &[&RoleGrant]) -> bool {
    let Coverage::Rooms { rooms, groups, places } = coverage else {
        return held.iter().any(|grant| grant.coverage == Coverage::Everywhere);
    };
    let any = |covers: &dyn Fn(&Coverage) -> bool| held.iter().any(|grant| covers(&grant.coverage));
    rooms.iter().all(|room| {
        any(&|held| match held {
            Coverage::Everywhere => true,
            Coverage::Rooms { rooms, .. } => rooms.contains(room),
        })
    }) && groups.iter().all(|group| {
        any(&|held| match held {
            Coverage::Everywhere => true,
            Coverage::Rooms { groups, .. } => groups.contains(group),
        })
    }) && places.iter().all(|place| {
        any(&|held| match held {
            Coverage::Everywhere => true,
            Coverage::Rooms { places, .. } => places.iter().any(|held| is_at_or_below(place, held)),
        })
    })
}

#[cfg(test)]
mod tests {
    use protocol::ids::{AssignmentId, RoomId};

    use super::*;

    fn somewhere(rooms: &[&str], groups: &[&str], places: &[&str]) -> Coverage {
        Coverage::Rooms {
            rooms: rooms.iter().map(|&room| RoomId::new(room).expect("a slug")).collect(),
            groups: groups.iter().map(|&group| group.to_owned()).collect(),
            places: places.iter().map(|&place| place.to_owned()).collect(),
        }
    }

    fn grant(permissions: &[Permission], coverage: Coverage) -> RoleGrant {
        let permissions = permissions.iter().copied().collect();
        RoleGrant { assignment: AssignmentId([0; 16]), built_in: None, permissions, coverage }
    }

    fn built_in(role: BuiltInRole) -> RoleGrant {
        RoleGrant { built_in: Some(role), permissions: role.permissions(), ..grant(&[], Coverage::Everywhere) }
    }

    fn person(grants: Vec<RoleGrant>) -> Effective {
        Effective::new(grants)
    }

    #[test]
    fn nobody_hands_out_what_they_may_not_do_themselves() {
        use BuiltInRole::{GlobalAdministrator, RoomsManager, SiteLead, SiteTechnician};
        let administrator = person(vec![built_in(GlobalAdministrator)]);
        let manager = person(vec![built_in(RoomsManager)]);
        let assigner = person(vec![grant(&[Permission::RoleModify, Permission::RoomView], Coverage::Everywhere)]);
        let local = person(vec![grant(&[Permission::RoleModify], somewhere(&["aurora"], &[], &[]))]);
        for role in BuiltInRole::ALL {
            assert!(may_hand_out(&administrator, Some(role), role.permissions()), "{role:?}");
            assert_eq!(may_hand_out(&manager, Some(role), role.permissions()), role != GlobalAdministrator, "{role:?}");
            assert!(!may_hand_out(&assigner, Some(role), role.permissions()), "{role:?}");
        }
        for (permissions, expected) in [
            (vec![Permission::RoomView], true),
            (vec![Permission::RemoteAccessModify], true),
            (vec![Permission::RoleView], true),
            (vec![Permission::RoomView, Permission::AuditView], false),
            (vec![Permission::ServiceSettingsModify], false),
        ] {
            let permissions: PermissionSet = permissions.into_iter().collect();
            assert_eq!(may_hand_out(&assigner, None, permissions), expected, "{permissions:?}");
            assert!(may_hand_out(&manager, None, permissions), "{permissions:?}");
            assert!(!may_hand_out(&local, None, permissions), "{permissions:?}");
        }
        // Whoever has all permissions of the role by a custom one is no administrator.
        let everything = grant(Permission::ALL, Coverage::Everywhere);
        let mighty = person(vec![everything]);
        assert!(!may_hand_out(&mighty, Some(RoomsManager), RoomsManager.permissions()));
        assert!(may_hand_out(&mighty, Some(SiteLead), SiteLead.permissions()));
        assert!(may_hand_out(&mighty, Some(SiteTechnician), SiteTechnician.permissions()));
    }

    #[test]
    fn an_account_with_more_is_not_managed() {
        use BuiltInRole::{GlobalAdministrator, RoomsManager, SiteLead};
        let administrator = person(vec![built_in(GlobalAdministrator)]);
        let manager = person(vec![built_in(RoomsManager)]);
        let technician = person(vec![grant(&[Permission::RemoteAccessModify], somewhere(&["aurora"], &[], &[]))]);
        let viewer = person(vec![grant(&[Permission::RemoteAccessView], somewhere(&["aurora"], &[], &[]))]);
        let both = person(vec![
            built_in(RoomsManager),
            grant(&[Permission::RemoteAccessModify], somewhere(&["aurora"], &[], &["Berlin"])),
        ]);
        for (actor, other, expected) in [
            (&administrator, &administrator, true),
            (&administrator, &technician, true),
            (&manager, &administrator, false),
            (&manager, &manager, true),
            (&manager, &person(vec![built_in(SiteLead)]), true),
            (&manager, &person(Vec::new()), true),
            (&manager, &viewer, false),
            (&manager, &technician, false),
            (&both, &technician, true),
            (&both, &viewer, true),
            (&technician, &manager, false),
        ] {
            assert_eq!(may_manage_account(actor, other), expected, "{actor:?} {other:?}");
        }
    }

    #[test]
    fn remote_access_grows_by_access_and_by_coverage() {
        use Permission::{RemoteAccessModify as M, RemoteAccessView as V, RoomModify};
        let aurora = || somewhere(&["aurora"], &[], &[]);
        let cases: Vec<(&str, Vec<RoleGrant>, Vec<RoleGrant>, bool)> = vec![
            ("nothing", vec![], vec![], false),
            ("other permissions", vec![], vec![grant(&[RoomModify], Coverage::Everywhere)], false),
            ("from nothing", vec![], vec![grant(&[V], aurora())], true),
            ("an empty scope reaches nothing", vec![], vec![grant(&[V], somewhere(&[], &[], &[]))], false),
            ("the same", vec![grant(&[V], aurora())], vec![grant(&[V], aurora())], false),
            ("less", vec![grant(&[M], aurora())], vec![grant(&[V], aurora())], false),
            ("more", vec![grant(&[V], aurora())], vec![grant(&[M], aurora())], true),
            ("another room", vec![grant(&[M], aurora())], vec![grant(&[V], somewhere(&["borealis"], &[], &[]))], true),
            ("of everywhere", vec![grant(&[M], Coverage::Everywhere)], vec![grant(&[V], aurora())], false),
            ("everywhere", vec![grant(&[M], aurora())], vec![grant(&[M], Coverage::Everywhere)], true),
            ("a group", vec![grant(&[M], aurora())], vec![grant(&[M], somewhere(&[], &["executive"], &[]))], true),
            (
                "below a place",
                vec![grant(&[M], somewhere(&[], &[], &["Germany"]))],
                vec![grant(&[M], somewhere(&[], &[], &["Germany/Berlin"]))],
                false,
            ),
            (
                "above a place",
                vec![grant(&[M], somewhere(&[], &[], &["Germany/Berlin"]))],
                vec![grant(&[M], somewhere(&[], &[], &["Germany"]))],
                true,
            ),
            (
                "by two together",
                vec![grant(&[V], aurora()), grant(&[M], somewhere(&["borealis"], &[], &[]))],
                vec![grant(&[V], somewhere(&["aurora", "borealis"], &[], &[]))],
                false,
            ),
        ];
        for (name, before, after, expected) in cases {
            assert_eq!(gains_remote_access(&before, &after), expected, "{name}");
        }
    }
}
