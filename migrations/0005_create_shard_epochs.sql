-- migrate:up

-- An epoch is the time during which Redis' copy of a shard has been one unbroken whole. A new one
-- begins when Redis is found empty, older than PostgreSQL, or another's: then every project of the
-- shard is cold and hydrates anew. Acknowledged votes between lost_from and started_at may be missing.
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

-- Events that the log cannot take, since their project or user is not in this database.
CREATE TABLE vote_events_rejected (
    shard       integer     NOT NULL,
    entry_id    text        NOT NULL,
    vote        text        NOT NULL,
    rejected_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (shard, entry_id)
);

-- migrate:down
-- Forward only: restore a backup instead.
