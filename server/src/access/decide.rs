use protocol::access::Access;
use protocol::api::{GateCheck, GateChecklist, GateOutcome, UnixMillis};
use protocol::refusal::RefusalCode;

/// Whether the room is in a call, as the console says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    Idle,
    InCall {
        since: UnixMillis,
    },
    /// Counts as in a call.
    Unknown,
}

/// The room's console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsoleFact {
    /// None, or one that nobody has approved yet, or that was set aside.
    NotEnrolled,
    Enrolled {
        /// The highest access that the console itself allows.
        highest_access: Access,
    },
}

/// What is asked of the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// A new session.
    Start,
    /// A new connection of a live session that has this access.
    Resume(Access),
    /// That a live session with this access goes on.
    Stay(Access),
}

/// What the gate looks at. The person is signed in and may see the room.
#[expect(clippy::struct_excessive_bools, reason = "one per row of the gate")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GateContext {
    pub remote_access_enabled: bool,
    /// What the person's assignments give for this room. An account that is disabled has none.
    pub access: Option<Access>,
    /// The room's console; of a live session: the one that it is connected to, as long as the room has it.
    pub console: ConsoleFact,
    /// The agent is connected and its pulse is fresh.
    pub monitored: bool,
    /// The room is in maintenance.
    pub suppressed: bool,
    pub call: Call,
    pub audit_writable: bool,
}

/// The gate is open: a session with this access may be prepared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grantable {
    access: Access,
}

impl Grantable {
    /// The lower of what the person's roles and the console allow.
    pub fn access(self) -> Access {
        self.access
    }
}

/// Decides whether a session may start or go on, in the order of the gate.
///
/// Not every row binds a session that lives: what a call means for it is the console's affair, maintenance does not end
/// it, and a console that is away or a log that cannot be written ends it by its leases, not here.
///
/// # Errors
/// The first row that is shut.
pub fn decide(context: &GateContext, asked: Asked) -> Result<Grantable, RefusalCode> {
    require(context.remote_access_enabled, RefusalCode::NotEnabled)?;
    let access = context.access.ok_or(RefusalCode::NoPermission)?;
    let ConsoleFact::Enrolled { highest_access } = context.console else {
        return Err(RefusalCode::UnsupportedConsole);
    };
    let access = access.min(highest_access);
    let (connects, starts) = match asked {
        Asked::Start => (true, true),
        Asked::Resume(held) => {
            require(held <= access, RefusalCode::NoPermission)?;
            (true, false)
        }
        Asked::Stay(held) => {
            require(held <= access, RefusalCode::NoPermission)?;
            (false, false)
        }
    };
    require(context.monitored || !connects, RefusalCode::NotMonitored)?;
    require(!context.suppressed || !starts, RefusalCode::Suppressed)?;
    require(context.call == Call::Idle || !starts, RefusalCode::InCall)?;
    require(context.audit_writable || !connects, RefusalCode::AuditUnavailable)?;
    Ok(Grantable { access })
}

fn require(open: bool, code: RefusalCode) -> Result<(), RefusalCode> {
    if open { Ok(()) } else { Err(code) }
}

/// The rows that only the start itself can check.
const AT_START: [RefusalCode; 3] =
    [RefusalCode::AgentRefused, RefusalCode::IndicatorFailed, RefusalCode::DeclinedInRoom];

/// The same decision as a list for people: rows before the shut one passed, rows behind it are not looked at. Whether the
/// room is asked is no condition, and filled in by others.
pub fn checklist(context: &GateContext) -> GateChecklist {
    let decision = decide(context, Asked::Start);
    let checks = RefusalCode::ALL.iter().map(|code| check(*code, decision)).collect();
    GateChecklist {
        access: decision.ok().map(Grantable::access).or(context.access),
        checks,
        open: decision.is_ok(),
        in_call_since: match (decision, context.call) {
            (Err(RefusalCode::InCall), Call::InCall { since }) => Some(since),
            _ => None,
        },
        decline_within_s: None,
    }
}

