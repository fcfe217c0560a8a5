-- migrate:up

-- The best place that a project has had in a list, of the first hundred, and when it got there. The
-- worker notes it with each sync; a row is written only when a place is a better one.
CREATE TABLE best_places (
    project_id bigint      NOT NULL REFERENCES projects,
    list       text        NOT NULL,
    place      integer     NOT NULL CHECK (place BETWEEN 1 AND 100),
    reached_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, list)
);

-- migrate:down
-- Forward only: restore a backup instead.
