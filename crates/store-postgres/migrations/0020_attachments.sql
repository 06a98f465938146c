-- Secrets that all gateways share, such as the key that signs the URLs of attachments. Each is made when it is used for the first time.
CREATE TABLE secrets (
    name  text COLLATE "C" PRIMARY KEY,
    value bytea NOT NULL
);

-- Files of tickets and messages. Their bytes are stored elsewhere under the name in file.
CREATE TABLE attachments (
    site           text COLLATE "C" NOT NULL,
    id             text COLLATE "C" NOT NULL,
    person         text COLLATE "C",
    session        bytea,
    name           text NOT NULL,
    media_type     text NOT NULL,
    size           bigint NOT NULL,
    -- Whether it may still contain metadata such as a location.
    has_metadata   boolean NOT NULL,
    file           text COLLATE "C" NOT NULL,
    uploaded_at    timestamptz NOT NULL,
    -- The message that it belongs to, and its position among the attachments of this message; null until it is sent.
    ticket         text COLLATE "C" REFERENCES tickets (id) ON DELETE CASCADE,
    message_number bigint,
    position       bigint,
    PRIMARY KEY (site, id)
);

CREATE INDEX attachments_by_ticket ON attachments (ticket, message_number, position) WHERE ticket IS NOT NULL;
CREATE INDEX attachments_by_time ON attachments (uploaded_at) WHERE ticket IS NULL;
CREATE INDEX attachments_by_session ON attachments (site, session) WHERE session IS NOT NULL;
CREATE INDEX attachments_unsent ON attachments (site, session) WHERE ticket IS NULL;
CREATE INDEX attachments_unsent_by_person ON attachments (site, person) WHERE ticket IS NULL AND person IS NOT NULL;
CREATE INDEX attachments_by_file ON attachments (file);

-- Files whose rows are deleted and whose bytes can be removed. They are written in the transaction that deletes the row, whatever deletes it, so
-- that no crash leaves bytes behind that nothing refers to.
CREATE TABLE removed_files (file text COLLATE "C" PRIMARY KEY);

CREATE FUNCTION record_removed_file() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO removed_files (file) VALUES (OLD.file) ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;

CREATE TRIGGER attachments_removed AFTER DELETE ON attachments FOR EACH ROW EXECUTE FUNCTION record_removed_file();

-- Bytes and files received on a day (UTC), by scope: a site, by its name; a network address, by a keyed hash that is different every day.
CREATE TABLE upload_usage (
    day   text COLLATE "C" NOT NULL,
    scope text COLLATE "C" NOT NULL,
    key   bytea NOT NULL,
    bytes bigint NOT NULL,
    files bigint NOT NULL,
    PRIMARY KEY (day, scope, key)
);
