-- What has become of questions, once a visit, week, question and kind; no word of what anybody wrote.
CREATE TABLE events (
    site     TEXT NOT NULL,
    week     TEXT NOT NULL,
    visit    TEXT NOT NULL,
    name     TEXT NOT NULL,
    kind     TEXT NOT NULL,
    question TEXT NOT NULL,
    PRIMARY KEY (site, week, visit, name, kind, question)
) STRICT, WITHOUT ROWID;

-- Who searched for what found nothing, both only as salted hashes.
CREATE TABLE unanswered_visitors (
    site    TEXT NOT NULL,
    week    TEXT NOT NULL,
    search  BLOB NOT NULL,
    visitor BLOB NOT NULL,
    PRIMARY KEY (site, week, search, visitor)
) STRICT, WITHOUT ROWID;

-- The words of such a search, once enough people have searched for it.
CREATE TABLE unanswered (
    site    TEXT NOT NULL,
    week    TEXT NOT NULL,
    search  BLOB NOT NULL,
    words   TEXT NOT NULL,
    last_at TEXT NOT NULL,
    PRIMARY KEY (site, week, search)
) STRICT, WITHOUT ROWID;

-- Without it the hashes could be guessed from a list of likely searches by whoever has only them.
CREATE TABLE salt (value BLOB NOT NULL) STRICT;
INSERT INTO salt (value) VALUES (randomblob(32));
