-- Every table of a tenant's data has the tenant in its primary key, and every foreign key carries it along: a row of
-- one tenant cannot point at a row of another.

CREATE TABLE fact (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE setup_link (
    token_hash BLOB PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tenant (
    id            TEXT PRIMARY KEY,
    name          TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    -- Grows with every change of rooms, groups and consoles (triggers below).
    rooms_version INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE remote_access (
    tenant            TEXT PRIMARY KEY REFERENCES tenant (id),
    enabled           INTEGER NOT NULL,
    acknowledged_by   TEXT,
    call_policy       TEXT NOT NULL,
    view_shortcuts    TEXT NOT NULL,
    idle_limit_s      INTEGER NOT NULL,
    maximum_s         INTEGER NOT NULL,
    decline_within_s  INTEGER,
    room_may_end      INTEGER NOT NULL,
    retention_days    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE user (
    tenant        TEXT NOT NULL REFERENCES tenant (id),
    id            BLOB NOT NULL,
    -- As typed, and as compared: unique over the installation.
    email         TEXT NOT NULL,
    email_key     TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    password_hash TEXT,
    disabled      INTEGER NOT NULL DEFAULT 0,
    created_at    INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE login (
    key            BLOB PRIMARY KEY,
    tenant         TEXT NOT NULL,
    user           BLOB NOT NULL,
    created_at     INTEGER NOT NULL,
    last_active_at INTEGER NOT NULL,
    FOREIGN KEY (tenant, user) REFERENCES user (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX login_user ON login (tenant, user);
CREATE INDEX login_active ON login (last_active_at);

CREATE TABLE role (
    id       INTEGER PRIMARY KEY,
    tenant   TEXT NOT NULL REFERENCES tenant (id),
    name     TEXT NOT NULL,
    built_in TEXT,
    UNIQUE (tenant, name),
    UNIQUE (tenant, id)
) STRICT;

CREATE TABLE role_permission (
    tenant     TEXT NOT NULL,
    role       INTEGER NOT NULL,
    permission TEXT NOT NULL,
    PRIMARY KEY (tenant, role, permission),
    FOREIGN KEY (tenant, role) REFERENCES role (tenant, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE assignment (
    id         INTEGER PRIMARY KEY,
    tenant     TEXT NOT NULL,
    role       INTEGER NOT NULL,
    everywhere INTEGER NOT NULL,
    -- Role, members and scope in one text, so that the same assignment is not made twice.
    content    TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (tenant, id),
    UNIQUE (tenant, content),
    FOREIGN KEY (tenant, role) REFERENCES role (tenant, id)
) STRICT;

CREATE TABLE assignment_member (
    tenant     TEXT NOT NULL,
    assignment INTEGER NOT NULL,
    user       BLOB NOT NULL,
    PRIMARY KEY (tenant, user, assignment),
    FOREIGN KEY (tenant, assignment) REFERENCES assignment (tenant, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant, user) REFERENCES user (tenant, id)
) STRICT, WITHOUT ROWID;

-- What an assignment covers: a room (its id), a group (its name) or a place (its path).
CREATE TABLE assignment_scope (
    tenant     TEXT NOT NULL,
    assignment INTEGER NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('room', 'group', 'place')),
    value      TEXT NOT NULL,
    PRIMARY KEY (tenant, assignment, kind, value),
    FOREIGN KEY (tenant, assignment) REFERENCES assignment (tenant, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE room (
    tenant           TEXT NOT NULL REFERENCES tenant (id),
    id               TEXT NOT NULL,
    name             TEXT NOT NULL,
    place            TEXT NOT NULL,
    suppressed_since INTEGER,
    created_at       INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE room_group_room (
    tenant TEXT NOT NULL,
    name   TEXT NOT NULL,
    room   TEXT NOT NULL,
    PRIMARY KEY (tenant, room, name),
    FOREIGN KEY (tenant, room) REFERENCES room (tenant, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE console (
    tenant       TEXT NOT NULL,
    id           BLOB NOT NULL,
    room         TEXT NOT NULL,
    key          BLOB NOT NULL,
    approved     INTEGER NOT NULL,
    enrolled_at  INTEGER NOT NULL,
    last_seen_at INTEGER,
    info         TEXT NOT NULL,
    -- Replaced by another console or revoked: kept for the records.
    retired_at   INTEGER,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, room) REFERENCES room (tenant, id)
) STRICT, WITHOUT ROWID;

-- A room has one console, and a key names one console of the installation.
CREATE UNIQUE INDEX console_room ON console (tenant, room) WHERE retired_at IS NULL;
CREATE UNIQUE INDEX console_key ON console (key) WHERE retired_at IS NULL;

CREATE TABLE enrolment_secret (
    tenant       TEXT NOT NULL,
    room         TEXT NOT NULL,
    id           BLOB NOT NULL,
    pre_approved INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    PRIMARY KEY (tenant, room),
    FOREIGN KEY (tenant, room) REFERENCES room (tenant, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
    tenant         TEXT NOT NULL,
    id             BLOB NOT NULL,
    room           TEXT NOT NULL,
    console        BLOB NOT NULL,
    user           BLOB NOT NULL,
    user_name      TEXT NOT NULL,
    login          BLOB NOT NULL,
    access         TEXT NOT NULL,
    started_at     INTEGER NOT NULL,
    start_seq      INTEGER NOT NULL,
    last_seen_at   INTEGER NOT NULL,
    restart_on_end INTEGER NOT NULL DEFAULT 1,
    ended_at       INTEGER,
    end_reason     TEXT,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, room) REFERENCES room (tenant, id),
    FOREIGN KEY (tenant, console) REFERENCES console (tenant, id),
    FOREIGN KEY (tenant, user) REFERENCES user (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX session_open ON session (last_seen_at) WHERE ended_at IS NULL;
CREATE INDEX session_room ON session (tenant, room, started_at);

CREATE TABLE audit_event (
    tenant  TEXT NOT NULL REFERENCES tenant (id),
    seq     INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    kind    TEXT NOT NULL,
    session BLOB,
    room    TEXT,
    salt    BLOB NOT NULL,
    body    TEXT NOT NULL,
    PRIMARY KEY (tenant, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX audit_event_at ON audit_event (tenant, at);
-- A session has one start and one end, whatever happens.
CREATE UNIQUE INDEX audit_session_start ON audit_event (tenant, session) WHERE kind = 'session.start';
CREATE UNIQUE INDEX audit_session_end ON audit_event (tenant, session) WHERE kind = 'session.end';

CREATE TRIGGER room_added AFTER INSERT ON room BEGIN
    UPDATE tenant SET rooms_version = rooms_version + 1 WHERE id = NEW.tenant;
END;
CREATE TRIGGER room_changed AFTER UPDATE ON room BEGIN
    UPDATE tenant SET rooms_version = rooms_version + 1 WHERE id = NEW.tenant;
END;
CREATE TRIGGER room_removed AFTER DELETE ON room BEGIN
    UPDATE tenant SET rooms_version = rooms_version + 1 WHERE id = OLD.tenant;
END;
CREATE TRIGGER room_group_room_added AFTER INSERT ON room_group_room BEGIN
    UPDATE tenant SET rooms_version = rooms_version + 1 WHERE id = NEW.tenant;
END;
CREATE TRIGGER room_group_room_removed AFTER DELETE ON room_group_room BEGIN
    UPDATE tenant SET rooms_version = rooms_version + 1 WHERE id = OLD.tenant;
END;
CREATE TRIGGER console_added AFTER INSERT ON console BEGIN
    UPDATE tenant SET rooms_version = rooms_version + 1 WHERE id = NEW.tenant;
END;
CREATE TRIGGER console_changed AFTER UPDATE OF room, approved, retired_at ON console BEGIN
    UPDATE tenant SET rooms_version = rooms_version + 1 WHERE id = NEW.tenant;
END;
