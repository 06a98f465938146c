-- The answers that are mailed: at most one mail for each ticket waits at a time. Rows stay as long as their ticket, because they also say what was mailed,
-- who wants no mail, and which mailbox does not exist.
CREATE TABLE answer_mails (
    ticket          text COLLATE "C" PRIMARY KEY REFERENCES tickets (id) ON DELETE CASCADE,
    site            text COLLATE "C" NOT NULL,
    -- A keyed digest of the mailbox.
    mailbox         bytea NOT NULL,
    -- The numbers of the last message that was queued, and of the last one that was mailed or need not be.
    queued_until    bigint NOT NULL DEFAULT 0,
    mailed_until    bigint NOT NULL DEFAULT 0,
    -- The number of the last message in the last mail that was sent, and how many were sent.
    last_mail       bigint,
    mails_sent      bigint NOT NULL DEFAULT 0,
    unsubscribed_at timestamptz,
    -- When a mail server reported for good that the mailbox does not exist.
    blocked_at      timestamptz,
    queued_at       timestamptz NOT NULL,
    attempts        bigint NOT NULL DEFAULT 0,
    -- When the next attempt is due; null if nothing is queued.
    due_at          timestamptz,
    -- The token of the worker that sends it, and until when no other may.
    claim           text COLLATE "C",
    claimed_until   timestamptz
);

CREATE INDEX answer_mails_due ON answer_mails (site, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX answer_mails_claimed ON answer_mails (site, claimed_until) WHERE claimed_until IS NOT NULL;
CREATE INDEX answer_mails_blocked ON answer_mails (site, mailbox) WHERE blocked_at IS NOT NULL;
