-- The move of everything to another database. Programs that know this table do not open a database with such a row; earlier ones are kept away by
-- the schema requirement, which the move raises.
CREATE TABLE moves (
    only_row    INTEGER PRIMARY KEY CHECK (only_row = 1),
    -- The id of the move, which the other database has as well.
    id          TEXT NOT NULL,
    -- The other database, without its password.
    target      TEXT NOT NULL,
    started_at  TEXT NOT NULL,
    finished_at TEXT,
    -- The schema requirement before the move, for the case that it is cancelled.
    migration   INTEGER NOT NULL,
    version     TEXT NOT NULL
) STRICT;
