-- migrate:up

-- Links to set a new password, one of each kind for an account: those that were handed over, and those that
-- were mailed. Of the secret in a link only the SHA-256 digest is stored. A link ends a day after it was made,
-- and with everything that ends the sessions of the account (users.sessions_ended_at).
CREATE TABLE password_links (
    user_id bigint      NOT NULL REFERENCES users,
    mailed  boolean     NOT NULL,
    digest  bytea       NOT NULL UNIQUE CHECK (octet_length(digest) = 32),
    made_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, mailed)
);

-- The mail address of an account, confirmed or still to be. Shown to nobody else.
CREATE TABLE mail_addresses (
    user_id        bigint PRIMARY KEY REFERENCES users,
    address        text, -- confirmed
    confirmed_at   timestamptz,
    pending        text, -- to be confirmed by a link
    pending_digest bytea UNIQUE CHECK (octet_length(pending_digest) = 32),
    asked_at       timestamptz
);
CREATE UNIQUE INDEX mail_addresses_address ON mail_addresses (lower(address));

-- Mails that the worker has to send. They have no texts: a link is made when its mail is sent. A mail that
-- was sent is removed; one that was given up stays for a week, with the reason.
CREATE TABLE mails (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind     text        NOT NULL CHECK (kind IN ('reset', 'confirm', 'password_changed', 'address_changed')),
    user_id  bigint      REFERENCES users,
    sent_to  text        CHECK (char_length(sent_to) <= 254), -- for a reset: what was typed
    asked_at timestamptz NOT NULL DEFAULT now(),
    due_at   timestamptz NOT NULL DEFAULT now(),
    tries    integer     NOT NULL DEFAULT 0,
    problem  text,
    given_up boolean     NOT NULL DEFAULT false
);
CREATE INDEX mails_due ON mails (due_at) WHERE NOT given_up;

-- migrate:down
-- Forward only: restore a backup instead.
