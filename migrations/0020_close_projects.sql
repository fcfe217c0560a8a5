-- migrate:up

-- Whether a project takes votes: 0 open, 1 locked, 2 gone. The value is published to Redis after it
-- changed here. closed_told is the value published last; where the two differ, the worker publishes
-- again.
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