fn check(code: RefusalCode, decision: Result<Grantable, RefusalCode>) -> GateCheck {
    let outcome = match decision {
        Err(shut) if code == shut => GateOutcome::Failed,
        Err(shut) if shut < code => GateOutcome::NotChecked,
        _ if AT_START.contains(&code) => GateOutcome::AtStart,
        _ => GateOutcome::Passed,
    };
    let explanation = (outcome == GateOutcome::Failed).then(|| code.sentence().to_owned());
    GateCheck { code, condition: code.condition().to_owned(), outcome, explanation }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: GateContext = GateContext {
        remote_access_enabled: true,
        access: Some(Access::Modify),
        console: ConsoleFact::Enrolled { highest_access: Access::Modify },
        monitored: true,
        suppressed: false,
        call: Call::Idle,
        audit_writable: true,
    };

    /// Each row of the gate, in its order, with a context that shuts this row and no other.
    fn rows() -> [(RefusalCode, GateContext); 7] {
        [
            (RefusalCode::NotEnabled, GateContext { remote_access_enabled: false, ..OPEN }),
            (RefusalCode::NoPermission, GateContext { access: None, ..OPEN }),
            (RefusalCode::UnsupportedConsole, GateContext { console: ConsoleFact::NotEnrolled, ..OPEN }),
            (RefusalCode::NotMonitored, GateContext { monitored: false, ..OPEN }),
            (RefusalCode::Suppressed, GateContext { suppressed: true, ..OPEN }),
            (RefusalCode::InCall, GateContext { call: Call::InCall { since: 5 }, ..OPEN }),
            (RefusalCode::AuditUnavailable, GateContext { audit_writable: false, ..OPEN }),
        ]
    }

    /// Shuts the row of `from` in `into` as well.
    fn shut(into: GateContext, row: usize) -> GateContext {
        let (_, from) = rows()[row];
        match row {
            0 => GateContext { remote_access_enabled: from.remote_access_enabled, ..into },
            1 => GateContext { access: from.access, ..into },
            2 => GateContext { console: from.console, ..into },
            3 => GateContext { monitored: from.monitored, ..into },
            4 => GateContext { suppressed: from.suppressed, ..into },
            5 => GateContext { call: from.call, ..into },
            _ => GateContext { audit_writable: from.audit_writable, ..into },
        }
    }

    /// Every combination of open and shut rows: the first shut one decides.
    #[test]
    fn the_first_shut_row_decides() {
        for combination in 0..1_u32 << 7 {
            let shut_rows: Vec<usize> = (0..7).filter(|row| combination >> row & 1 == 1).collect();
            let context = shut_rows.iter().fold(OPEN, |context, row| shut(context, *row));
            let expected = shut_rows.first().map(|row| rows()[*row].0);
            assert_eq!(decide(&context, Asked::Start).err(), expected, "{context:?}");
        }
    }

    #[test]
    fn a_call_that_cannot_be_told_counts_as_a_call() {
        assert_eq!(decide(&GateContext { call: Call::Unknown, ..OPEN }, Asked::Start), Err(RefusalCode::InCall));
    }

    #[test]
    fn the_lower_of_role_and_console_is_granted() {
        use Access::{Modify, View};
        for (role, console, granted) in
            [(View, View, View), (View, Modify, View), (Modify, View, View), (Modify, Modify, Modify)]
        {
            let console = ConsoleFact::Enrolled { highest_access: console };
            let context = GateContext { access: Some(role), console, ..OPEN };
            assert_eq!(decide(&context, Asked::Start).map(Grantable::access), Ok(granted));
        }
    }

    #[test]
    fn the_checklist_tells_nothing_behind_the_first_shut_row() {
        for (index, (code, context)) in rows().into_iter().enumerate() {
            let list = checklist(&context);
            assert!(!list.open, "{code:?}");
            for (position, check) in list.checks.iter().enumerate() {
                let expected = match position.cmp(&index) {
                    std::cmp::Ordering::Less => GateOutcome::Passed,
                    std::cmp::Ordering::Equal => GateOutcome::Failed,
                    std::cmp::Ordering::Greater => GateOutcome::NotChecked,
                };
                assert_eq!(check.outcome, expected, "{code:?} at {:?}", check.code);
                assert_eq!(check.explanation.is_some(), expected == GateOutcome::Failed);
            }
        }
    }

    #[test]
    fn an_open_gate_leaves_only_what_the_start_itself_shows() {
        let list = checklist(&OPEN);
        assert!(list.open);
        let at_start: Vec<_> =
            list.checks.iter().filter(|check| check.outcome == GateOutcome::AtStart).map(|check| check.code).collect();
        assert_eq!(at_start, AT_START);
        assert!(list.checks.iter().all(|check| check.outcome != GateOutcome::NotChecked));
    }

    #[test]
    fn a_call_is_told_with_its_start_only_when_it_is_what_shuts_the_gate() {
        let in_call = GateContext { call: Call::InCall { since: 5 }, ..OPEN };
        assert_eq!(checklist(&in_call).in_call_since, Some(5));
        let hidden = GateContext { access: None, ..in_call };
        assert_eq!(checklist(&hidden).in_call_since, None);
    }
}
