//! What roles are made of, in words: every permission in its area.

use protocol::access::{Access, Permission};

/// Permissions about the same thing.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Area {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    /// They count only in assignments for the whole organisation, because what they are about belongs to no room.
    pub(super) whole_organisation: bool,
    pub(super) entries: &'static [Entry],
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) permission: Permission,
    pub(super) name: &'static str,
    pub(super) meaning: &'static str,
}

const fn entry(permission: Permission, name: &'static str, meaning: &'static str) -> Entry {
    Entry { permission, name, meaning }
}

/// Every permission, once.
pub(super) const AREAS: &[Area] = &[
    Area {
        id: "rooms",
        name: "Rooms",
        whole_organisation: false,
        entries: &[
            entry(Permission::RoomView, "View", "See rooms, their state and their incidents."),
            entry(Permission::RoomModify, "Modify", "Add rooms, connect their consoles and change their settings."),
            entry(Permission::RoomUnenroll, "Unenroll", "Take a room or its console out of management."),
        ],
    },
    Area {
        id: "room-actions",
        name: "Room actions",
        whole_organisation: false,
        entries: &[
            entry(
                Permission::RoomActionRead,
                "Read-only actions",
                "Collect logs and wake displays: nothing changes on the console.",
            ),
            entry(
                Permission::RoomActionWrite,
                "Read-write actions",
                "Restart consoles and start other actions that change something there.",
            ),
        ],
    },
    Area {
        id: "room-groups",
        name: "Room groups",
        whole_organisation: false,
        entries: &[
            entry(Permission::RoomGroupView, "View", "See which rooms belong together."),
            entry(Permission::RoomGroupModify, "Create and modify", "Put rooms into groups, and take them out."),
        ],
    },
    Area {
        id: "updates",
        name: "Updates",
        whole_organisation: true,
        entries: &[
            entry(Permission::UpdateView, "View", "See which version runs where, and what is planned."),
            entry(Permission::UpdateModify, "Create and modify", "Plan updates, start them and hold them back."),
        ],
    },
    Area {
        id: "reports",
        name: "Reports",
        whole_organisation: false,
        entries: &[entry(Permission::ReportView, "View", "See reports, such as who can reach a room.")],
    },
    Area {
        id: "tickets",
        name: "Tickets",
        whole_organisation: false,
        entries: &[
            entry(Permission::TicketView, "View", "See tickets and their history."),
            entry(Permission::TicketModify, "Modify", "Open, answer and close tickets."),
        ],
    },
    Area {
        id: "roles",
        name: "Roles and people",
        whole_organisation: true,
        entries: &[
            entry(Permission::RoleView, "View", "See roles, assignments, users and groups."),
            entry(Permission::RoleModify, "Modify", "Add, change and remove assignments, users and groups."),
        ],
    },
    Area {
        id: "inventory",
        name: "Inventory",
        whole_organisation: true,
        entries: &[
            entry(Permission::InventoryView, "View", "See sites, buildings and devices."),
            entry(Permission::InventoryModify, "Modify", "Change sites, buildings and devices."),
        ],
    },
    Area {
        id: "service-settings",
        name: "Service settings",
        whole_organisation: true,
        entries: &[
            entry(
                Permission::ServiceSettingsView,
                "View",
                "See what holds for the whole organisation, such as the rules of remote access.",
            ),
            entry(
                Permission::ServiceSettingsModify,
                "Modify",
                "Change what holds for the whole organisation. Enabling remote access stays with administrators.",
            ),
        ],
    },
    Area {
        id: "audit-log",
        name: "Audit log",
        whole_organisation: true,
        entries: &[
            entry(Permission::AuditView, "View", "Read who did what, and when."),
            entry(Permission::AuditExport, "Export", "Take the audit log out as a file."),
        ],
    },
    Area {
        id: REMOTE_ACCESS,
        name: "Remote access",
        whole_organisation: false,
        entries: &[
            entry(
                Permission::RemoteAccessView,
                "View",
                "See a room's displays live and use the commands of the toolbar. No keyboard, no pointer.",
            ),
            entry(Permission::RemoteAccessModify, "Modify", "Also type, click and touch on the console."),
        ],
    },
];

/// The id of the area that the product is about.
pub(super) const REMOTE_ACCESS: &str = "remote-access";

/// How many areas a summary names.
const NAMED_MOST: usize = 4;

/// Whether a role with `ticked` allows `permission`, by itself or because another one includes it.
pub(super) fn allows(ticked: &[Permission], permission: Permission) -> bool {
    ticked.contains(&permission) || including(ticked, permission).is_some()
}

