-- Bytes and files that were taken in on a day (UTC): by site (its name), and by network address (a keyed hash that is another each
-- day, so that two days of one address cannot be told to be the same).
CREATE TABLE upload_usage (
    day   TEXT NOT NULL,
    scope TEXT NOT NULL,
    key   BLOB NOT NULL,
    bytes INTEGER NOT NULL,
    files INTEGER NOT NULL,
    PRIMARY KEY (day, scope, key)
) STRICT, WITHOUT ROWID;

-- Whether a file may still carry metadata such as a location. Files of these types were kept as they came until here.
ALTER TABLE attachments ADD COLUMN metadata INTEGER NOT NULL DEFAULT 0;
UPDATE attachments SET metadata = 1
    WHERE type IN ('image/gif', 'application/pdf', 'video/mp4', 'video/webm', 'application/zip');

CREATE INDEX attachments_unsent ON attachments (site, session) WHERE ticket IS NULL;
CREATE INDEX attachments_unsent_by_person ON attachments (site, person) WHERE ticket IS NULL AND person IS NOT NULL;
CREATE INDEX attachments_by_file ON attachments (file);

-- Files whose rows are gone and whose bytes are still to be removed. Written in the transaction that deletes the row, whatever
-- deletes it, so that no crash leaves bytes behind that nothing names.
CREATE TABLE removed_files (file TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

CREATE TRIGGER attachments_removed AFTER DELETE ON attachments BEGIN
    INSERT OR IGNORE INTO removed_files (file) VALUES (old.file);
END;

-- The SHA-256 of idempotency keys whose tickets were erased: a submission that is sent again must not bring its ticket back.
CREATE TABLE erased_submissions (
    site      TEXT NOT NULL,
    key       BLOB NOT NULL,
    erased_at TEXT NOT NULL,
    PRIMARY KEY (site, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX erased_submissions_by_time ON erased_submissions (erased_at);

-- What retention looks for.
CREATE INDEX tickets_solved ON tickets (site, updated_at) WHERE status = 'solved';

-- Without it, deleting a ticket would read all seals.
CREATE INDEX seals_by_ticket ON seals (ticket);
