CREATE TABLE tickets (
    id          text COLLATE "C" PRIMARY KEY,
    -- Its short name for tokens and cursors. Numbers of concurrent tickets may become visible out of order.
    number      bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    site        text COLLATE "C" NOT NULL,
    reference   text COLLATE "C" NOT NULL UNIQUE,
    status      text NOT NULL,
    priority    text,
    -- JSON.
    target      text,
    due_at      timestamptz,
    received_at timestamptz NOT NULL,
    -- The customer who owns it.
    person      text COLLATE "C",
    -- The SHA-256 of the session that sent it.
    session     bytea,

    topic       text NOT NULL,
    severity    text NOT NULL,
    owner       text COLLATE "C",
    team        text COLLATE "C" NOT NULL,
    assignee    text COLLATE "C" NOT NULL,
    turn        text NOT NULL,
    answered_at timestamptz,
    updated_at  timestamptz NOT NULL,
    read_until  bigint NOT NULL,
    unread      bigint NOT NULL,
    -- How many messages the customer has written, without the ticket itself.
    customer_messages bigint NOT NULL DEFAULT 0,

    -- What lists show of the body.
    kind        text NOT NULL,
    title       text NOT NULL,
    requester   text NOT NULL,
    plan        text NOT NULL,
    is_verified boolean NOT NULL,
    robot_signs text NOT NULL,
    is_test     boolean NOT NULL,
    -- The position in the agents' list: the lowest group first, and in a group the lowest key.
    list_group  bigint NOT NULL,
    list_key    bigint NOT NULL
);

-- The agents' list, as it is and by what it can be filtered by.
CREATE INDEX tickets_listed ON tickets (list_group, list_key, number);
CREATE INDEX tickets_listed_by_site ON tickets (site, list_group, list_key, number);
CREATE INDEX tickets_listed_by_owner ON tickets (owner, list_group, list_key, number);
CREATE INDEX tickets_listed_by_team ON tickets (team, list_group, list_key, number) WHERE team <> '';
CREATE INDEX tickets_listed_by_assignee ON tickets (assignee, list_group, list_key, number) WHERE assignee <> '';
-- A customer's list with its counts.
CREATE INDEX tickets_by_person ON tickets (site, person, status, updated_at, number) INCLUDE (unread)
    WHERE person IS NOT NULL;
CREATE INDEX tickets_by_session ON tickets (site, session, status, updated_at, number) INCLUDE (unread)
    WHERE session IS NOT NULL AND person IS NULL;
-- For retention.
CREATE INDEX tickets_solved ON tickets (site, updated_at) WHERE status = 'solved';

-- The submitted bodies, in a table of their own, so that the rows of tickets are short: lists read those, and a change rewrites one of those.
CREATE TABLE ticket_bodies (
    ticket  text COLLATE "C" PRIMARY KEY REFERENCES tickets (id) ON DELETE CASCADE,
    format  bigint NOT NULL,
    -- The beginning of the message, by which similar tickets are found.
    excerpt text NOT NULL,
    -- JSON.
    body    text NOT NULL
);

-- The idempotency keys of tickets. A key stays with the body that it was first used for.
CREATE TABLE submission_keys (
    site      text COLLATE "C" NOT NULL,
    key       text COLLATE "C" NOT NULL,
    -- The SHA-256 of the request body.
    body_hash bytea NOT NULL,
    session   bytea,
    ticket    text COLLATE "C" NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
    PRIMARY KEY (site, key)
);
CREATE INDEX submission_keys_by_ticket ON submission_keys (ticket);

-- The words that a ticket is found by, folded by the gateway. The second order finds tickets, the first checks and removes them.
CREATE TABLE ticket_tokens (
    ticket bigint NOT NULL REFERENCES tickets (number) ON DELETE CASCADE,
    token  text COLLATE "C" NOT NULL,
    PRIMARY KEY (ticket, token)
);
CREATE INDEX ticket_tokens_by_token ON ticket_tokens (token, ticket);
