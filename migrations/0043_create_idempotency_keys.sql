-- migrate:up

-- What a form or an API call with a key has created, so that sending it again creates nothing more.
-- key and fingerprint are SHA-256 digests: of the key, and of what was sent with it. secret is random;
-- the text of a new API token is derived from it and SECRET_KEY, to be shown again to a second click.
CREATE TABLE idempotency_keys (
    user_id     bigint      NOT NULL REFERENCES users,
    key         bytea       NOT NULL,
    fingerprint bytea       NOT NULL,
    project_id  bigint,
    secret      bytea,
    created_at  timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz NOT NULL,
    PRIMARY KEY (user_id, key)
);
CREATE INDEX idempotency_keys_expired ON idempotency_keys (expires_at);

-- migrate:down
-- Forward only: restore a backup instead.
