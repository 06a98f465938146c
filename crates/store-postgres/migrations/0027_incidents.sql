-- Customers who are affected by an incident, as salted hashes.
CREATE TABLE affected_customers (
    site      text COLLATE "C" NOT NULL,
    incident  text COLLATE "C" NOT NULL,
    pseudonym bytea NOT NULL,
    at        timestamptz NOT NULL,
    PRIMARY KEY (site, incident, pseudonym)
);

CREATE INDEX affected_customers_by_time ON affected_customers (at);

-- How many are affected. The number stays when hashes are deleted.
CREATE TABLE incident_counts (
    site     text COLLATE "C" NOT NULL,
    incident text COLLATE "C" NOT NULL,
    people   bigint NOT NULL,
    last_at  timestamptz NOT NULL,
    PRIMARY KEY (site, incident)
);

CREATE INDEX incident_counts_by_time ON incident_counts (last_at);
