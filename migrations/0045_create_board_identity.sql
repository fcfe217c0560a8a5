-- migrate:up
-- One row: the id from which feeds make theirs, so that these follow no Host header. A backup holds it.
CREATE TABLE board_identity (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    id       uuid NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO board_identity DEFAULT VALUES;

-- migrate:down
-- Forward only: restore a backup instead.
