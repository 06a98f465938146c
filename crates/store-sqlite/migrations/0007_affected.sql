-- Who has said that they have what is broken: a digest of the session or the person.
CREATE TABLE affected (
    site     TEXT NOT NULL,
    incident TEXT NOT NULL,
    who      BLOB NOT NULL,
    at       TEXT NOT NULL,
    PRIMARY KEY (site, incident, who)
) STRICT, WITHOUT ROWID;
