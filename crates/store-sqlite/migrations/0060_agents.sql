-- Agents who have logged in, with what their latest login said of them. Their sessions and the audit log refer to them.
CREATE TABLE agents (
    id           TEXT PRIMARY KEY,
    name         TEXT NOT NULL,
    -- The roles and their sites, as JSON.
    grants       TEXT NOT NULL,
    logged_in_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Sessions end with this migration: they had neither an agent nor roles.
DROP TABLE operators;

CREATE TABLE agent_sessions (
    -- Never given twice, so that an old form ends no other session.
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    -- The SHA-256 of the session's secret.
    digest     BLOB NOT NULL UNIQUE,
    agent      TEXT NOT NULL REFERENCES agents (id),
    method     TEXT NOT NULL,
    -- A digest of what the login depends on.
    credential BLOB NOT NULL,
    address    TEXT NOT NULL,
    browser    TEXT NOT NULL,
    created_at TEXT NOT NULL,
    seen_at    TEXT NOT NULL,
    expires_at TEXT NOT NULL
) STRICT;
CREATE INDEX agent_sessions_of_agent ON agent_sessions (agent, id);
CREATE INDEX agent_sessions_expiring ON agent_sessions (expires_at);

CREATE TABLE audit_log (
    number  INTEGER PRIMARY KEY AUTOINCREMENT,
    at      TEXT NOT NULL,
    -- Not a reference: an entry outlives everything that it mentions.
    agent   TEXT NOT NULL,
    name    TEXT NOT NULL,
    address TEXT NOT NULL,
    kind    TEXT NOT NULL,
    site    TEXT NOT NULL,
    ticket  TEXT NOT NULL,
    detail  TEXT NOT NULL
) STRICT;
CREATE INDEX audit_log_of_agent ON audit_log (agent, number);
CREATE INDEX audit_log_by_time ON audit_log (at);
