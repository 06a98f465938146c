-- What support has made of a ticket; what was sent stays as it was sent.
ALTER TABLE tickets ADD COLUMN topic TEXT NOT NULL DEFAULT '';
ALTER TABLE tickets ADD COLUMN severity TEXT NOT NULL DEFAULT 'low';
ALTER TABLE tickets ADD COLUMN owner TEXT;
ALTER TABLE tickets ADD COLUMN team TEXT NOT NULL DEFAULT '';
ALTER TABLE tickets ADD COLUMN assignee TEXT NOT NULL DEFAULT '';
ALTER TABLE tickets ADD COLUMN turn TEXT NOT NULL DEFAULT 'support';
ALTER TABLE tickets ADD COLUMN answered_at TEXT;
ALTER TABLE tickets ADD COLUMN updated_at TEXT NOT NULL DEFAULT '';
ALTER TABLE tickets ADD COLUMN read_until INTEGER NOT NULL DEFAULT 0;
-- What a ticket is found by: its people and words, folded.
ALTER TABLE tickets ADD COLUMN words TEXT NOT NULL DEFAULT '';

UPDATE tickets SET
    topic = coalesce(json_extract(ticket, '$.topic'), ''),
    severity = json_extract(ticket, '$.severity'),
    owner = json_extract(target, '$.owner'),
    updated_at = received_at,
    words = lower(reference || ' ' || json_extract(ticket, '$.message') || ' '
        || coalesce(json_extract(ticket, '$.contact.name'), '') || ' '
        || coalesce(json_extract(ticket, '$.contact.email'), '') || ' '
        || coalesce(json_extract(ticket, '$.context.user'), ''));

-- What was said after the ticket itself, which is number 0. Numbers are given out inside the write, so that nothing appears
-- before a number that somebody has read up to.
CREATE TABLE messages (
    ticket TEXT NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    author TEXT NOT NULL,
    name   TEXT NOT NULL,
    body   TEXT NOT NULL,
    at     TEXT NOT NULL,
    key    TEXT,
    sealed BLOB,
    PRIMARY KEY (ticket, number),
    UNIQUE (ticket, key)
) STRICT, WITHOUT ROWID;

-- What operators did and noted; no customer ever sees it.
CREATE TABLE deeds (
    ticket   TEXT NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
    number   INTEGER NOT NULL,
    operator TEXT NOT NULL,
    deed     TEXT NOT NULL,
    text     TEXT NOT NULL,
    at       TEXT NOT NULL,
    PRIMARY KEY (ticket, number)
) STRICT, WITHOUT ROWID;
