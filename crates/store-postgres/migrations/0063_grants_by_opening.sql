-- What links have granted sessions ends after a while and is deleted then.
CREATE INDEX session_tickets_by_opening ON session_tickets (opened_at);
