-- The queue of a ticket at a destination goes in the order of its ids, and only its head may be attempted: the oldest delivery that the
-- destination does not have yet. What waits behind the head, for an hour or behind a dead letter for good, is in no index that workers read.
ALTER TABLE deliveries ADD COLUMN head INTEGER NOT NULL DEFAULT 0;
-- Who attempts it (a random token), and until when nobody else may; none where it is nobody's. A worker whose token is not the one that
-- stands here has lost its claim and can record nothing. due_at stays where it is meanwhile: it is the place in the queue.
ALTER TABLE deliveries ADD COLUMN claim TEXT;
ALTER TABLE deliveries ADD COLUMN claimed_until TEXT;

CREATE INDEX deliveries_open_by_ticket ON deliveries (ticket, destination, id) WHERE state <> 'delivered';

UPDATE deliveries SET head = 1 WHERE id IN
    (SELECT min(id) FROM deliveries WHERE state <> 'delivered' GROUP BY ticket, destination);
-- An attempt under way used to move due_at; nobody attempts anything while the tables change.
UPDATE deliveries SET due_at = created_at WHERE state = 'waiting' AND failures = 0;

-- Triggers, because deliveries come and go with tickets in more than one place, and a queue without a head stands still.
CREATE TRIGGER deliveries_head_added AFTER INSERT ON deliveries WHEN NEW.state <> 'delivered' BEGIN
    UPDATE deliveries SET head = 1 WHERE id = NEW.id AND NOT EXISTS (SELECT 1 FROM deliveries AS earlier
        WHERE earlier.ticket = NEW.ticket AND earlier.destination = NEW.destination AND earlier.id < NEW.id
            AND earlier.state <> 'delivered');
END;
CREATE TRIGGER deliveries_head_delivered AFTER UPDATE OF state ON deliveries WHEN NEW.state = 'delivered' AND OLD.state <> 'delivered' BEGIN
    UPDATE deliveries SET head = 0 WHERE id = NEW.id;
    UPDATE deliveries SET head = 1 WHERE id = (SELECT min(id) FROM deliveries
        WHERE ticket = NEW.ticket AND destination = NEW.destination AND state <> 'delivered');
END;
CREATE TRIGGER deliveries_head_removed AFTER DELETE ON deliveries WHEN OLD.head = 1 BEGIN
    UPDATE deliveries SET head = 1 WHERE id = (SELECT min(id) FROM deliveries
        WHERE ticket = OLD.ticket AND destination = OLD.destination AND state <> 'delivered');
END;

DROP INDEX deliveries_waiting;
CREATE INDEX deliveries_due ON deliveries (site, destination, due_at, id) WHERE head = 1 AND state = 'waiting';
CREATE INDEX deliveries_claimed ON deliveries (site, destination, claimed_until) WHERE claimed_until IS NOT NULL;
CREATE INDEX deliveries_open ON deliveries (site, destination, state, created_at) WHERE state <> 'delivered';

-- The same for mails, of which one at a time is in somebody's hands.
ALTER TABLE mails ADD COLUMN claim TEXT;
ALTER TABLE mails ADD COLUMN claimed_until TEXT;
CREATE INDEX mails_claimed ON mails (site, claimed_until) WHERE claimed_until IS NOT NULL;
-- What is done is forgotten after a day, by this.
CREATE INDEX mails_done ON mails (created_at) WHERE due_at IS NULL;
