-- migrate:up

-- An invitation lets people make accounts: `used` of its `uses` are made, and it counts deleted ones too.
-- `admin_id` is who made it; null: the command line. Its accounts are admins if `makes_admins`.
CREATE TABLE invitations (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code         text        NOT NULL UNIQUE CHECK (code ~ '^[0-9a-z]{24}$'),
    label        text        NOT NULL DEFAULT '' CHECK (char_length(label) <= 400),
    uses         integer     NOT NULL CHECK (uses > 0),
    used         integer     NOT NULL DEFAULT 0 CHECK (used BETWEEN 0 AND uses),
    until        timestamptz,
    makes_admins boolean     NOT NULL DEFAULT false,
    admin_id     bigint, -- no reference: users refer to this table, and a backup copies it before them
    created_at   timestamptz NOT NULL DEFAULT now(),
    revoked_at   timestamptz
);

-- The invitation that the account was made with.
ALTER TABLE users ADD COLUMN invitation_id bigint REFERENCES invitations;
CREATE INDEX users_invitation ON users (invitation_id) WHERE invitation_id IS NOT NULL;

-- migrate:down
-- Forward only: restore a backup instead.
