-- migrate:up

-- The Redis server that was compared last with a shard; null: by an earlier version of Upvote.
ALTER TABLE stream_checkpoints ADD COLUMN server text;

-- rewound: PostgreSQL was older than Redis, and was written again from it. diverged: another Redis had
-- been in use meanwhile. merged: events that had been set aside were taken in.
-- is_complete: all acknowledged votes of the window are known to be here.
ALTER TABLE shard_epochs
    ADD COLUMN is_complete boolean NOT NULL DEFAULT false,
    DROP CONSTRAINT shard_epochs_reason_check,
    ADD CONSTRAINT shard_epochs_reason_check
        CHECK (reason IN ('first', 'emptied', 'older', 'foreign', 'rewound', 'diverged', 'merged'));

-- Which process uses which Redis server for a shard, and when it last did. A Redis takes a shard over
-- only while no other one is in use. Rows count for seconds only, so they need not survive a crash.
CREATE TABLE redis_uses (
    process text        NOT NULL,
    shard   integer     NOT NULL,
    server  text        NOT NULL,
    address text        NOT NULL,
    votes   boolean     NOT NULL, -- whether the server accepts votes
    worker  boolean     NOT NULL, -- whether the process persists events
    since   timestamptz NOT NULL DEFAULT clock_timestamp(),
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (process, shard)
) WITH (fillfactor = 50);
ALTER TABLE redis_uses SET UNLOGGED;

-- Events of a Redis that is not in use for this board. Those of an epoch that shard_epochs knows are
-- taken in by the next comparison: `foreign` ones wait for `upvote recover`.
CREATE TABLE vote_events_set_aside (
    shard        integer     NOT NULL,
    epoch        text        NOT NULL,
    ms           bigint      NOT NULL,
    seq          bigint      NOT NULL,
    project_id   bigint      NOT NULL,
    user_id      bigint      NOT NULL,
    old_value    smallint    NOT NULL,
    new_value    smallint    NOT NULL,
    version      bigint      NOT NULL,
    "foreign"    boolean     NOT NULL,
    set_aside_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at  timestamptz,
    outcome      text CHECK (outcome IN ('taken in', 'superseded', 'dismissed')),
    PRIMARY KEY (shard, epoch, ms, seq, project_id, version)
);
CREATE INDEX vote_events_set_aside_waiting ON vote_events_set_aside (shard, ms, seq)
    WHERE finished_at IS NULL;

-- migrate:down
-- Forward only: restore a backup instead.
