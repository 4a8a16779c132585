-- Each tenant's events are the leaves of a Merkle tree, and checkpoints say, signed, how the tree stood.

CREATE TABLE audit_log (
    tenant   TEXT PRIMARY KEY REFERENCES tenant (id),
    -- The log's name in its checkpoints.
    origin   TEXT NOT NULL UNIQUE,
    size     INTEGER NOT NULL,
    -- The hashes of the complete subtrees, from left to right; null until the events from before are leaves.
    frontier BLOB,
    -- The time of the last event.
    last_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO audit_log (tenant, origin, size, frontier, last_at)
    SELECT id, 'redring/' || id || '/' || lower(hex(randomblob(16))), 0, NULL, 0 FROM tenant;

-- Stays when the event is purged.
CREATE TABLE audit_leaf (
    tenant TEXT NOT NULL REFERENCES audit_log (tenant),
    seq    INTEGER NOT NULL,
    hash   BLOB NOT NULL,
    PRIMARY KEY (tenant, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_checkpoint (
    tenant TEXT NOT NULL REFERENCES audit_log (tenant),
    -- How many leaves it is about.
    size   INTEGER NOT NULL,
    note   TEXT NOT NULL,
    PRIMARY KEY (tenant, size)
) STRICT, WITHOUT ROWID;

-- The newest of a kind, without reading the log: there are few.
CREATE INDEX audit_purge ON audit_event (tenant, seq) WHERE kind = 'audit.purge';
