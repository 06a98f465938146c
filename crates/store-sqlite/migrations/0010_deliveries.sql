-- What is to be brought to a destination, and what has become of it: a ticket, something said about it, that it was solved or opened
-- again. What belongs to one ticket and destination goes in the order of its ids.
CREATE TABLE deliveries (
    id          INTEGER PRIMARY KEY,
    site        TEXT NOT NULL,
    destination TEXT NOT NULL,
    ticket      TEXT NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
    what        TEXT NOT NULL,
    -- The message, where it is one.
    number      INTEGER NOT NULL DEFAULT 0,
    state       TEXT NOT NULL DEFAULT 'waiting',
    created_at  TEXT NOT NULL,
    -- When it is tried next, or until when it is in somebody's hands.
    due_at      TEXT NOT NULL,
    -- When it was tried first; none until then.
    tried_at    TEXT,
    -- When it was delivered or given up; none while it waits.
    settled_at  TEXT,
    tries       INTEGER NOT NULL DEFAULT 0,
    -- How often it failed by itself, while others got through.
    failures    INTEGER NOT NULL DEFAULT 0,
    -- What the destination calls it.
    remote      TEXT NOT NULL DEFAULT '',
    -- Why it is not there, or what of it is not; a line each.
    told        TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX deliveries_waiting ON deliveries (site, destination, id) WHERE state = 'waiting';
CREATE INDEX deliveries_given_up ON deliveries (id) WHERE state = 'given_up';
CREATE INDEX deliveries_by_ticket ON deliveries (ticket, destination, id);

-- Where a ticket is at a destination from which answers come back.
CREATE TABLE places (
    ticket      TEXT NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
    site        TEXT NOT NULL,
    destination TEXT NOT NULL,
    -- What the destination calls the ticket, and whose it is there.
    remote      TEXT NOT NULL,
    requester   TEXT NOT NULL,
    -- When it is looked at next; none where nothing is expected.
    look_at     TEXT,
    PRIMARY KEY (ticket, destination)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX places_by_remote ON places (site, destination, remote);
CREATE INDEX places_to_look_at ON places (site, destination, look_at) WHERE look_at IS NOT NULL;

-- What a destination has told by itself: at least once, so that each is taken once.
CREATE TABLE invocations (
    site        TEXT NOT NULL,
    destination TEXT NOT NULL,
    id          TEXT NOT NULL,
    at          TEXT NOT NULL,
    PRIMARY KEY (site, destination, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX invocations_by_time ON invocations (site, destination, at);

-- Until when the changes of a destination are known.
CREATE TABLE polls (
    site        TEXT NOT NULL,
    destination TEXT NOT NULL,
    until       TEXT NOT NULL,
    PRIMARY KEY (site, destination)
) STRICT, WITHOUT ROWID;
