-- When a mail server said for good that the address of a ticket has no mailbox; no code is mailed there any more.
ALTER TABLE confirmations ADD COLUMN bounced_at TEXT;
