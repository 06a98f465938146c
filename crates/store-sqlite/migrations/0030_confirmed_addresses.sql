-- Whoever has confirmed an address does not confirm it again for the next ticket.
CREATE INDEX confirmations_confirmed ON confirmations (mailbox) WHERE confirmed_at IS NOT NULL;

-- The mails of a day to addresses that nobody has signed, by what they are limited by: a keyed digest of the mailbox, a digest of the
-- session, a keyed digest of the network, the site. They go with their ticket. The rows of before name mailboxes in full: they go.
DROP TABLE unsigned_mails;
CREATE TABLE unsigned_mails (
    ticket  TEXT NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
    site    TEXT NOT NULL,
    mailbox BLOB NOT NULL,
    session BLOB,
    network BLOB,
    sent_at TEXT NOT NULL
) STRICT;

CREATE INDEX unsigned_mails_by_ticket ON unsigned_mails (ticket);
CREATE INDEX unsigned_mails_by_site ON unsigned_mails (site, sent_at);
CREATE INDEX unsigned_mails_by_mailbox ON unsigned_mails (mailbox, sent_at);
CREATE INDEX unsigned_mails_by_session ON unsigned_mails (session, sent_at) WHERE session IS NOT NULL;
CREATE INDEX unsigned_mails_by_network ON unsigned_mails (network, sent_at) WHERE network IS NOT NULL;
CREATE INDEX unsigned_mails_by_time ON unsigned_mails (sent_at);

-- Nothing reads it, and it holds addresses.
DROP INDEX mails_counted;
ALTER TABLE mails DROP COLUMN counted;

-- The SHA-256 of where erased tickets are at destinations (site, destination, id there), so that none is taken over again from there.
CREATE TABLE erased_external_tickets (
    digest BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;
