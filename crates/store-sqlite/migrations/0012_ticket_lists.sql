-- What was sent, in a table of its own, so that the rows of tickets are short: lists read those, and a change rewrites one of those.
CREATE TABLE ticket_bodies (
    ticket  TEXT PRIMARY KEY REFERENCES tickets (id) ON DELETE CASCADE,
    -- The format of body; 0 is the form in which it was sent, before formats had numbers.
    format  INTEGER NOT NULL,
    -- The beginning of the message, by which similar tickets are found.
    excerpt TEXT NOT NULL,
    body    TEXT NOT NULL
) STRICT;

INSERT INTO ticket_bodies (ticket, format, excerpt, body) SELECT id, 0, '', ticket FROM tickets;

-- A short name for its tokens; the tickets of before get theirs in the order in which they came.
ALTER TABLE tickets ADD COLUMN number INTEGER;
-- What lists show of what was sent.
ALTER TABLE tickets ADD COLUMN kind TEXT NOT NULL DEFAULT '';
ALTER TABLE tickets ADD COLUMN title TEXT NOT NULL DEFAULT '';
ALTER TABLE tickets ADD COLUMN requester TEXT NOT NULL DEFAULT '';
ALTER TABLE tickets ADD COLUMN plan TEXT NOT NULL DEFAULT '';
ALTER TABLE tickets ADD COLUMN is_verified INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tickets ADD COLUMN robot_signs TEXT NOT NULL DEFAULT '';
-- How many messages the customer has written, and how many they have not seen.
ALTER TABLE tickets ADD COLUMN customer_messages INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tickets ADD COLUMN unread INTEGER NOT NULL DEFAULT 0;
-- Its place in the agents' list: the lowest group first, and in a group the lowest key.
ALTER TABLE tickets ADD COLUMN list_group INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tickets ADD COLUMN list_key INTEGER NOT NULL DEFAULT 0;
-- How its columns and tokens were made; 0 where that is still to be done from its body, which the gateway does before it serves.
ALTER TABLE tickets ADD COLUMN listed INTEGER NOT NULL DEFAULT 0;

UPDATE tickets SET
    number = rowid, ticket = '', words = '',
    customer_messages = (SELECT count(*) FROM messages WHERE messages.ticket = tickets.id AND author = 'customer'),
    unread = (SELECT count(*) FROM messages
        WHERE messages.ticket = tickets.id AND messages.number > read_until AND author <> 'customer');

ALTER TABLE tickets DROP COLUMN ticket;
ALTER TABLE tickets DROP COLUMN words;

CREATE UNIQUE INDEX tickets_by_number ON tickets (number);
CREATE INDEX tickets_to_list ON tickets (number) WHERE listed = 0;

-- The words that a ticket is found by, folded by the gateway. The second order finds tickets, the first checks and removes them.
CREATE TABLE ticket_tokens (
    ticket INTEGER NOT NULL REFERENCES tickets (number) ON DELETE CASCADE,
    token  TEXT NOT NULL,
    PRIMARY KEY (ticket, token)
) STRICT, WITHOUT ROWID;

CREATE INDEX ticket_tokens_by_token ON ticket_tokens (token, ticket);

-- The agents' list, as it is and by what it is narrowed down to.
CREATE INDEX tickets_listed ON tickets (list_group, list_key, number);
CREATE INDEX tickets_listed_by_site ON tickets (site, list_group, list_key, number);
CREATE INDEX tickets_listed_by_owner ON tickets (owner, list_group, list_key, number);
CREATE INDEX tickets_listed_by_team ON tickets (team, list_group, list_key, number) WHERE team <> '';
CREATE INDEX tickets_listed_by_assignee ON tickets (assignee, list_group, list_key, number) WHERE assignee <> '';

-- A customer's list with its counts.
DROP INDEX tickets_by_time;
DROP INDEX tickets_by_person;
DROP INDEX tickets_by_session;
CREATE INDEX tickets_by_person ON tickets (site, person, status, updated_at DESC, number DESC, unread)
    WHERE person IS NOT NULL;
CREATE INDEX tickets_by_session ON tickets (site, session, status, updated_at DESC, number DESC, unread, person)
    WHERE session IS NOT NULL AND person IS NULL;
