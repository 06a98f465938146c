-- The pace of requests to accounts of destinations, by their address. Unlogged, because it is written for each request and says nothing that the account does not
-- say again: after a crash of the server an account starts with the default pace.
CREATE UNLOGGED TABLE request_paces (
    account      text COLLATE "C" PRIMARY KEY,
    per_minute   double precision NOT NULL,
    free         double precision NOT NULL,
    refilled_at  timestamptz NOT NULL,
    paused_until timestamptz
);
