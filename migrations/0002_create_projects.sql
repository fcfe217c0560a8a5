-- migrate:up

-- Only sync_tallies writes the tally columns. PostgreSQL computes the rank columns from them, so a rank
-- never disagrees with its tally.
-- hot: sign(s) * log10(max(|s|, 1)) + t / 45000, t in seconds since 2020-01-01 (Reddit's r2,
-- lib/db/_sorts.pyx; another epoch shifts every rank alike).
CREATE TABLE projects (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    author_id    bigint      NOT NULL REFERENCES users,
    title        text        NOT NULL CHECK (char_length(title) BETWEEN 1 AND 120),
    url          text        CHECK (url ~ '^https?://' AND char_length(url) <= 2000),
    description  text        NOT NULL DEFAULT '' CHECK (char_length(description) <= 5000),
    created_at   timestamptz NOT NULL DEFAULT now(),
    upvotes      integer     NOT NULL DEFAULT 0 CHECK (upvotes >= 0),
    downvotes    integer     NOT NULL DEFAULT 0 CHECK (downvotes >= 0),
    vote_version bigint      NOT NULL DEFAULT 0 CHECK (vote_version >= 0),
    score        integer     GENERATED ALWAYS AS (upvotes - downvotes) STORED,
    hot          double precision GENERATED ALWAYS AS (
        sign((upvotes - downvotes)::double precision)
            * log(greatest(abs(upvotes - downvotes), 1)::double precision)
        + extract(epoch FROM created_at - timestamptz '2020-01-01 00:00:00+00')::double precision
            / 45000
    ) STORED
) WITH (fillfactor = 85);

CREATE INDEX projects_hot ON projects (hot DESC, id DESC);
CREATE INDEX projects_new ON projects (created_at DESC, id DESC);
CREATE INDEX projects_top ON projects (score DESC, id DESC);
CREATE INDEX projects_author ON projects (author_id, created_at DESC);

-- migrate:down
-- Forward only: restore a backup instead.
