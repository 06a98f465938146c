-- When the list of changes was begun with last.
ALTER TABLE polls ADD COLUMN listed_at TEXT;
-- Where the export of all changes of a destination goes on, when it was asked for last, and whether there is more at once.
ALTER TABLE polls ADD COLUMN cursor TEXT;
ALTER TABLE polls ADD COLUMN exported_at TEXT;
ALTER TABLE polls ADD COLUMN behind INTEGER NOT NULL DEFAULT 0;
-- The time of the last change of a ticket there of which all is known here, so that the same change is read once; none where it is not known.
ALTER TABLE places ADD COLUMN seen_at TEXT;
