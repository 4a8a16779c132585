use protocol::access::Permission;

/// Permissions as a set.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct PermissionSet(u64);

impl PermissionSet {
    pub const EMPTY: Self = Self(0);

    pub fn contains(self, permission: Permission) -> bool {
        self.0 & bit(permission) != 0
    }

    #[must_use]
    pub fn with(self, permission: Permission) -> Self {
        Self(self.0 | bit(permission))
    }

    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |permission| self.contains(*permission))
    }

    /// Adds what the permissions of the set include: changing includes seeing, and who may reach a console may see its
    /// room.
    #[must_use]
    pub fn closed(self) -> Self {
        self.iter().flat_map(Permission::includes).fold(self, |set, permission| set.with(*permission))
    }
}

impl FromIterator<Permission> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        permissions.into_iter().fold(Self::EMPTY, Self::with)
    }
}

impl std::fmt::Debug for PermissionSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.iter().map(Permission::id)).finish()
    }
}

fn bit(permission: Permission) -> u64 {
    1 << permission as u32
}

/// A role that every tenant has and nobody can change.
///
/// INVARIANT: none of them gives remote access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BuiltInRole {
    GlobalAdministrator,
    RoomsManager,
    SiteLead,
    SiteTechnician,
}

impl BuiltInRole {
    pub const ALL: [Self; 4] = [Self::GlobalAdministrator, Self::RoomsManager, Self::SiteLead, Self::SiteTechnician];

    pub const fn name(self) -> &'static str {
        match self {
            Self::GlobalAdministrator => "Global Administrator",
            Self::RoomsManager => "Rooms Manager",
            Self::SiteLead => "Site Lead",
            Self::SiteTechnician => "Site Technician",
        }
    }

    /// The text form that is stored.
    pub const fn id(self) -> &'static str {
        match self {
            Self::GlobalAdministrator => "global_administrator",
            Self::RoomsManager => "rooms_manager",
            Self::SiteLead => "site_lead",
            Self::SiteTechnician => "site_technician",
        }
    }

    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.id() == id)
    }

    pub fn permissions(self) -> PermissionSet {
        Permission::ALL.iter().copied().filter(|permission| self.allows(*permission)).collect()
    }

    fn allows(self, permission: Permission) -> bool {
        use Permission as P;
        match permission {
            P::RemoteAccessView | P::RemoteAccessModify => false,
            P::RoomView | P::RoomModify | P::RoomUnenroll | P::RoomActionRead | P::TicketView | P::TicketModify => true,
            P::RoomActionWrite | P::RoomGroupView | P::ReportView => self != Self::SiteTechnician,
            P::RoomGroupModify
            | P::UpdateView
            | P::UpdateModify
            | P::RoleView
            | P::RoleModify
            | P::InventoryView
            | P::InventoryModify
            | P::ServiceSettingsView
            | P::ServiceSettingsModify
            | P::AuditView
            | P::AuditExport => matches!(self, Self::GlobalAdministrator | Self::RoomsManager),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_built_in_role_has_remote_access() {
        for role in BuiltInRole::ALL {
            for permission in [Permission::RemoteAccessView, Permission::RemoteAccessModify] {
                assert!(!role.permissions().closed().contains(permission), "{} {}", role.name(), permission.id());
            }
        }
    }

    /// The matrix: permission, then Global Administrator, Rooms Manager, Site Lead, Site Technician.
    #[test]
    fn built_in_roles_allow_what_the_matrix_says() {
        let matrix = [
            ("room.view", "yyyy"),
            ("room.modify", "yyyy"),
            ("room.unenroll", "yyyy"),
            ("room_action.read", "yyyy"),
            ("room_action.write", "yyy-"),
            ("room_group.view", "yyy-"),
            ("room_group.modify", "yy--"),
            ("update.view", "yy--"),
            ("update.modify", "yy--"),
            ("report.view", "yyy-"),
            ("ticket.view", "yyyy"),
            ("ticket.modify", "yyyy"),
            ("role.view", "yy--"),
            ("role.modify", "yy--"),
            ("inventory.view", "yy--"),
            ("inventory.modify", "yy--"),
            ("service_settings.view", "yy--"),
            ("service_settings.modify", "yy--"),
            ("audit.view", "yy--"),
            ("audit.export", "yy--"),
            ("remote_access.view", "----"),
            ("remote_access.modify", "----"),
        ];
        assert_eq!(matrix.len(), Permission::ALL.len());
        for (id, row) in matrix {
            let permission: Permission = id.parse().expect("a permission");
            for (role, expected) in BuiltInRole::ALL.into_iter().zip(row.chars()) {
                assert_eq!(role.permissions().contains(permission), expected == 'y', "{} {id}", role.name());
            }
        }
    }

    #[test]
    fn modify_includes_view() {
        let set = PermissionSet::EMPTY.with(Permission::RemoteAccessModify).closed();
        assert!(set.contains(Permission::RemoteAccessView) && set.contains(Permission::RoomView));
        assert!(!set.contains(Permission::RoomModify));
    }

    #[test]
    fn every_permission_has_a_bit_of_its_own() {
        let all: PermissionSet = Permission::ALL.iter().copied().collect();
        assert_eq!(all.iter().count(), Permission::ALL.len());
    }
}
