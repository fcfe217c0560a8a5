-- migrate:up

-- The best place of a project in a list, among the first hundred, and the time when it got there. The
-- worker updates it with each sync, and writes a row only for a better place.
CREATE TABLE best_places (
    project_id bigint      NOT NULL REFERENCES projects,
    list       text        NOT NULL,
    place      integer     NOT NULL CHECK (place BETWEEN 1 AND 100),
    reached_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, list)
);

-- migrate:down
-- Forward only: restore a backup instead.
