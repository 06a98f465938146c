-- Whether a ticket only tries things out: a page with data-env="test" sent it.
ALTER TABLE tickets ADD COLUMN is_test INTEGER NOT NULL DEFAULT 0;
