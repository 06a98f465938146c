-- How often dead letters were queued again. Gateways watch it, because a command may have queued them.
CREATE TABLE resends (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    count    INTEGER NOT NULL
) STRICT;
INSERT INTO resends VALUES (1, 0);
