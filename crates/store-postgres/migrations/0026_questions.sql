-- Every question has the revision of its site at which it was last written, so that an index reads only what has changed. What an unfinished
-- import writes has a revision that the site has not reached.
CREATE TABLE questions (
    site     text COLLATE "C" NOT NULL,
    id       text COLLATE "C" NOT NULL,
    source   text COLLATE "C" NOT NULL,
    -- The SHA-256 of its JSON.
    hash     bytea NOT NULL,
    revision bigint NOT NULL,
    -- JSON.
    question text NOT NULL,
    PRIMARY KEY (site, id)
);

CREATE INDEX questions_by_revision ON questions (site, revision, id);

-- Removed questions, until no index can still have them.
CREATE TABLE removed_questions (
    site       text COLLATE "C" NOT NULL,
    id         text COLLATE "C" NOT NULL,
    revision   bigint NOT NULL,
    removed_at timestamptz NOT NULL,
    PRIMARY KEY (site, id)
);

CREATE INDEX removed_questions_by_revision ON removed_questions (site, revision);

-- The revision of each site. Whatever writes questions of a site locks its row, so that a revision becomes visible only after everything that was
-- written under it.
CREATE TABLE question_revisions (
    site     text COLLATE "C" PRIMARY KEY,
    -- 0 until the first import finishes.
    revision bigint NOT NULL DEFAULT 0,
    -- An index that is older than this has to be rebuilt.
    oldest   bigint NOT NULL DEFAULT 0
);

-- Increases with the revision of every site, so that one row tells whether anything has changed.
CREATE TABLE question_changes (
    only_row bigint PRIMARY KEY CHECK (only_row = 1),
    count    bigint NOT NULL
);

INSERT INTO question_changes VALUES (1, 1);

-- Imports by source: when the last one succeeded, who runs one and until when nobody else may, how many attempts have failed since, when the next
-- one is due after a failure, and the marker by which the source can be asked for changes only (JSON).
CREATE TABLE imports (
    site        text COLLATE "C" NOT NULL,
    source      text COLLATE "C" NOT NULL,
    imported_at timestamptz,
    holder      text COLLATE "C",
    lease_until timestamptz,
    failures    bigint NOT NULL DEFAULT 0,
    retry_at    timestamptz,
    progress    text NOT NULL DEFAULT '',
    PRIMARY KEY (site, source)
);
