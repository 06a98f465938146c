-- The buckets of rate limits that all gateways share: a fixed number of cells, made when they are first used. Unlogged, because after a crash of the server full buckets do no
-- harm. full_at is when the bucket is full again, in nanoseconds since 1970.
CREATE UNLOGGED TABLE bucket_cells (
    cell    bigint PRIMARY KEY,
    full_at bigint NOT NULL
) WITH (fillfactor = 50);
