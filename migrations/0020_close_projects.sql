-- migrate:up

ALTER TABLE projects
    ADD COLUMN IF NOT EXISTS hidden_at  timestamptz,
    ADD COLUMN IF NOT EXISTS locked_at  timestamptz,
    ADD COLUMN IF NOT EXISTS deleted_at timestamptz;

-- Whether a project takes votes: 0 open, 1 locked, 2 gone. Redis is told after PostgreSQL has changed;
-- closed_told is what it was told last, and the worker tells it again where the two differ.
ALTER TABLE projects
    ADD COLUMN closed smallint GENERATED ALWAYS AS (
        CASE
            WHEN deleted_at IS NOT NULL OR hidden_at IS NOT NULL THEN 2
            WHEN locked_at IS NOT NULL THEN 1
            ELSE 0
        END
    ) STORED,
    ADD COLUMN closed_told smallint NOT NULL DEFAULT 0;
CREATE INDEX projects_untold ON projects (id) WHERE closed <> closed_told;

-- migrate:down
-- Forward only: restore a backup instead.
