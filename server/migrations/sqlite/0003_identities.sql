-- Whom identity providers name, and which of their answers were used up.

-- An account has one identity, and an identity one account of the tenant. Neither the provider's id in the configuration
-- nor an e-mail address is part of it: both may change without another person coming in.
CREATE TABLE user_identity (
    tenant    TEXT NOT NULL,
    issuer    TEXT NOT NULL,
    subject   TEXT NOT NULL,
    user      BLOB NOT NULL,
    linked_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, issuer, subject),
    UNIQUE (tenant, user),
    FOREIGN KEY (tenant, user) REFERENCES user (tenant, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Kept beside the account, because it says whether somebody has a way to sign in.
ALTER TABLE user ADD COLUMN has_identity INTEGER NOT NULL DEFAULT 0;
CREATE TRIGGER user_identity_added AFTER INSERT ON user_identity BEGIN
    UPDATE user SET has_identity = 1 WHERE tenant = NEW.tenant AND id = NEW.user;
END;
CREATE TRIGGER user_identity_removed AFTER DELETE ON user_identity BEGIN
    UPDATE user SET has_identity = 0 WHERE tenant = OLD.tenant AND id = OLD.user;
END;

-- Sign-ins that somebody completed, until their browser's half of them runs out: none is completed twice, on whichever
-- server. Only a sign-in that the provider confirmed is written down, so strangers cannot fill this.
CREATE TABLE spent_sign_in (
    state_hash BLOB PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX spent_sign_in_expiry ON spent_sign_in (expires_at);
