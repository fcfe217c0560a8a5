-- migrate:up

-- One row for every upvote or downvote; taking a vote back deletes its row.
CREATE TABLE votes (
    project_id bigint      NOT NULL REFERENCES projects,
    user_id    bigint      NOT NULL REFERENCES users,
    value      smallint    NOT NULL CHECK (value IN (-1, 1)),
    version    bigint      NOT NULL,
    voted_at   timestamptz NOT NULL,
    PRIMARY KEY (project_id, user_id)
) WITH (fillfactor = 90);
CREATE INDEX votes_user ON votes (user_id, voted_at DESC, project_id);

-- The version of the last persisted event of each project.
-- A separate table, because this value changes every second, and projects is wide and has many indexes.
CREATE TABLE vote_heads (
    project_id bigint PRIMARY KEY REFERENCES projects,
    version    bigint NOT NULL CHECK (version > 0)
) WITH (fillfactor = 50);

-- How far the stream of each shard has been persisted: the entry id (ms, seq) of the last event.
CREATE TABLE stream_checkpoints (
    shard      integer PRIMARY KEY CHECK (shard >= 0),
    last_ms    bigint      NOT NULL DEFAULT 0,
    last_seq   bigint      NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- migrate:down
-- Forward only: restore a backup instead.
