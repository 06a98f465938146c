-- What visits came to, by week and kind. A visit counts in each column once.
CREATE TABLE visit_counts (
    site      TEXT NOT NULL,
    week      TEXT NOT NULL,
    kind      TEXT NOT NULL,
    shown     INTEGER NOT NULL,
    opened    INTEGER NOT NULL,
    solved    INTEGER NOT NULL,
    sent      INTEGER NOT NULL,
    deflected INTEGER NOT NULL,
    PRIMARY KEY (site, week, kind)
) STRICT, WITHOUT ROWID;

CREATE INDEX visit_counts_by_week ON visit_counts (week);

-- In how many visits a question of the site was opened, solved the matter, or was of no use.
CREATE TABLE question_counts (
    site      TEXT NOT NULL,
    week      TEXT NOT NULL,
    question  TEXT NOT NULL,
    opened    INTEGER NOT NULL,
    solved    INTEGER NOT NULL,
    unhelpful INTEGER NOT NULL,
    PRIMARY KEY (site, week, question)
) STRICT, WITHOUT ROWID;

CREATE INDEX question_counts_by_week ON question_counts (week);

-- What is known of the visits of this week and the last one, so that each counts once; older ones are only in the counters.
CREATE TABLE visits (
    week      TEXT NOT NULL,
    site      TEXT NOT NULL,
    visit     TEXT NOT NULL,
    kind      TEXT NOT NULL,
    -- Bits: 1 shown, 2 opened, 4 solved, 8 unhelpful, 16 sent.
    steps     INTEGER NOT NULL,
    -- The same bits by question: {"ID": 6}.
    questions TEXT NOT NULL,
    PRIMARY KEY (week, site, visit)
) STRICT, WITHOUT ROWID;

-- How many rows a site has in visits and in search_misses, which are bounded.
CREATE TABLE week_sizes (
    week          TEXT NOT NULL,
    site          TEXT NOT NULL,
    visits        INTEGER NOT NULL DEFAULT 0,
    search_misses INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (week, site)
) STRICT, WITHOUT ROWID;

INSERT INTO visits (week, site, visit, kind, steps, questions)
SELECT week, site, visit,
    -- The ticket's kind, or else the kind of what was written last.
    coalesce(min(CASE WHEN name = 'sent' THEN kind END),
        substr(max(name || ' ' || kind), instr(max(name || ' ' || kind), ' ') + 1)),
    max(name = 'shown') + 2 * max(name = 'opened') + 4 * max(name = 'solved') + 8 * max(name = 'unhelpful')
        + 16 * max(name = 'sent'),
    '{}'
FROM events GROUP BY week, site, visit;

INSERT INTO visit_counts (site, week, kind, shown, opened, solved, sent, deflected)
SELECT site, week, kind, sum(steps & 15 > 0), sum(steps & 14 > 0), sum(steps & 4 > 0), sum(steps & 16 > 0),
    sum(steps & 14 > 0 AND steps & 16 = 0)
FROM visits GROUP BY site, week, kind;

INSERT INTO question_counts (site, week, question, opened, solved, unhelpful)
SELECT site, week, question, count(DISTINCT CASE WHEN name = 'opened' THEN visit END),
    count(DISTINCT CASE WHEN name = 'solved' THEN visit END),
    count(DISTINCT CASE WHEN name = 'unhelpful' THEN visit END)
FROM events WHERE question <> '' AND name IN ('opened', 'solved', 'unhelpful')
    AND EXISTS (SELECT 1 FROM questions WHERE questions.site = events.site AND questions.id = events.question)
GROUP BY site, week, question;

DELETE FROM visits WHERE week < date('now', '-14 days');

UPDATE visits SET questions = coalesce((
    SELECT json_group_object(question, bits) FROM (
        SELECT question, 2 * max(name = 'opened') + 4 * max(name = 'solved') + 8 * max(name = 'unhelpful') AS bits
        FROM events
        WHERE events.site = visits.site AND events.week = visits.week AND events.visit = visits.visit
            AND question <> '' AND name IN ('opened', 'solved', 'unhelpful')
        GROUP BY question)), '{}');

DROP TABLE events;

