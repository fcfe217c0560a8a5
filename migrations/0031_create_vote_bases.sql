-- migrate:up

-- The start of a project's event log after old partitions were dropped (EVENTS_RETENTION): the tally
-- after the last dropped event, and the version and the time of that event.
CREATE TABLE vote_bases (
    project_id bigint      PRIMARY KEY REFERENCES projects,
    version    bigint      NOT NULL CHECK (version > 0),
    upvotes    bigint      NOT NULL CHECK (upvotes >= 0),
    downvotes  bigint      NOT NULL CHECK (downvotes >= 0),
    last_at    timestamptz NOT NULL
);

-- migrate:down
-- Forward only: restore a backup instead.
