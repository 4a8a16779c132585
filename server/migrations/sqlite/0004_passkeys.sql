-- Passkeys of people, and whether an organisation asks for a fresh confirmation before what matters.

CREATE TABLE passkey (
    tenant        TEXT NOT NULL,
    id            BLOB NOT NULL,
    user          BLOB NOT NULL,
    name          TEXT NOT NULL,
    -- By this an authenticator names the key: unique over the installation, so that it leads to one account.
    credential_id BLOB NOT NULL UNIQUE,
    -- The public key with its counter, as JSON of the library that checks it.
    credential    TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    last_used_at  INTEGER,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, user) REFERENCES user (tenant, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX passkey_of_user ON passkey (tenant, user);

ALTER TABLE remote_access ADD COLUMN step_up INTEGER NOT NULL DEFAULT 0;
