//! Why a session ended: one code for the viewer, the agent, the audit log and the ring.

use crate::wire::tagged;

// `utoipa` does not see a `serde(rename)` that a macro fills in, so the name stands twice.
macro_rules! reasons {
    ($($tag:literal => $variant:ident = $code:literal, $sentence:literal;)*) => {
        /// Why a session ended. The code (`viewer_lost`) is stored and travels.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "api", derive(serde::Serialize, serde::Deserialize))]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum EndReason {
            $(#[cfg_attr(feature = "api", serde(rename = $code))]
            #[cfg_attr(feature = "openapi", schema(rename = $code))]
            $variant,)*
        }

        impl EndReason {
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// What people read, in English.
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence,)* }
            }
        }

        tagged!(EndReason { $($tag => $variant),* });
    };
}

reasons! {
    0 => EndedByViewer = "ended_by_viewer", "You ended the session.";
    1 => ViewerClosed = "viewer_closed", "The page was closed.";
    2 => ViewerLost = "viewer_lost", "The connection to the browser was lost.";
    3 => AgentLost = "agent_lost", "The connection to the console was lost.";
    4 => AgentCrash = "agent_crash", "The agent on the console stopped unexpectedly.";
    5 => AgentStopped = "agent_stopped", "The agent on the console was stopped.";
    6 => Idle = "idle", "Nothing was typed or clicked for too long.";
    7 => MaximumDuration = "maximum_duration", "The session reached its longest duration.";
    8 => Disabled = "disabled", "Remote access was switched off for your organisation.";
    9 => Revoked = "revoked", "Your access to this room was removed.";
    10 => CallStarted = "call_started", "A call started in the room.";
    11 => EndedInRoom = "ended_in_room", "People in the room ended the session.";
    12 => PolicyViolation = "policy_violation", "The browser sent something that this session does not allow.";
    13 => ProtocolError = "protocol_error", "The connection broke the rules of the protocol.";
    14 => IndicatorFailed = "indicator_failed", "The console could not show its red ring.";
    15 => LeaseExpired = "lease_expired", "The console lost contact with the server.";
    16 => SignedOut = "signed_out", "You signed out of the portal.";
    17 => ServerStopped = "server_stopped", "The server was restarted.";
    18 => NeverConnected = "never_connected", "The browser did not connect in time.";
    19 => RestartTimedOut = "restart_timed_out", "The device did not come back from its restart in time.";
    20 => KeyMismatch = "key_mismatch",
        "The other end could not prove who it is, or something on the way changed what was sent. If it happens again, tell an administrator.";
    21 => ConsoleRemoved = "console_removed", "This room's console was revoked, replaced or set aside.";
}
