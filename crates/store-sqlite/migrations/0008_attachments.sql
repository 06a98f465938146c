-- Files that go along with tickets and replies. Their bytes lie in a folder under the name that stands in file; what lies there
-- and stands in no row is removed.
CREATE TABLE attachments (
    site    TEXT NOT NULL,
    id      TEXT NOT NULL,
    person  TEXT,
    session BLOB,
    name    TEXT NOT NULL,
    type    TEXT NOT NULL,
    size    INTEGER NOT NULL,
    file    TEXT NOT NULL,
    put_at  TEXT NOT NULL,
    -- The message that it goes along with, and its place among those that do; none until it is sent.
    ticket  TEXT REFERENCES tickets (id) ON DELETE CASCADE,
    number  INTEGER,
    place   INTEGER,
    PRIMARY KEY (site, id)
) STRICT;

CREATE INDEX attachments_by_ticket ON attachments (ticket, number, place) WHERE ticket IS NOT NULL;
CREATE INDEX attachments_by_time ON attachments (put_at) WHERE ticket IS NULL;
CREATE INDEX attachments_by_session ON attachments (site, session) WHERE session IS NOT NULL;

-- What the gateway signs with.
CREATE TABLE signing (
    what TEXT PRIMARY KEY,
    key  BLOB NOT NULL
) STRICT;

INSERT INTO signing (what, key) VALUES ('attachments', randomblob(32));
