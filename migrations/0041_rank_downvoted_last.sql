-- migrate:up

-- best: the lower bound of the Wilson interval, as in 0011, but without upvotes minus the downvotes.
-- The bound is 0 there, and rounding makes it a little more for some numbers of downvotes, so that
-- projects with nothing but downvotes came before projects without votes. Any rank with an upvote is
-- above 0. A function with an index, since a new generated column would rewrite the table under a lock;
-- the column best and its index are for the version before this one.
CREATE FUNCTION best_rank(upvotes integer, downvotes integer) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN upvotes = 0 THEN 0 - downvotes::double precision
                ELSE (upvotes + 1.9208::double precision
                      - 1.96::double precision * sqrt(
                            upvotes::double precision * downvotes / (upvotes::double precision + downvotes)
                            + 0.9604::double precision))
                     / (upvotes::double precision + downvotes + 3.8416::double precision)
           END
$$;
ALTER INDEX projects_best RENAME TO projects_best_column;
CREATE INDEX projects_best ON projects (best_rank(upvotes, downvotes) DESC, id DESC)
    WHERE deleted_at IS NULL AND hidden_at IS NULL;

-- migrate:down
-- Forward only: restore a backup instead.
