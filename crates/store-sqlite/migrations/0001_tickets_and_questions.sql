CREATE TABLE tickets (
    id          TEXT PRIMARY KEY,
    site        TEXT NOT NULL,
    reference   TEXT NOT NULL UNIQUE,
    status      TEXT NOT NULL,
    priority    TEXT,
    target      TEXT,
    due_at      TEXT,
    received_at TEXT NOT NULL,
    session     BLOB,
    ticket      TEXT NOT NULL
) STRICT;

CREATE INDEX tickets_by_time ON tickets (received_at DESC, id DESC);

-- What was sealed under an idempotency key: the same key belongs to the same bytes for good.
CREATE TABLE seals (
    site    TEXT NOT NULL,
    key     TEXT NOT NULL,
    body    BLOB NOT NULL,
    session BLOB,
    ticket  TEXT NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
    PRIMARY KEY (site, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE questions (
    site     TEXT NOT NULL,
    id       TEXT NOT NULL,
    hash     BLOB NOT NULL,
    question TEXT NOT NULL,
    PRIMARY KEY (site, id)
) STRICT;

-- Counts up whenever the questions of a site change, so that every gateway on this database sees it.
CREATE TABLE revisions (
    site     TEXT PRIMARY KEY,
    revision INTEGER NOT NULL
) STRICT;
