-- A console's word about each session that it served, signed with a key that it showed once, at its first greeting.

ALTER TABLE console ADD COLUMN signing_key BLOB;
-- Of the last receipt that was heard; null before the first.
ALTER TABLE console ADD COLUMN receipt_number INTEGER;

CREATE TABLE receipt (
    tenant      TEXT NOT NULL,
    session     BLOB NOT NULL,
    console     BLOB NOT NULL,
    number      INTEGER NOT NULL,
    -- With the signature.
    signed      BLOB NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, session),
    FOREIGN KEY (tenant, session) REFERENCES session (tenant, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant, console) REFERENCES console (tenant, id)
) STRICT, WITHOUT ROWID;

-- However often a receipt comes, the session's end is confirmed once.
CREATE UNIQUE INDEX audit_session_confirmed ON audit_event (tenant, session) WHERE kind = 'session.end.confirmed';