-- A search that found nothing: a salted hash of its words, from how many networks or signed people it came, and the words once
-- these are enough.
CREATE TABLE search_misses (
    week    TEXT NOT NULL,
    site    TEXT NOT NULL,
    search  BLOB NOT NULL,
    people  INTEGER NOT NULL,
    words   TEXT,
    last_at TEXT NOT NULL,
    PRIMARY KEY (week, site, search)
) STRICT, WITHOUT ROWID;

CREATE INDEX search_misses_shown ON search_misses (site, week) WHERE words IS NOT NULL;

-- Who searched for it, as a salted hash that is another one every week; of this week and the last one.
CREATE TABLE searchers (
    week   TEXT NOT NULL,
    site   TEXT NOT NULL,
    search BLOB NOT NULL,
    who    BLOB NOT NULL,
    PRIMARY KEY (week, site, search, who)
) STRICT, WITHOUT ROWID;

INSERT INTO search_misses (week, site, search, people, words, last_at)
SELECT week, site, search, count(*), words, coalesce(last_at, week)
FROM unanswered_visitors LEFT JOIN unanswered USING (site, week, search) GROUP BY week, site, search;

DROP TABLE unanswered_visitors;
DROP TABLE unanswered;

INSERT INTO week_sizes (week, site, visits, search_misses)
SELECT week, site, sum(visits), sum(search_misses) FROM (
    SELECT week, site, count(*) AS visits, 0 AS search_misses FROM visits GROUP BY week, site
    UNION ALL SELECT week, site, 0, count(*) FROM search_misses GROUP BY week, site)
GROUP BY week, site;

-- How many have what is broken. Who they are was a hash without a salt, and is forgotten.
CREATE TABLE incident_counts (
    site     TEXT NOT NULL,
    incident TEXT NOT NULL,
    people   INTEGER NOT NULL,
    last_at  TEXT NOT NULL,
    PRIMARY KEY (site, incident)
) STRICT, WITHOUT ROWID;

CREATE INDEX incident_counts_by_time ON incident_counts (last_at);

INSERT INTO incident_counts (site, incident, people, last_at)
SELECT site, incident, count(*), max(at) FROM affected GROUP BY site, incident;

DELETE FROM affected;
CREATE INDEX affected_by_time ON affected (at);

-- Every question has the revision of its site at which it was written last, so that an index reads only what has changed. What is
-- written by an import that is not done yet has a revision that the site has not reached.
CREATE TABLE questions_of_sites (
    site     TEXT NOT NULL,
    id       TEXT NOT NULL,
    source   TEXT NOT NULL,
    hash     BLOB NOT NULL,
    revision INTEGER NOT NULL,
    question TEXT NOT NULL,
    PRIMARY KEY (site, id)
) STRICT;

INSERT INTO questions_of_sites (site, id, source, hash, revision, question)
SELECT site, id, source, hash, coalesce((SELECT revision FROM revisions WHERE revisions.site = questions.site), 0), question
FROM questions;

DROP TABLE questions;
ALTER TABLE questions_of_sites RENAME TO questions;

CREATE INDEX questions_by_revision ON questions (site, revision, id);

-- Questions that are gone, until no index can still have them.
CREATE TABLE removed_questions (
    site       TEXT NOT NULL,
    id         TEXT NOT NULL,
    revision   INTEGER NOT NULL,
    removed_at TEXT NOT NULL,
    PRIMARY KEY (site, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX removed_questions_by_revision ON removed_questions (site, revision);

-- An index that is older than this cannot be brought up to date by what has changed.
ALTER TABLE revisions ADD COLUMN oldest INTEGER NOT NULL DEFAULT 0;

-- Counts up with the revision of every site, so that one row tells whether anything has changed.
CREATE TABLE question_changes (
    only  INTEGER PRIMARY KEY CHECK (only = 1),
    count INTEGER NOT NULL
) STRICT;

INSERT INTO question_changes (only, count) VALUES (1, 1);

-- The imports that the configuration plans: who runs one and until when that counts, how often it failed in a row, when it is
-- tried again, and what the source said by which it can be asked for changes only (JSON).
CREATE TABLE import_runs (
    site        TEXT NOT NULL,
    source      TEXT NOT NULL,
    holder      TEXT NOT NULL DEFAULT '',
    lease_until TEXT NOT NULL DEFAULT '',
    failures    INTEGER NOT NULL DEFAULT 0,
    retry_at    TEXT NOT NULL DEFAULT '',
    progress    TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (site, source)
) STRICT, WITHOUT ROWID;
