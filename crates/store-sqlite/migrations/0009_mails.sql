-- The receipts that are sent by e-mail. Of one that is done its address is kept for a day, so that nobody is written to too often.
CREATE TABLE mails (
    ticket     TEXT PRIMARY KEY REFERENCES tickets (id) ON DELETE CASCADE,
    site       TEXT NOT NULL,
    address    TEXT NOT NULL,
    -- The address as it is counted; none where it is signed.
    counted    TEXT,
    created_at TEXT NOT NULL,
    tries      INTEGER NOT NULL DEFAULT 0,
    -- When it is tried next; none where nothing more is done about it.
    due_at     TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX mails_due ON mails (site, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX mails_counted ON mails (counted, created_at) WHERE counted IS NOT NULL;
