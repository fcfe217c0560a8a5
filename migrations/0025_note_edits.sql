-- migrate:up

-- When its author changed a project last; feeds tell their readers by it.
ALTER TABLE projects ADD COLUMN edited_at timestamptz;

-- migrate:down
-- Forward only: restore a backup instead.
