-- migrate:up

-- The key under which another site knows a project, such as article-42. A deleted project keeps its key, so
-- that what happened to it can still be told by key; the key then names nothing, and may be given out again.
ALTER TABLE projects
    ADD COLUMN key text COLLATE "C" CHECK (key ~ '^[A-Za-z0-9._~:-]{1,128}$');

CREATE UNIQUE INDEX projects_key ON projects (key) WHERE key IS NOT NULL AND deleted_at IS NULL;

-- What a token may do beside what every token may.
ALTER TABLE api_tokens
    ADD COLUMN scopes text[] NOT NULL DEFAULT '{}' CHECK (scopes <@ ARRAY['projects']);

-- migrate:down
-- Forward only: restore a backup instead.
