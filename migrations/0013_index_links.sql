-- migrate:up

-- Two links count as equal if they differ only in scheme, www, case, a final slash or the part after
-- "#".
CREATE FUNCTION link_key(url text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT lower(regexp_replace(url, '^https?://(www\.)?|/*(#.*)?$', '', 'gi'))
$$;
-- The index has a digest, because an index entry is limited to a third of a page and a link may be
-- longer.
CREATE INDEX projects_link ON projects (md5(link_key(url)))
    WHERE url IS NOT NULL AND deleted_at IS NULL AND hidden_at IS NULL;

-- migrate:down
-- Forward only: restore a backup instead.
