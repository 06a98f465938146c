-- Numbers of messages and activities are given out under the lock of their ticket, so that nothing appears before a number that somebody has
-- read up to. The ticket itself is number 0.
CREATE TABLE messages (
    ticket    text COLLATE "C" NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
    number    bigint NOT NULL,
    author    text NOT NULL,
    name      text NOT NULL,
    body      text NOT NULL,
    at        timestamptz NOT NULL,
    key       text COLLATE "C",
    -- The SHA-256 of the request body.
    body_hash bytea,
    PRIMARY KEY (ticket, number),
    UNIQUE (ticket, key)
);
-- The messages that are withheld until an address is confirmed: lists count them, and do not read what a customer has written.
CREATE INDEX messages_foreign ON messages (ticket, number)
    WHERE (author = 'support' OR author = 'customer' AND position(' ' IN coalesce(key, '')) > 0);

-- What agents did and noted. No customer sees it.
CREATE TABLE activities (
    ticket text COLLATE "C" NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
    number bigint NOT NULL,
    -- The agent; empty for the customer.
    actor  text NOT NULL,
    kind   text NOT NULL,
    text   text NOT NULL,
    at     timestamptz NOT NULL,
    -- The key of an activity that came from elsewhere. It is stored once.
    key    text COLLATE "C",
    PRIMARY KEY (ticket, number)
);
CREATE UNIQUE INDEX activities_by_key ON activities (ticket, key) WHERE key IS NOT NULL;
