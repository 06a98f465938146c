-- The address that the sender of a ticket claims, where nobody has signed it. What is answered waits until it is confirmed.
CREATE TABLE confirmations (
    ticket       TEXT PRIMARY KEY REFERENCES tickets (id) ON DELETE CASCADE,
    address      TEXT NOT NULL,
    -- The same, as spellings of one mailbox are compared.
    mailbox      TEXT NOT NULL,
    -- The number of the code that is valid, 0 for none. Codes are derived from it and kept nowhere.
    code         INTEGER NOT NULL DEFAULT 0,
    sent_at      TEXT,
    attempts     INTEGER NOT NULL DEFAULT 0,
    confirmed_at TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX confirmations_by_mailbox ON confirmations (mailbox) WHERE confirmed_at IS NULL;

-- The mails of a day to addresses that nobody has signed, by what they are limited by: the mailbox, a digest of the session, a
-- keyed digest of the network, the site.
CREATE TABLE unsigned_mails (
    site    TEXT NOT NULL,
    mailbox TEXT NOT NULL,
    session BLOB,
    network BLOB,
    sent_at TEXT NOT NULL
) STRICT;

CREATE INDEX unsigned_mails_by_site ON unsigned_mails (site, sent_at);
CREATE INDEX unsigned_mails_by_mailbox ON unsigned_mails (mailbox, sent_at);
CREATE INDEX unsigned_mails_by_session ON unsigned_mails (session, sent_at) WHERE session IS NOT NULL;
CREATE INDEX unsigned_mails_by_network ON unsigned_mails (network, sent_at) WHERE network IS NOT NULL;
CREATE INDEX unsigned_mails_by_time ON unsigned_mails (sent_at);

INSERT INTO unsigned_mails (site, mailbox, sent_at)
SELECT site, counted, created_at FROM mails WHERE counted IS NOT NULL;

INSERT INTO signing (what, key) VALUES ('confirmations', randomblob(32));

-- The name of a note that came from elsewhere; the same is kept once.
ALTER TABLE deeds ADD COLUMN key TEXT;
CREATE UNIQUE INDEX deeds_by_key ON deeds (ticket, key) WHERE key IS NOT NULL;
