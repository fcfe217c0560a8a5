-- migrate:up

-- Which links are the same is decided in Python (app/links.py), which reads them as browsers do.
-- link_key_of is the md5 of the link that link_key belongs to: the version before this one neither
-- writes the key nor changes it with the link. The worker fills in what is missing, in batches. The
-- function link_key and its index, projects_link, are for the version before.
ALTER TABLE projects ADD COLUMN link_key bytea, ADD COLUMN link_key_of text;
CREATE INDEX projects_link_key ON projects (link_key)
    WHERE link_key IS NOT NULL AND deleted_at IS NULL AND hidden_at IS NULL;
CREATE INDEX projects_without_link_key ON projects (id)
    WHERE url IS NOT NULL AND link_key_of IS DISTINCT FROM md5(url);

-- migrate:down
-- Forward only: restore a backup instead.
