-- Whose ticket it is, by the host's id: only where the host signed it.
ALTER TABLE tickets ADD COLUMN person TEXT;

CREATE INDEX tickets_by_person ON tickets (site, person) WHERE person IS NOT NULL;
CREATE INDEX tickets_by_session ON tickets (site, session) WHERE session IS NOT NULL;
