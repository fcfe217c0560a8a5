-- migrate:up

-- The time of the last edit by the author; feeds contain it.
ALTER TABLE projects ADD COLUMN edited_at timestamptz;

-- migrate:down
-- Forward only: restore a backup instead.
