-- Tickets as destinations know them, from which replies come back.
CREATE TABLE external_tickets (
    ticket       text COLLATE "C" NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
    site         text COLLATE "C" NOT NULL,
    destination  text COLLATE "C" NOT NULL,
    external_id  text COLLATE "C" NOT NULL,
    -- The destination's id of the customer; empty if it gives none.
    requester    text NOT NULL,
    -- When it is polled next; none if nothing is expected.
    poll_at      timestamptz,
    -- The time of the last change of the external ticket of which everything is known here; none if that is not known.
    seen_at      timestamptz,
    -- If an agent has merged it into another one there: where it continues, and the comment after which comments there are about it.
    merged_into  text COLLATE "C",
    merged_after text,
    PRIMARY KEY (ticket, destination)
);
CREATE UNIQUE INDEX external_tickets_by_id ON external_tickets (site, destination, external_id);
CREATE INDEX external_tickets_due ON external_tickets (site, destination, poll_at) WHERE poll_at IS NOT NULL;
CREATE INDEX external_tickets_merged ON external_tickets (site, destination, merged_into) WHERE merged_into IS NOT NULL;

-- The SHA-256 of where erased tickets are at destinations (site, destination, external id), so that none is adopted from there again.
CREATE TABLE erased_external_tickets (digest bytea PRIMARY KEY);
