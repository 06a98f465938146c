-- How far the changes of a destination are known.
CREATE TABLE sync_states (
    site        text COLLATE "C" NOT NULL,
    destination text COLLATE "C" NOT NULL,
    -- Until when, by the destination's clock.
    until       timestamptz,
    -- When the list of changes was last read.
    listed_at   timestamptz,
    -- Where the export of all changes continues, when it was last requested, and whether more of it can be requested at once.
    cursor      text,
    exported_at timestamptz,
    is_behind   boolean NOT NULL DEFAULT false,
    PRIMARY KEY (site, destination)
);

-- Notifications from destinations. They arrive at least once, and each is processed once.
CREATE TABLE notifications (
    site        text COLLATE "C" NOT NULL,
    destination text COLLATE "C" NOT NULL,
    id          text COLLATE "C" NOT NULL,
    at          timestamptz NOT NULL,
    PRIMARY KEY (site, destination, id)
);

CREATE INDEX notifications_by_time ON notifications (site, destination, at);
