-- What is to be delivered to a destination, and the outcome. Deliveries of a ticket to a destination are made in the order of their ids.
CREATE TABLE deliveries (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site             text COLLATE "C" NOT NULL,
    destination      text COLLATE "C" NOT NULL,
    ticket           text COLLATE "C" NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
    kind             text NOT NULL,
    -- The message; 0 if it has none.
    number           bigint NOT NULL DEFAULT 0,
    state            text NOT NULL DEFAULT 'waiting',
    created_at       timestamptz NOT NULL,
    -- When the next attempt is due; also its position in the queue.
    due_at           timestamptz NOT NULL,
    first_attempt_at timestamptz,
    -- When it was delivered or became a dead letter.
    settled_at       timestamptz,
    attempts         bigint NOT NULL DEFAULT 0,
    -- How many attempts failed because of the delivery itself, while others got through.
    failures         bigint NOT NULL DEFAULT 0,
    external_id      text NOT NULL DEFAULT '',
    -- Why it is not delivered, or which parts of it are not; one reason per line.
    reason           text NOT NULL DEFAULT '',
    -- Whether it is the oldest undelivered one of its ticket for its destination. Only this one can be claimed. What waits behind it, for an
    -- hour or behind a dead letter for good, is in no index that workers read.
    is_head          boolean NOT NULL DEFAULT false,
    -- The token of the worker that attempts it, and until when nobody else may. A worker with another token has lost its claim and can record
    -- nothing.
    claim            text COLLATE "C",
    claimed_until    timestamptz
);
CREATE INDEX deliveries_by_ticket ON deliveries (ticket, destination, id);
CREATE INDEX deliveries_undelivered_by_ticket ON deliveries (ticket, destination, id) WHERE state <> 'delivered';
CREATE INDEX deliveries_due ON deliveries (site, destination, due_at, id) WHERE is_head AND state = 'waiting';
CREATE INDEX deliveries_claimed ON deliveries (site, destination, claimed_until) WHERE claimed_until IS NOT NULL;
CREATE INDEX deliveries_by_queue ON deliveries (site, destination, state, created_at) WHERE state <> 'delivered';
CREATE INDEX deliveries_undelivered ON deliveries (id) WHERE state <> 'delivered';
CREATE INDEX deliveries_dead_letters ON deliveries (id) WHERE state = 'given_up';

-- Triggers, because deliveries come and go with tickets in more than one place, and a queue without a head stands still.
--
-- The row of the ticket is their lock: whatever changes which delivery is the head waits for others that do, and then sees what they have
-- committed, because every statement of a function has a snapshot of its own at the level READ COMMITTED. Transactions lock the ticket
-- themselves before they touch its deliveries; the triggers do it for those that do not.
CREATE FUNCTION lock_ticket(locked text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM tickets WHERE id = locked FOR NO KEY UPDATE;
END $$;

CREATE FUNCTION deliveries_set_head() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lock_ticket(NEW.ticket);
    NEW.is_head := NEW.state <> 'delivered' AND NOT EXISTS (
        SELECT 1 FROM deliveries WHERE ticket = NEW.ticket AND destination = NEW.destination AND state <> 'delivered');
    RETURN NEW;
END $$;

CREATE FUNCTION deliveries_move_head() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    head bigint;
BEGIN
    PERFORM lock_ticket(OLD.ticket);
    SELECT min(id) INTO head FROM deliveries
        WHERE ticket = OLD.ticket AND destination = OLD.destination AND state <> 'delivered';
    UPDATE deliveries SET is_head = false
        WHERE ticket = OLD.ticket AND destination = OLD.destination AND is_head AND id IS DISTINCT FROM head;
    UPDATE deliveries SET is_head = true WHERE id = head AND NOT is_head;
    RETURN NULL;
END $$;

CREATE TRIGGER deliveries_added BEFORE INSERT ON deliveries FOR EACH ROW EXECUTE FUNCTION deliveries_set_head();
CREATE TRIGGER deliveries_settled AFTER UPDATE OF state ON deliveries FOR EACH ROW
    WHEN ((OLD.state = 'delivered') <> (NEW.state = 'delivered')) EXECUTE FUNCTION deliveries_move_head();
CREATE TRIGGER deliveries_removed AFTER DELETE ON deliveries FOR EACH ROW
    WHEN (OLD.is_head) EXECUTE FUNCTION deliveries_move_head();

-- How often dead letters were queued again. Gateways watch it, because a command may have queued them.
CREATE TABLE resends (
    only_row bigint PRIMARY KEY CHECK (only_row = 1),
    count    bigint NOT NULL
);
INSERT INTO resends VALUES (1, 0);
