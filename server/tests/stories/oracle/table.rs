//! Every situation in front of a session, and a table that says what must come of it. Written from the requirements, not
//! from `access::decide`: words in the place of types, and no look at how the server computes anything.

/// One situation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cell {
    /// Whether the tenant opted in.
    pub(super) tenant: &'static str,
    /// What the person's role allows.
    pub(super) role: &'static str,
    /// What of the assignment's scope the room falls under.
    pub(super) scope: &'static str,
    pub(super) console: &'static str,
    /// The console's own ceiling.
    pub(super) ceiling: &'static str,
    pub(super) maintenance: &'static str,
    pub(super) call: &'static str,
    pub(super) account: &'static str,
    /// Sessions of others in the room.
    pub(super) others: &'static str,
    pub(super) log: &'static str,
}

pub(super) const TENANTS: [&str; 2] = ["enabled", "disabled"];
pub(super) const ROLES: [&str; 5] = ["nothing", "see", "view", "modify", "view and modify"];
pub(super) const SCOPES: [&str; 6] = ["elsewhere", "room", "room group", "place", "everywhere", "room by user group"];
pub(super) const CONSOLES: [&str; 4] = ["none", "pending", "away", "here"];
pub(super) const CEILINGS: [&str; 2] = ["view", "modify"];
pub(super) const MAINTENANCE: [&str; 2] = ["no", "yes"];
pub(super) const CALLS: [&str; 3] = ["idle", "in call", "unknown"];
pub(super) const ACCOUNTS: [&str; 2] = ["enabled", "disabled"];
pub(super) const OTHERS: [&str; 2] = ["none", "one"];
pub(super) const LOGS: [&str; 2] = ["writable", "full"];

/// The rows of the gate in the order of the requirements: in which situations each is shut.
const GATE: [(&str, &[(&str, &str)]); 7] = [
    ("not_enabled", &[("tenant", "disabled")]),
    ("no_permission", &[("account", "disabled"), ("role", "nothing"), ("role", "see"), ("scope", "elsewhere")]),
    ("unsupported_console", &[("console", "none"), ("console", "pending")]),
    ("not_monitored", &[("console", "away")]),
    ("suppressed", &[("maintenance", "yes")]),
    ("in_call", &[("call", "in call"), ("call", "unknown")]),
    ("audit_unavailable", &[("log", "full")]),
];

/// What a role and a console's ceiling come to.
const ACCESS: [(&str, &str, &str); 6] = [
    ("view", "view", "view"),
    ("view", "modify", "view"),
    ("modify", "view", "view"),
    ("modify", "modify", "modify"),
    ("view and modify", "view", "view"),
    ("view and modify", "modify", "modify"),
];

/// Which rows bind whom: a new connection of a live session, and a live session itself.
const RESUME: [&str; 5] = ["not_enabled", "no_permission", "unsupported_console", "not_monitored", "audit_unavailable"];
const STAY: [&str; 3] = ["not_enabled", "no_permission", "unsupported_console"];

impl Cell {
    fn value(&self, dimension: &str) -> &'static str {
        match dimension {
            "tenant" => self.tenant,
            "role" => self.role,
            "scope" => self.scope,
            "console" => self.console,
            "maintenance" => self.maintenance,
            "call" => self.call,
            "account" => self.account,
            "log" => self.log,
            other => panic!("no dimension {other}"),
        }
    }

    fn is_shut(&self, row: &str) -> bool {
        let (_, situations) = GATE.iter().find(|(code, _)| *code == row).expect("a row");
        situations.iter().any(|(dimension, value)| self.value(dimension) == *value)
    }

    /// The access of a new session, or the code of the first row that is shut.
    pub(super) fn start(&self) -> Result<&'static str, &'static str> {
        match GATE.iter().find(|(code, _)| self.is_shut(code)) {
            Some((code, _)) => Err(code),
            None => Ok(self.access()),
        }
    }

    /// Whether a live session with the access `held` may have a new connection.
    pub(super) fn resume(&self, held: &str) -> Result<&'static str, &'static str> {
        self.go_on(&RESUME, held)
    }

    /// Whether a live session with the access `held` goes on.
    pub(super) fn stay(&self, held: &str) -> Result<&'static str, &'static str> {
        self.go_on(&STAY, held)
    }

    fn go_on(&self, rows: &[&'static str], held: &str) -> Result<&'static str, &'static str> {
        for row in rows {
            if self.is_shut(row) {
                return Err(row);
            }
            // Less than the session has is no permission for it, as soon as the console is known to be there.
            if *row == "unsupported_console" && held == "modify" && self.access() == "view" {
                return Err("no_permission");
            }
        }
        Ok(self.access())
    }

    fn access(&self) -> &'static str {
        let found = ACCESS.iter().find(|(role, ceiling, _)| *role == self.role && *ceiling == self.ceiling);
        found.expect("a role with remote access").2
    }

    /// Whether the person may see the room at all.
    pub(super) fn sees_room(&self) -> bool {
        self.role != "nothing" && self.scope != "elsewhere"
    }
}

/// All situations.
pub(super) fn cells() -> Vec<Cell> {
    let mut cells = vec![Cell {
        tenant: "",
        role: "",
        scope: "",
        console: "",
        ceiling: "",
        maintenance: "",
        call: "",
        account: "",
        others: "",
        log: "",
    }];
    let mut each = |values: &[&'static str], set: fn(&mut Cell, &'static str)| {
        cells = cells
            .iter()
            .flat_map(|cell| values.iter().map(move |value| (*cell, *value)))
            .map(|(mut cell, value)| {
                set(&mut cell, value);
                cell
            })
            .collect();
    };
    each(&TENANTS, |cell, value| cell.tenant = value);
    each(&ROLES, |cell, value| cell.role = value);
    each(&SCOPES, |cell, value| cell.scope = value);
    each(&CONSOLES, |cell, value| cell.console = value);
    each(&CEILINGS, |cell, value| cell.ceiling = value);
    each(&MAINTENANCE, |cell, value| cell.maintenance = value);
    each(&CALLS, |cell, value| cell.call = value);
    each(&ACCOUNTS, |cell, value| cell.account = value);
    each(&OTHERS, |cell, value| cell.others = value);
    each(&LOGS, |cell, value| cell.log = value);
    cells
}
