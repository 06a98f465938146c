-- The destinations that a gateway could not reach and none has reached since; gateway is its application_name.
CREATE TABLE destination_outages (
    site        text COLLATE "C" NOT NULL,
    destination text COLLATE "C" NOT NULL,
    reason      text NOT NULL,
    retry_at    timestamptz NOT NULL,
    gateway     text NOT NULL,
    PRIMARY KEY (site, destination)
);

-- When a status page was last polled, and what it showed when it could last be read, as JSON.
CREATE TABLE status_polls (
    site      text COLLATE "C" NOT NULL,
    page      text COLLATE "C" NOT NULL,
    polled_at timestamptz NOT NULL,
    incidents text,
    read_at   timestamptz,
    PRIMARY KEY (site, page)
);
