-- Who approved a console and when, and consoles that are set aside because their key seems to be in two places.

ALTER TABLE console ADD COLUMN approved_at INTEGER;
-- Null with a time: approved in advance, at the server's command line.
ALTER TABLE console ADD COLUMN approved_by BLOB;
ALTER TABLE console ADD COLUMN quarantined_at INTEGER;
UPDATE console SET approved_at = enrolled_at WHERE approved = 1;

DROP TRIGGER console_changed;
ALTER TABLE console DROP COLUMN approved;
CREATE TRIGGER console_changed AFTER UPDATE OF room, approved_at, quarantined_at, retired_at ON console BEGIN
    UPDATE tenant SET rooms_version = rooms_version + 1 WHERE id = NEW.tenant;
END;

-- A console that is not trusted any more ends its sessions, whoever changed it.
CREATE TRIGGER console_trust_changed AFTER UPDATE OF approved_at, quarantined_at, retired_at ON console BEGIN
    UPDATE tenant SET access_version = access_version + 1 WHERE id = NEW.tenant;
END;