/// The one of `ticked` that includes `permission`.
pub(super) fn including(ticked: &[Permission], permission: Permission) -> Option<Permission> {
    ticked.iter().copied().find(|other| other.includes().contains(&permission))
}

/// `ticked` without what others of them include, in the order of the areas: as roles are stored.
pub(super) fn reduced(ticked: &[Permission]) -> Vec<Permission> {
    let all = AREAS.iter().flat_map(|area| area.entries).map(|entry| entry.permission);
    all.filter(|permission| ticked.contains(permission) && including(ticked, *permission).is_none()).collect()
}

/// The area of a permission and its name there: `Rooms: View`.
pub(super) fn name(permission: Permission) -> String {
    let found = AREAS.iter().find_map(|area| {
        let entry = area.entries.iter().find(|entry| entry.permission == permission)?;
        Some(format!("{}: {}", area.name, entry.name))
    });
    found.unwrap_or_else(|| permission.id().to_owned())
}

/// The access to consoles that a role gives.
pub(super) fn access(permissions: &[Permission]) -> Option<Access> {
    permissions.iter().filter_map(|permission| permission.access()).max()
}

/// What a role allows, in one line and without remote access: `Rooms (view, modify), Reports (view)`.
pub(super) fn summary(permissions: &[Permission]) -> String {
    let areas = AREAS.iter().filter(|area| area.id != REMOTE_ACCESS);
    let named: Vec<String> = areas.filter_map(|area| area_summary(area, permissions)).collect();
    let n_more = named.len().saturating_sub(NAMED_MOST);
    match (named.get(..NAMED_MOST), n_more) {
        (Some(first), 1..) => format!("{} and {n_more} more", first.join(", ")),
        _ => named.join(", "),
    }
}

fn area_summary(area: &Area, permissions: &[Permission]) -> Option<String> {
    let allowed = area.entries.iter().filter(|entry| allows(permissions, entry.permission));
    let names: Vec<String> = allowed.map(|entry| entry.name.to_ascii_lowercase()).collect();
    (!names.is_empty()).then(|| format!("{} ({})", area.name, names.join(", ")))
}

/// The areas of which `permissions` allow something that counts for the whole organisation only.
pub(super) fn whole_organisation_areas(permissions: &[Permission]) -> Vec<&'static str> {
    let areas = AREAS.iter().filter(|area| area.whole_organisation);
    let of_role = areas.filter(|area| area.entries.iter().any(|entry| allows(permissions, entry.permission)));
    of_role.map(|area| area.name).collect()
}

/// Those of `permissions` that count in an assignment for some rooms only.
pub(super) fn counting_in_rooms(permissions: &[Permission]) -> Vec<Permission> {
    let areas = AREAS.iter().filter(|area| !area.whole_organisation);
    let entries = areas.flat_map(|area| area.entries).map(|entry| entry.permission);
    entries.filter(|permission| permissions.contains(permission)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_permission_stands_in_one_area() {
        let mut listed: Vec<Permission> =
            AREAS.iter().flat_map(|area| area.entries).map(|entry| entry.permission).collect();
        listed.sort();
        assert_eq!(listed, Permission::ALL);
    }

    #[test]
    fn what_is_included_is_allowed_and_not_stored() {
        let ticked = [Permission::RoomView, Permission::RemoteAccessView, Permission::RemoteAccessModify];
        assert!(allows(&[Permission::RemoteAccessModify], Permission::RoomView));
        assert!(!allows(&[Permission::RemoteAccessModify], Permission::RoomModify));
        assert_eq!(including(&ticked, Permission::RemoteAccessView), Some(Permission::RemoteAccessModify));
        assert_eq!(reduced(&ticked), [Permission::RemoteAccessModify]);
    }

    #[test]
    fn summaries_name_a_few_areas() {
        assert_eq!(summary(&[]), "");
        assert_eq!(summary(&[Permission::RemoteAccessModify]), "Rooms (view)");
        assert_eq!(summary(&[Permission::RoomModify, Permission::ReportView]), "Rooms (view, modify), Reports (view)");
        let many = summary(Permission::ALL);
        assert!(many.ends_with(" and 6 more"), "{many}");
    }

    #[test]
    fn some_areas_belong_to_no_room() {
        let permissions = [Permission::RoomModify, Permission::AuditExport, Permission::RoleView];
        assert_eq!(whole_organisation_areas(&permissions), ["Roles and people", "Audit log"]);
        assert_eq!(counting_in_rooms(&permissions), [Permission::RoomModify]);
    }
}
