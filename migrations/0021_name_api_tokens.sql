-- migrate:up

-- last_used_at is updated at most once a minute.
ALTER TABLE api_tokens
    ADD COLUMN name text NOT NULL DEFAULT 'token' CHECK (char_length(name) BETWEEN 1 AND 60),
    ADD COLUMN last_used_at timestamptz;

-- migrate:down
-- Forward only: restore a backup instead.
