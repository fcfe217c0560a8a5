-- migrate:up

-- The words that search looks through. Words of the title weigh more than words of the description.
ALTER TABLE projects ADD COLUMN words tsvector GENERATED ALWAYS AS (
    setweight(to_tsvector('english'::regconfig, title), 'A')
    || setweight(to_tsvector('english'::regconfig, description), 'B')
) STORED;
CREATE INDEX projects_words ON projects USING gin (words)
    WHERE deleted_at IS NULL AND hidden_at IS NULL;

-- migrate:down
-- Forward only: restore a backup instead.
