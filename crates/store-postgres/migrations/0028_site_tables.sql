-- Sites that are configured here instead of in the configuration file: each with its table [sites.KEY] in TOML.
CREATE TABLE site_tables (
    site       text COLLATE "C" PRIMARY KEY,
    text       text NOT NULL,
    updated_at timestamptz NOT NULL
);

-- Increases with every change of a site and every requested reload, so that one row tells gateways when to read the configuration again.
CREATE TABLE sites_revision (
    only_row bigint PRIMARY KEY CHECK (only_row = 1),
    revision bigint NOT NULL
);

INSERT INTO sites_revision VALUES (1, 1);

-- What each gateway did about the latest revision that it has read. No error means that it took effect.
CREATE TABLE reload_reports (
    gateway  text COLLATE "C" PRIMARY KEY,
    revision bigint NOT NULL,
    error    text,
    at       timestamptz NOT NULL
);
