-- Tickets that could not be read when their list columns were made stand in no list.
UPDATE tickets SET list_group = 4 WHERE listed = -1;
