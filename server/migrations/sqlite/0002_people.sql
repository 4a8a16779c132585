-- Groups of users, invitations, and roles and assignments that the portal makes, changes and removes: random ids, names,
-- descriptions and versions.

-- Grows with every change of who may do what (triggers below): sessions are checked again when it has grown.
ALTER TABLE tenant ADD COLUMN access_version INTEGER NOT NULL DEFAULT 0;

-- What lists sort and search by: the name in lower case.
ALTER TABLE user ADD COLUMN name_key TEXT NOT NULL DEFAULT '';
ALTER TABLE user ADD COLUMN last_login_at INTEGER;
ALTER TABLE user ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
UPDATE user SET name_key = lower(name);
CREATE INDEX user_name ON user (tenant, name_key, email_key);

-- A one-time link with which a person sets a password. A new one replaces the one before.
CREATE TABLE invitation (
    tenant     TEXT NOT NULL,
    user       BLOB NOT NULL,
    token_hash BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, user),
    FOREIGN KEY (tenant, user) REFERENCES user (tenant, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE user_group (
    tenant      TEXT NOT NULL REFERENCES tenant (id),
    id          BLOB NOT NULL,
    name        TEXT NOT NULL,
    name_key    TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    version     INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, name_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE user_group_member (
    tenant     TEXT NOT NULL,
    user_group BLOB NOT NULL,
    user       BLOB NOT NULL,
    PRIMARY KEY (tenant, user, user_group),
    FOREIGN KEY (tenant, user_group) REFERENCES user_group (tenant, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant, user) REFERENCES user (tenant, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX user_group_member_of ON user_group_member (tenant, user_group, user);

-- Roles and assignments are numbered over all tenants so far; from now on their ids tell nothing about other tenants.
ALTER TABLE role RENAME TO old_role;
ALTER TABLE role_permission RENAME TO old_role_permission;
ALTER TABLE assignment RENAME TO old_assignment;
ALTER TABLE assignment_member RENAME TO old_assignment_member;
ALTER TABLE assignment_scope RENAME TO old_assignment_scope;

ALTER TABLE old_role ADD COLUMN new_id BLOB;
ALTER TABLE old_assignment ADD COLUMN new_id BLOB;
UPDATE old_role SET new_id = randomblob(16);
UPDATE old_assignment SET new_id = randomblob(16);

CREATE TABLE role (
    tenant      TEXT NOT NULL REFERENCES tenant (id),
    id          BLOB NOT NULL,
    name        TEXT NOT NULL,
    name_key    TEXT NOT NULL,
    description TEXT NOT NULL,
    built_in    TEXT,
    version     INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, name_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE role_permission (
    tenant     TEXT NOT NULL,
    role       BLOB NOT NULL,
    permission TEXT NOT NULL,
    PRIMARY KEY (tenant, role, permission),
    FOREIGN KEY (tenant, role) REFERENCES role (tenant, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE assignment (
    tenant      TEXT NOT NULL,
    id          BLOB NOT NULL,
    role        BLOB NOT NULL,
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    everywhere  INTEGER NOT NULL,
    -- Who made it or changed it last; null is somebody at the server's command line.
    made_by     BLOB,
    made_at     INTEGER NOT NULL,
    version     INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, role) REFERENCES role (tenant, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant, made_by) REFERENCES user (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX assignment_role ON assignment (tenant, role);

CREATE TABLE assignment_user (
    tenant     TEXT NOT NULL,
    assignment BLOB NOT NULL,
    user       BLOB NOT NULL,
    PRIMARY KEY (tenant, user, assignment),
    FOREIGN KEY (tenant, assignment) REFERENCES assignment (tenant, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant, user) REFERENCES user (tenant, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX assignment_user_of ON assignment_user (tenant, assignment);

CREATE TABLE assignment_group (
    tenant     TEXT NOT NULL,
    assignment BLOB NOT NULL,
    user_group BLOB NOT NULL,
    PRIMARY KEY (tenant, user_group, assignment),
    FOREIGN KEY (tenant, assignment) REFERENCES assignment (tenant, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant, user_group) REFERENCES user_group (tenant, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX assignment_group_of ON assignment_group (tenant, assignment);

-- What an assignment covers: a room (its id), a room group (its name) or a place (its path).
CREATE TABLE assignment_scope (
    tenant     TEXT NOT NULL,
    assignment BLOB NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('room', 'room_group', 'place')),
    value      TEXT NOT NULL,
    PRIMARY KEY (tenant, assignment, kind, value),
    FOREIGN KEY (tenant, assignment) REFERENCES assignment (tenant, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

INSERT INTO role (tenant, id, name, name_key, description, built_in)
    SELECT tenant, new_id, name, lower(name), '', built_in FROM old_role;
INSERT INTO role_permission (tenant, role, permission)
    SELECT old_role.tenant, new_id, permission FROM old_role_permission
    JOIN old_role ON old_role.tenant = old_role_permission.tenant AND old_role.id = old_role_permission.role;
INSERT INTO assignment (tenant, id, role, name, description, everywhere, made_at)
    SELECT old_assignment.tenant, old_assignment.new_id, old_role.new_id, old_role.name, '', everywhere, created_at
    FROM old_assignment JOIN old_role ON old_role.tenant = old_assignment.tenant AND old_role.id = old_assignment.role;
INSERT INTO assignment_user (tenant, assignment, user)
    SELECT old_assignment.tenant, new_id, user FROM old_assignment_member JOIN old_assignment
    ON old_assignment.tenant = old_assignment_member.tenant AND old_assignment.id = old_assignment_member.assignment;
INSERT INTO assignment_scope (tenant, assignment, kind, value)
    SELECT old_assignment.tenant, new_id, iif(kind = 'group', 'room_group', kind), value FROM old_assignment_scope
    JOIN old_assignment
    ON old_assignment.tenant = old_assignment_scope.tenant AND old_assignment.id = old_assignment_scope.assignment;

DROP TABLE old_assignment_scope;
DROP TABLE old_assignment_member;
DROP TABLE old_assignment;
DROP TABLE old_role_permission;
DROP TABLE old_role;

CREATE TRIGGER remote_access_switched AFTER UPDATE OF enabled ON remote_access BEGIN
    UPDATE tenant SET access_version = access_version + 1 WHERE id = NEW.tenant;
END;
CREATE TRIGGER user_disabled AFTER UPDATE OF disabled ON user BEGIN
    UPDATE tenant SET access_version = access_version + 1 WHERE id = NEW.tenant;
END;
CREATE TRIGGER role_permission_added AFTER INSERT ON role_permission BEGIN
    UPDATE tenant SET access_version = access_version + 1 WHERE id = NEW.tenant;
END;
CREATE TRIGGER role_permission_removed AFTER DELETE ON role_permission BEGIN
    UPDATE tenant SET access_version = access_version + 1 WHERE id = OLD.tenant;
END;
CREATE TRIGGER assignment_changed AFTER UPDATE ON assignment BEGIN
    UPDATE tenant SET access_version = access_version + 1 WHERE id = NEW.tenant;
END;
CREATE TRIGGER assignment_removed AFTER DELETE ON assignment BEGIN
    UPDATE tenant SET access_version = access_version + 1 WHERE id = OLD.tenant;
END;
CREATE TRIGGER assignment_user_added AFTER INSERT ON assignment_user BEGIN
    UPDATE tenant SET access_version = access_version + 1 WHERE id = NEW.tenant;
END;
CREATE TRIGGER assignment_user_removed AFTER DELETE ON assignment_user BEGIN
    UPDATE tenant SET access_version = access_version + 1 WHERE id = OLD.tenant;
END;
CREATE TRIGGER assignment_group_added AFTER INSERT ON assignment_group BEGIN
    UPDATE tenant SET access_version = access_version + 1 WHERE id = NEW.tenant;
END;
CREATE TRIGGER assignment_group_removed AFTER DELETE ON assignment_group BEGIN
    UPDATE tenant SET access_version = access_version + 1 WHERE id = OLD.tenant;
END;
CREATE TRIGGER assignment_scope_removed AFTER DELETE ON assignment_scope BEGIN
    UPDATE tenant SET access_version = access_version + 1 WHERE id = OLD.tenant;
END;
CREATE TRIGGER user_group_member_added AFTER INSERT ON user_group_member BEGIN
    UPDATE tenant SET access_version = access_version + 1 WHERE id = NEW.tenant;
END;
CREATE TRIGGER user_group_member_removed AFTER DELETE ON user_group_member BEGIN
    UPDATE tenant SET access_version = access_version + 1 WHERE id = OLD.tenant;
END;
