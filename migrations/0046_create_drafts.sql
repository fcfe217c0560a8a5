-- migrate:up

-- What somebody wrote in a form whose session had ended when it was sent, by the page of the form.
-- It is shown there again after signing in, and removed after a day. fields is JSON, as text because jsonb
-- cannot hold NUL.
CREATE TABLE drafts (
    user_id  bigint      NOT NULL REFERENCES users,
    page     text        NOT NULL,
    fields   text        NOT NULL,
    saved_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, page)
);
CREATE INDEX drafts_age ON drafts (saved_at);

-- migrate:down
-- Forward only: restore a backup instead.
