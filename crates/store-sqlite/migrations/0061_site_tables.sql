-- Sites that are configured here instead of in the configuration file: each with its table [sites.KEY] in TOML.
CREATE TABLE site_tables (
    site       TEXT PRIMARY KEY,
    text       TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Counts up with every change of a site and every requested reload, so that one row tells gateways when to read the configuration again.
CREATE TABLE sites_revision (
    only     INTEGER PRIMARY KEY CHECK (only = 1),
    revision INTEGER NOT NULL
) STRICT;

INSERT INTO sites_revision (only, revision) VALUES (1, 1);

-- What each gateway did about the latest revision that it has read. No error means that it took effect.
CREATE TABLE reload_reports (
    gateway  TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    error    TEXT,
    at       TEXT NOT NULL
) STRICT, WITHOUT ROWID;
