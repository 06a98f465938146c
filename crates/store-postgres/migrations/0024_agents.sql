-- Agents who have logged in, with the name and roles of their latest login.
CREATE TABLE agents (
    id           text COLLATE "C" PRIMARY KEY,
    name         text NOT NULL,
    -- The roles and their sites, as JSON.
    grants       text NOT NULL,
    logged_in_at timestamptz NOT NULL
);

-- Agents are deleted when nothing refers to them any more.
CREATE INDEX agents_by_login ON agents (logged_in_at);

CREATE TABLE agent_sessions (
    -- Never given twice, so that an old form ends no other session.
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The SHA-256 of the session's secret.
    digest     bytea NOT NULL UNIQUE,
    agent      text COLLATE "C" NOT NULL REFERENCES agents (id),
    method     text NOT NULL,
    -- A digest of what the login depends on.
    credential bytea NOT NULL,
    address    text NOT NULL,
    browser    text NOT NULL,
    created_at timestamptz NOT NULL,
    seen_at    timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);

CREATE INDEX agent_sessions_of_agent ON agent_sessions (agent, id);
CREATE INDEX agent_sessions_expiring ON agent_sessions (expires_at);

CREATE TABLE audit_log (
    number  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      timestamptz NOT NULL,
    -- Not a reference: an entry outlives everything that it mentions.
    agent   text COLLATE "C" NOT NULL,
    name    text NOT NULL,
    address text NOT NULL,
    kind    text COLLATE "C" NOT NULL,
    site    text COLLATE "C" NOT NULL,
    ticket  text COLLATE "C" NOT NULL,
    detail  text NOT NULL,
    -- How often it was repeated within an hour: reads of a sensitive ticket, and refused logins.
    count   bigint NOT NULL DEFAULT 1
);

CREATE INDEX audit_log_of_agent ON audit_log (agent, number);
CREATE INDEX audit_log_by_time ON audit_log (at);
CREATE INDEX audit_log_repeated ON audit_log (agent, kind, ticket, at) WHERE kind IN ('ticket_read', 'login_refused');
