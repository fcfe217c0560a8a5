-- migrate:up

-- What no version since 0042 reads, but each change of a tally and of a project had to keep: the column
-- of the rank by the lower bound (best_rank is its successor) and the key of links that SQL made.
DROP INDEX projects_best_column, projects_link;
ALTER TABLE projects DROP COLUMN best;
DROP FUNCTION link_key(text);

-- Whether the results are final is told by heads. These counts had to read all votes and events; the
-- version before this one still writes them.
ALTER TABLE final_results ALTER COLUMN events DROP NOT NULL, ALTER COLUMN votes DROP NOT NULL,
    ALTER COLUMN voters DROP NOT NULL;

-- migrate:down
-- Forward only: restore a backup instead.
