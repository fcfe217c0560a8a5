-- migrate:up

-- Sessions that began at or before sessions_ended_at are over, even if their cookies still exist.
-- A suspended account can neither sign in nor use its tokens.
ALTER TABLE users
    ADD COLUMN sessions_ended_at timestamptz,
    ADD COLUMN suspended_at      timestamptz;
CREATE INDEX users_sessions_ended ON users (sessions_ended_at) WHERE sessions_ended_at IS NOT NULL;

-- migrate:down
-- Forward only: restore a backup instead.
