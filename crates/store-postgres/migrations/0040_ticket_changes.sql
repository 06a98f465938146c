-- The transaction that last changed a ticket, and its gateway (its application_name), so that the others find what they were not notified of: whatever a
-- transaction has changed that was running at the last poll, or has begun since.
ALTER TABLE tickets ADD COLUMN changed_in xid8 NOT NULL DEFAULT pg_current_xact_id();
ALTER TABLE tickets ADD COLUMN changed_by text NOT NULL DEFAULT current_setting('application_name');
CREATE INDEX tickets_changed ON tickets (changed_in);

CREATE FUNCTION note_ticket_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.changed_in = pg_current_xact_id();
    NEW.changed_by = current_setting('application_name');
    RETURN NEW;
END $$;
CREATE TRIGGER tickets_note_change BEFORE UPDATE ON tickets FOR EACH ROW EXECUTE FUNCTION note_ticket_change();
