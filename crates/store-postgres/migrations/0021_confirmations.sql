-- The address that the sender of a ticket claims, if the host has not signed it. Replies are withheld until it is confirmed.
CREATE TABLE confirmations (
    ticket       text COLLATE "C" PRIMARY KEY REFERENCES tickets (id) ON DELETE CASCADE,
    address      text NOT NULL,
    -- The same in the spelling by which mailboxes are compared.
    mailbox      text COLLATE "C" NOT NULL,
    -- The number of the code that is valid, 0 for none. Codes are derived from it and not stored.
    code         bigint NOT NULL DEFAULT 0,
    sent_at      timestamptz,
    attempts     bigint NOT NULL DEFAULT 0,
    confirmed_at timestamptz,
    -- When a mail server reported for good that the mailbox does not exist.
    bounced_at   timestamptz
);

CREATE INDEX confirmations_awaited ON confirmations (mailbox) WHERE confirmed_at IS NULL;
CREATE INDEX confirmations_confirmed ON confirmations (mailbox) WHERE confirmed_at IS NOT NULL;
