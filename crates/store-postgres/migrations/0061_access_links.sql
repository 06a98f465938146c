-- One-time links by mail that open the tickets of anonymous senders. A row is a request until its mail is sent, and then the link. It is deleted when the
-- link is opened or has expired.
CREATE TABLE access_links (
    id            text COLLATE "C" PRIMARY KEY,
    site          text COLLATE "C" NOT NULL,
    address       text NOT NULL,
    -- The same in the spelling by which mailboxes are compared.
    mailbox       text COLLATE "C" NOT NULL,
    language      text NOT NULL,
    -- What the mail counts against: keyed digests of the mailbox and of the network address of the request.
    quota_mailbox bytea NOT NULL,
    network       bytea,
    -- The SHA-256 of the token in the last mail; null before the first attempt.
    token_hash    bytea,
    requested_at  timestamptz NOT NULL,
    attempts      bigint NOT NULL DEFAULT 0,
    -- When the next attempt is due; null once the mail is sent.
    due_at        timestamptz,
    -- The token of the worker that sends it, and until when no other may.
    claim         text COLLATE "C",
    claimed_until timestamptz,
    expires_at    timestamptz NOT NULL
);

CREATE UNIQUE INDEX access_links_by_token ON access_links (token_hash) WHERE token_hash IS NOT NULL;
CREATE INDEX access_links_by_mailbox ON access_links (site, mailbox);
CREATE INDEX access_links_due ON access_links (site, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX access_links_claimed ON access_links (site, claimed_until) WHERE claimed_until IS NOT NULL;
CREATE INDEX access_links_expired ON access_links (expires_at);
