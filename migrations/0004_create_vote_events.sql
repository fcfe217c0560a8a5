-- migrate:up

-- The event log: append-only, one row per change, one change per version. created_at is the time of the
-- vote in Redis. A partitioned table requires it in the primary key; an event that is delivered again
-- has the same time, and so conflicts with its existing row.
CREATE TABLE vote_events (
    project_id bigint      NOT NULL REFERENCES projects,
    user_id    bigint      NOT NULL REFERENCES users,
    old_value  smallint    NOT NULL CHECK (old_value IN (-1, 0, 1)),
    new_value  smallint    NOT NULL CHECK (new_value IN (-1, 0, 1)),
    version    bigint      NOT NULL CHECK (version > 0),
    created_at timestamptz NOT NULL,
    CHECK (old_value <> new_value),
    PRIMARY KEY (project_id, version, created_at)
) PARTITION BY RANGE (created_at);

-- Normally empty: it accepts events of a month without a partition, which would otherwise fail.
CREATE TABLE vote_events_default PARTITION OF vote_events DEFAULT;

-- Creates the partition of the month that contains a day; does nothing if it exists.
CREATE FUNCTION make_vote_events_partition(day date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    month date := date_trunc('month', day);
    name  text := 'vote_events_' || to_char(month, 'YYYY_MM');
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('make_vote_events_partition'));
    IF to_regclass(name) IS NULL THEN
        EXECUTE format(
            'CREATE TABLE %I PARTITION OF vote_events FOR VALUES FROM (%L) TO (%L)',
            name,
            month::timestamp AT TIME ZONE 'UTC',
            (month + interval '1 month')::timestamp AT TIME ZONE 'UTC'
        );
    END IF;
END $$;

SELECT make_vote_events_partition(((now() AT TIME ZONE 'UTC') + make_interval(months => n))::date)
FROM generate_series(0, 2) AS n;

-- migrate:down
-- Forward only: restore a backup instead.
