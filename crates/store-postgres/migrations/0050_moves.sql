-- The move of everything in another database to this one. Programs do not open a database with such a row before it is finished.
CREATE TABLE moves (
    only_row    bigint PRIMARY KEY CHECK (only_row = 1),
    -- The id of the move, which the other database has as well.
    id          text NOT NULL,
    -- The other database.
    source      text NOT NULL,
    started_at  timestamptz NOT NULL,
    finished_at timestamptz
);

-- How many rows of a table the move has written, in the transactions that write them.
CREATE TABLE moved_rows (
    name    text COLLATE "C" PRIMARY KEY,
    written bigint NOT NULL
);
