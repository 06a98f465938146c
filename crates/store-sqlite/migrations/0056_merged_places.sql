-- A ticket that an agent has merged into another one there: where it goes on, and after which comment what is said there is about it.
ALTER TABLE places ADD COLUMN merged_into TEXT;
ALTER TABLE places ADD COLUMN merged_after TEXT;

CREATE INDEX places_by_merged ON places (site, destination, merged_into) WHERE merged_into IS NOT NULL;
