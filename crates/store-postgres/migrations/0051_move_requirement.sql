-- The schema requirement before the move, which raises it until the move has finished, so that programs that do not know moves stay away.
ALTER TABLE moves ADD COLUMN migration bigint, ADD COLUMN version text;
