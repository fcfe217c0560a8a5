-- migrate:up

-- Users of another site, who come with tokens that the site signs (HANDOVER_KEYS). The subject is the site's
-- own id of a person. `name` is the one in the newest of the tokens, which was made at `named_at`: the display
-- name follows it.
CREATE TABLE site_users (
    subject       text        PRIMARY KEY CHECK (char_length(subject) BETWEEN 1 AND 128),
    user_id       bigint      NOT NULL UNIQUE REFERENCES users,
    name          text        NOT NULL CHECK (char_length(name) <= 300),
    named_at      timestamptz NOT NULL,
    first_came_at timestamptz NOT NULL DEFAULT now()
);

-- Tokens that have signed in to pages, which each does once: the SHA-256 of their `jti`. A row is removed when
-- its token has expired.
CREATE TABLE used_handovers (
    digest     bytea       PRIMARY KEY CHECK (octet_length(digest) = 32),
    expires_at timestamptz NOT NULL
);

-- migrate:down
-- Forward only: restore a backup instead.
