-- migrate:up

-- Two links are the same but for scheme, www, case, a slash at the end and what is behind "#".
CREATE FUNCTION link_key(url text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT lower(regexp_replace(url, '^https?://(www\.)?|/*(#.*)?$', '', 'gi'))
$$;
-- A digest, since an entry of an index is no longer than a third of a page and a link may be.
CREATE INDEX projects_link ON projects (md5(link_key(url)))
    WHERE url IS NOT NULL AND deleted_at IS NULL AND hidden_at IS NULL;

-- migrate:down
-- Forward only: restore a backup instead.
