-- The tickets that a session may read, because a link opened them there that was mailed to their address. They stay those of the session that sent them.
CREATE TABLE session_tickets (
    -- The SHA-256 of the session.
    session   BLOB NOT NULL,
    ticket    TEXT NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
    opened_at TEXT NOT NULL,
    PRIMARY KEY (session, ticket)
) STRICT, WITHOUT ROWID;

CREATE INDEX session_tickets_by_ticket ON session_tickets (ticket);
