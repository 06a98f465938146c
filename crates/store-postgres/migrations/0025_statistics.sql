-- The visits of a week and kind. A visit counts in each column once.
CREATE TABLE visit_counts (
    site      text COLLATE "C" NOT NULL,
    week      text COLLATE "C" NOT NULL,
    kind      text COLLATE "C" NOT NULL,
    shown     bigint NOT NULL,
    opened    bigint NOT NULL,
    solved    bigint NOT NULL,
    sent      bigint NOT NULL,
    deflected bigint NOT NULL,
    PRIMARY KEY (site, week, kind)
);

CREATE INDEX visit_counts_by_week ON visit_counts (week);

-- In how many visits a question of the site was opened, solved the problem, or was unhelpful.
CREATE TABLE question_counts (
    site      text COLLATE "C" NOT NULL,
    week      text COLLATE "C" NOT NULL,
    question  text COLLATE "C" NOT NULL,
    opened    bigint NOT NULL,
    solved    bigint NOT NULL,
    unhelpful bigint NOT NULL,
    PRIMARY KEY (site, week, question)
);

CREATE INDEX question_counts_by_week ON question_counts (week);

-- The visits of this week and the last one, so that each counts once; older ones are only in the counters.
CREATE TABLE visits (
    week      text COLLATE "C" NOT NULL,
    site      text COLLATE "C" NOT NULL,
    visit     text COLLATE "C" NOT NULL,
    kind      text NOT NULL,
    -- Bits: 1 shown, 2 opened, 4 solved, 8 unhelpful, 16 sent.
    steps     bigint NOT NULL,
    -- The same bits by question: {"ID": 6}.
    questions text NOT NULL,
    PRIMARY KEY (week, site, visit)
);

-- How many rows a site has in visits and in search_misses, which are bounded.
CREATE TABLE week_sizes (
    week          text COLLATE "C" NOT NULL,
    site          text COLLATE "C" NOT NULL,
    visits        bigint NOT NULL DEFAULT 0,
    search_misses bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (week, site)
);

-- A search that found nothing: a salted hash of its text, from how many networks or verified customers it came, and the text once these are
-- enough.
CREATE TABLE search_misses (
    week    text COLLATE "C" NOT NULL,
    site    text COLLATE "C" NOT NULL,
    search  bytea NOT NULL,
    people  bigint NOT NULL,
    words   text COLLATE "C",
    last_at timestamptz NOT NULL,
    PRIMARY KEY (week, site, search)
);

CREATE INDEX search_misses_shown ON search_misses (site, week) WHERE words IS NOT NULL;

-- Who made the searches of this week and the last one, as a salted hash that is different every week.
CREATE TABLE searchers (
    week      text COLLATE "C" NOT NULL,
    site      text COLLATE "C" NOT NULL,
    search    bytea NOT NULL,
    pseudonym bytea NOT NULL,
    PRIMARY KEY (week, site, search, pseudonym)
);
