-- Who is logged in to the inbox: the SHA-256 of the session, and until when.
CREATE TABLE operators (
    session  BLOB PRIMARY KEY,
    operator TEXT NOT NULL,
    until    TEXT NOT NULL
) STRICT, WITHOUT ROWID;
