-- migrate:up

-- An epoch is a period during which the copy of a shard in Redis is complete. A new one begins when
-- Redis is empty, older than PostgreSQL, or belongs to another database. Then every project of the
-- shard is cold and is hydrated again. Acknowledged votes between lost_from and started_at may be
-- missing.
ALTER TABLE stream_checkpoints ADD COLUMN epoch text;
ALTER TABLE vote_heads ADD COLUMN epoch text;

CREATE TABLE shard_epochs (
    epoch      text        PRIMARY KEY,
    shard      integer     NOT NULL CHECK (shard >= 0),
    reason     text        NOT NULL CHECK (reason IN ('first', 'emptied', 'older', 'foreign')),
    lost_from  timestamptz,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX shard_epochs_shard ON shard_epochs (shard, started_at);

-- Events that vote_events cannot accept, because their project or user is not in this database.
CREATE TABLE vote_events_rejected (
    shard       integer     NOT NULL,
    entry_id    text        NOT NULL,
    vote        text        NOT NULL,
    rejected_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (shard, entry_id)
);

-- migrate:down
-- Forward only: restore a backup instead.
