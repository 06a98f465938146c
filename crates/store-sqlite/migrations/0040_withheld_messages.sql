-- The messages that are withheld until an address is confirmed: lists count them, and do not read what a customer has written.
CREATE INDEX messages_foreign ON messages (ticket, number)
    WHERE (author = 'support' OR author = 'customer' AND instr(coalesce(key, ''), ' ') > 0);

-- What is still to be listed lies at the beginning, whatever it was made by.
DROP INDEX tickets_to_list;
CREATE INDEX tickets_by_listed ON tickets (listed, number);
