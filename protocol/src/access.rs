//! What somebody may do: the access of one session, and the permissions that roles are made of.

use crate::wire::tagged;

/// What a session may do on the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "api", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Access {
    /// See every display and use the commands of the toolbar.
    View,
    /// View, and keyboard, pointer and text.
    Modify,
}

impl Access {
    /// What people read, in English.
    pub const fn name(self) -> &'static str {
        match self {
            Self::View => "View",
            Self::Modify => "Modify",
        }
    }
}

tagged!(Access { 0 => View, 1 => Modify });

// `utoipa` does not see a `serde(rename)` that a macro fills in, so the name stands twice.
macro_rules! permissions {
    ($($(#[$doc:meta])* $variant:ident = $id:literal),* $(,)?) => {
        /// One thing that a role allows. The text form (`room.view`) is stored and travels.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "api", derive(serde::Serialize, serde::Deserialize))]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum Permission {
            $($(#[$doc])* #[cfg_attr(feature = "api", serde(rename = $id))]
            #[cfg_attr(feature = "openapi", schema(rename = $id))]
            $variant,)*
        }

        impl Permission {
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            pub const fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }
        }

        impl std::str::FromStr for Permission {
            type Err = UnknownPermission;

            fn from_str(text: &str) -> Result<Self, UnknownPermission> {
                match text { $($id => Ok(Self::$variant),)* _ => Err(UnknownPermission(text.to_owned())) }
            }
        }
    };
}

/// A permission that this version does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown permission {0:?}")]
pub struct UnknownPermission(pub String);

permissions! {
    /// See a room, its state and its incidents.
    RoomView = "room.view",
    /// Add rooms and change their settings.
    RoomModify = "room.modify",
    /// Take a room or its console out of management.
    RoomUnenroll = "room.unenroll",
    /// Actions that change nothing on the console (collect logs, wake).
    RoomActionRead = "room_action.read",
    /// Actions that change something on the console (restart).
    RoomActionWrite = "room_action.write",
    RoomGroupView = "room_group.view",
    RoomGroupModify = "room_group.modify",
    UpdateView = "update.view",
    UpdateModify = "update.modify",
    ReportView = "report.view",
    TicketView = "ticket.view",
    TicketModify = "ticket.modify",
    RoleView = "role.view",
    RoleModify = "role.modify",
    InventoryView = "inventory.view",
    InventoryModify = "inventory.modify",
    ServiceSettingsView = "service_settings.view",
    ServiceSettingsModify = "service_settings.modify",
    AuditView = "audit.view",
    AuditExport = "audit.export",
    /// Start a session that only looks.
    RemoteAccessView = "remote_access.view",
    /// Start a session that types and clicks; includes looking.
    RemoteAccessModify = "remote_access.modify",
}

impl Permission {
    /// What it includes: changing includes seeing, and who may reach a console may see its room.
    pub const fn includes(self) -> &'static [Self] {
        match self {
            Self::RoomModify | Self::RoomUnenroll | Self::RemoteAccessView => &[Self::RoomView],
            Self::RemoteAccessModify => &[Self::RoomView, Self::RemoteAccessView],
            Self::RoomActionWrite => &[Self::RoomActionRead],
            Self::RoomGroupModify => &[Self::RoomGroupView],
            Self::UpdateModify => &[Self::UpdateView],
            Self::TicketModify => &[Self::TicketView],
            Self::RoleModify => &[Self::RoleView],
            Self::InventoryModify => &[Self::InventoryView],
            Self::ServiceSettingsModify => &[Self::ServiceSettingsView],
            Self::AuditExport => &[Self::AuditView],
            _ => &[],
        }
    }

    /// The access to a console that this permission gives.
    pub const fn access(self) -> Option<Access> {
        match self {
            Self::RemoteAccessView => Some(Access::View),
            Self::RemoteAccessModify => Some(Access::Modify),
            _ => None,
        }
    }
}
