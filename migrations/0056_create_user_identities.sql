-- migrate:up

-- An account at an OpenID provider with which somebody signs in. The issuer names the provider, and the
-- subject is the provider's own id of the person, which stays while names and addresses change.
CREATE TABLE user_identities (
    issuer       text        NOT NULL,
    subject      text        NOT NULL CHECK (char_length(subject) BETWEEN 1 AND 255),
    user_id      bigint      NOT NULL REFERENCES users,
    connected_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (issuer, subject),
    UNIQUE (user_id, issuer)
);

-- An account that signs in with a provider needs no password.
ALTER TABLE users ALTER COLUMN password_hash DROP NOT NULL;

-- migrate:down
-- Forward only: restore a backup instead.
