-- Which programs may use this database: those that know a migration, or a later one. A migration that takes away what older programs use
-- raises it (CONTRIBUTING.md, "Writing a migration").
CREATE TABLE schema_requirement (
    only_row  bigint PRIMARY KEY CHECK (only_row = 1),
    migration bigint NOT NULL,
    -- The version of Deskbell that brought this migration, for people.
    version   text NOT NULL
);
INSERT INTO schema_requirement VALUES (1, 1, '0.1.0');
