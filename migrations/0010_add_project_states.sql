-- migrate:up

-- deleted: by the author. hidden: by an admin. No list shows these projects, but their votes and their
-- event log stay. locked: shown, but takes no votes.
ALTER TABLE projects
    ADD COLUMN deleted_at timestamptz,
    ADD COLUMN hidden_at  timestamptz,
    ADD COLUMN locked_at  timestamptz;

-- The indexes of the lists contain only the projects that the lists show.
DROP INDEX projects_hot, projects_new, projects_top;
CREATE INDEX projects_hot ON projects (hot DESC, id DESC)
    WHERE deleted_at IS NULL AND hidden_at IS NULL;
CREATE INDEX projects_new ON projects (created_at DESC, id DESC)
    WHERE deleted_at IS NULL AND hidden_at IS NULL;
CREATE INDEX projects_top ON projects (score DESC, id DESC)
    WHERE deleted_at IS NULL AND hidden_at IS NULL;

-- migrate:down
-- Forward only: restore a backup instead.
