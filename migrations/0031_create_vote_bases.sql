-- migrate:up

-- Where the event log of a project begins, once its old partitions were dropped (EVENTS_RETENTION): the
-- tally that the dropped events led to, and the version and the time of the last of them.
CREATE TABLE vote_bases (
    project_id bigint      PRIMARY KEY REFERENCES projects,
    version    bigint      NOT NULL CHECK (version > 0),
    upvotes    bigint      NOT NULL CHECK (upvotes >= 0),
    downvotes  bigint      NOT NULL CHECK (downvotes >= 0),
    last_at    timestamptz NOT NULL
);

-- migrate:down
-- Forward only: restore a backup instead.
