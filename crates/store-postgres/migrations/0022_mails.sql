-- Receipts by mail. A finished one keeps its address for a day.
CREATE TABLE mails (
    ticket        text COLLATE "C" PRIMARY KEY REFERENCES tickets (id) ON DELETE CASCADE,
    site          text COLLATE "C" NOT NULL,
    address       text NOT NULL,
    created_at    timestamptz NOT NULL,
    attempts      bigint NOT NULL DEFAULT 0,
    -- When the next attempt is due; null if it is finished.
    due_at        timestamptz,
    -- The token of the worker that sends it, and until when no other may.
    claim         text COLLATE "C",
    claimed_until timestamptz
);

CREATE INDEX mails_due ON mails (site, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX mails_claimed ON mails (site, claimed_until) WHERE claimed_until IS NOT NULL;
CREATE INDEX mails_finished ON mails (created_at) WHERE due_at IS NULL;

-- The mails of a day to addresses that the host has not signed, by what they are limited by: a keyed digest of the mailbox (empty if it is
-- confirmed), a digest of the session, a keyed digest of the network address, the site.
CREATE TABLE unsigned_mails (
    ticket  text COLLATE "C" NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
    site    text COLLATE "C" NOT NULL,
    mailbox bytea NOT NULL,
    session bytea,
    network bytea,
    sent_at timestamptz NOT NULL
);

CREATE INDEX unsigned_mails_by_ticket ON unsigned_mails (ticket);
CREATE INDEX unsigned_mails_by_site ON unsigned_mails (site, sent_at);
CREATE INDEX unsigned_mails_by_mailbox ON unsigned_mails (mailbox, sent_at);
CREATE INDEX unsigned_mails_by_session ON unsigned_mails (session, sent_at) WHERE session IS NOT NULL;
CREATE INDEX unsigned_mails_by_network ON unsigned_mails (network, sent_at) WHERE network IS NOT NULL;
CREATE INDEX unsigned_mails_by_time ON unsigned_mails (sent_at);
