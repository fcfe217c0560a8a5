-- migrate:up
-- Keyed digests of the names of deleted accounts, so that nobody takes such a name and is mistaken for
-- who had it. Nothing links them to the accounts.
CREATE TABLE former_names (
    digest bytea PRIMARY KEY CHECK (octet_length(digest) = 32)
);

-- migrate:down
-- Forward only: restore a backup instead.
