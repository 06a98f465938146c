-- How often an entry was repeated within its hour: reads of a sensitive ticket, and refused logins. Older programs write one entry for each.
ALTER TABLE audit_log ADD COLUMN count INTEGER NOT NULL DEFAULT 1;
CREATE INDEX audit_log_repeated ON audit_log (agent, kind, ticket, at) WHERE kind IN ('ticket_read', 'login_refused');
-- Agents are deleted when nothing refers to them any more.
CREATE INDEX agents_by_login ON agents (logged_in_at);
