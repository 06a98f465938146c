-- Where a question came from. What was there before this was known belongs to whoever brings it next.
ALTER TABLE questions ADD COLUMN source TEXT NOT NULL DEFAULT '';

UPDATE questions SET source = 'demo' WHERE site = 'demo';

-- When a source was last imported, RFC 3339 in UTC.
CREATE TABLE sources (
    site        TEXT NOT NULL,
    source      TEXT NOT NULL,
    imported_at TEXT NOT NULL,
    PRIMARY KEY (site, source)
) STRICT, WITHOUT ROWID;
