-- migrate:up

-- Whoever deletes an account leaves a row behind, since events and projects refer to it, but no name.
ALTER TABLE users ADD COLUMN deleted_at timestamptz;

-- Users all of whose votes are taken out of the tallies, by the worker, a batch at a time.
-- total is how many there were when it began.
CREATE TABLE withdrawals (
    user_id      bigint      PRIMARY KEY REFERENCES users,
    requested_at timestamptz NOT NULL DEFAULT now(),
    total        bigint      NOT NULL,
    finished_at  timestamptz
);

-- migrate:down
-- Forward only: restore a backup instead.
