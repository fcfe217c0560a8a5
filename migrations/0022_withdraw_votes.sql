-- migrate:up

-- A deleted account keeps its row, because events and projects refer to it, but loses its name.
ALTER TABLE users ADD COLUMN deleted_at timestamptz;

-- Users whose votes the worker removes from the tallies, in batches.
-- total is the number of votes at the start.
CREATE TABLE withdrawals (
    user_id      bigint      PRIMARY KEY REFERENCES users,
    requested_at timestamptz NOT NULL DEFAULT now(),
    total        bigint      NOT NULL,
    finished_at  timestamptz
);

-- migrate:down
-- Forward only: restore a backup instead.
