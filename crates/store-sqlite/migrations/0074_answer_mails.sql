-- The answers that are mailed: at most one mail for each ticket waits at a time. Rows stay as long as their ticket, because they also say what was mailed,
-- who wants no mail, and which mailbox does not exist.
CREATE TABLE answer_mails (
    ticket          TEXT PRIMARY KEY REFERENCES tickets (id) ON DELETE CASCADE,
    site            TEXT NOT NULL,
    -- A keyed digest of the mailbox.
    mailbox         BLOB NOT NULL,
    -- The numbers of the last message that was queued, and of the last one that was mailed or need not be.
    queued_until    INTEGER NOT NULL DEFAULT 0,
    mailed_until    INTEGER NOT NULL DEFAULT 0,
    -- The number of the last message in the last mail that was sent, and how many were sent.
    last_mail       INTEGER,
    mails_sent      INTEGER NOT NULL DEFAULT 0,
    unsubscribed_at TEXT,
    -- When a mail server reported for good that the mailbox does not exist.
    blocked_at      TEXT,
    queued_at       TEXT NOT NULL,
    attempts        INTEGER NOT NULL DEFAULT 0,
    -- When the next attempt is due; none if nothing is queued.
    due_at          TEXT,
    claim           TEXT,
    claimed_until   TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX answer_mails_due ON answer_mails (site, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX answer_mails_claimed ON answer_mails (site, claimed_until) WHERE claimed_until IS NOT NULL;
CREATE INDEX answer_mails_blocked ON answer_mails (site, mailbox) WHERE blocked_at IS NOT NULL;
