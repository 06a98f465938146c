-- The SHA-256 of the idempotency keys of erased tickets, so that a submission that is sent again does not bring its ticket back.
CREATE TABLE erased_submissions (
    site      text COLLATE "C" NOT NULL,
    key       bytea NOT NULL,
    erased_at timestamptz NOT NULL,
    PRIMARY KEY (site, key)
);

CREATE INDEX erased_submissions_by_time ON erased_submissions (erased_at);
