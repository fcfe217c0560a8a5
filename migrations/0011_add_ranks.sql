-- migrate:up

-- Every list is one index. PostgreSQL computes each rank from the row that it ranks, so the two cannot
-- disagree. No rank depends on the time of reading: the time is a part of the rank.

-- rising: the recent net votes, where the weight of a vote halves every three hours:
--   pace(now) = sum of change * 2^(-(now - time of the change) / 10800)
-- The decay is the same for all votes, so newer votes get a larger weight instead ("forward
-- decay", Cormode, Shkapenyuk, Srivastava, Xu 2009): momentum grows by change * 2^(age / 10800), and
-- log2(momentum) + (time of submission) / 10800 orders projects by pace at any moment.
-- A project is ranked again when it loses votes too: a vote taken back is a change of -1.
-- Only the first three days count (24 halvings, a weight of 16.7 million). Then the rank stays the same
-- and newer projects overtake it. A project without momentum ranks as if 2^-20 of a vote had come at
-- submission.
CREATE FUNCTION momentum_weight(age interval) RETURNS double precision LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN age < interval '3 days'
                THEN power(2::double precision, greatest(extract(epoch FROM age), 0)::double precision / 10800)
                ELSE 0 END
$$;

-- controversy: (u + d) ^ (min(u, d) / max(u, d)), 0 when one side has no votes (Reddit's r2,
-- r2/lib/db/_sorts.pyx).
-- best: the lower bound of the Wilson interval for the share of upvotes, with 95 % confidence
-- (Wilson 1927; Evan Miller, "How Not To Sort By Average Rating", 2009), 0 without votes:
--   (p + z*z/2n - z * sqrt((p * (1 - p) + z*z/4n) / n)) / (1 + z*z/n), p = u/n, n = u + d, z = 1.96
-- with both sides multiplied by n: z*z = 3.8416, z*z/2 = 1.9208, z*z/4 = 0.9604.
ALTER TABLE projects
    ADD COLUMN momentum    double precision NOT NULL DEFAULT 0,
    ADD COLUMN controversy double precision GENERATED ALWAYS AS (
        CASE WHEN upvotes = 0 OR downvotes = 0 THEN 0
             ELSE power(upvotes::double precision + downvotes,
                        least(upvotes, downvotes)::double precision / greatest(upvotes, downvotes))
        END
    ) STORED,
    ADD COLUMN best        double precision GENERATED ALWAYS AS (
        CASE WHEN upvotes = 0 AND downvotes = 0 THEN 0
             ELSE (upvotes + 1.9208::double precision
                   - 1.96::double precision * sqrt(
                         upvotes::double precision * downvotes / (upvotes::double precision + downvotes)
                         + 0.9604::double precision))
                  / (upvotes::double precision + downvotes + 3.8416::double precision)
        END
    ) STORED;
ALTER TABLE projects
    ADD COLUMN rising      double precision GENERATED ALWAYS AS (
        ln(greatest(momentum, power(2::double precision, -20))) / ln(2::double precision)
        + extract(epoch FROM created_at - timestamptz '2020-01-01 00:00:00+00')::double precision / 10800
    ) STORED;

CREATE INDEX projects_rising ON projects (rising DESC, id DESC)
    WHERE deleted_at IS NULL AND hidden_at IS NULL;
CREATE INDEX projects_controversial ON projects (controversy DESC, id DESC)
    WHERE deleted_at IS NULL AND hidden_at IS NULL;
CREATE INDEX projects_best ON projects (best DESC, id DESC)
    WHERE deleted_at IS NULL AND hidden_at IS NULL;

-- migrate:down
-- Forward only: restore a backup instead.
