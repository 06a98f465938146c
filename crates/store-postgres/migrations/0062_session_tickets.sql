-- The tickets that a session may read, because a link opened them there that was mailed to their address. They stay those of the session that sent them.
CREATE TABLE session_tickets (
    -- The SHA-256 of the session.
    session   bytea NOT NULL,
    ticket    text COLLATE "C" NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
    opened_at timestamptz NOT NULL,
    PRIMARY KEY (session, ticket)
);

CREATE INDEX session_tickets_by_ticket ON session_tickets (ticket);
