//! Why a session may not start: the rows of the gate, in the order in which they are checked.

use crate::wire::tagged;

// `utoipa` does not see a `serde(rename)` that a macro fills in, so the name stands twice.
macro_rules! refusals {
    ($($tag:literal => $variant:ident = $code:literal, $title:literal, $sentence:literal;)*) => {
        /// A row of the gate that is shut. The code (`in_call`) is stored and travels.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "api", derive(serde::Serialize, serde::Deserialize))]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum RefusalCode {
            $(#[cfg_attr(feature = "api", serde(rename = $code))]
            #[cfg_attr(feature = "openapi", schema(rename = $code))]
            $variant,)*
        }

        impl RefusalCode {
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The condition as the checklist shows it, in English.
            pub const fn condition(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }

            /// What happened and what to do, in English.
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence,)* }
            }
        }

        tagged!(RefusalCode { $($tag => $variant),* });
    };
}

refusals! {
    0 => NotEnabled = "not_enabled", "Remote access is enabled",
        "Remote access is switched off for your organisation. An administrator can switch it on in Settings > Remote access.";
    1 => NoPermission = "no_permission", "You may access this room",
        "You have no role that allows remote access to this room. Ask an administrator for an assignment that covers it.";
    2 => UnsupportedConsole = "unsupported_console", "The console is enrolled and approved",
        "This room has no console that is enrolled and approved. The tab Overview of the room says what is left to do.";
    3 => NotMonitored = "not_monitored", "The console is monitored",
        "The console is not connected. Check that it is switched on and on the network, then try again.";
    4 => Suppressed = "suppressed", "The room is not in maintenance",
        "The room is in maintenance. Wait until the maintenance ends, or ask the person who started it.";
    5 => InCall = "in_call", "The room is not in a call",
        "The room is in a call. Remote access is possible when the call has ended.";
    6 => AuditUnavailable = "audit_unavailable", "The audit log can be written",
        "The audit log cannot be written, so no session may start. Ask the operator of the server to check its disk.";
    7 => AgentRefused = "agent_refused", "The console agrees",
        "The console refused the session. Its own settings may allow less than your role does.";
    8 => IndicatorFailed = "indicator_failed", "The console shows its red ring",
        "The console could not show the red ring, so it refused the session. Restart the console, then try again.";
    9 => DeclinedInRoom = "declined_in_room", "Nobody in the room declined",
        "Somebody in the room declined the session. Agree with the people in the room, then try again.";
}
