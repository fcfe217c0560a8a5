-- migrate:up

-- The list of suspended accounts, in the order of their registration.
CREATE INDEX users_suspended ON users (id) WHERE suspended_at IS NOT NULL;

-- A moderator's withdrawal takes votes out at any time; that of a deleted account only while voting is
-- open. Those that are under way for accounts that still exist were requested by a moderator.
ALTER TABLE withdrawals ADD COLUMN by_moderator boolean NOT NULL DEFAULT false;
UPDATE withdrawals SET by_moderator = true
WHERE user_id IN (SELECT id FROM users WHERE deleted_at IS NULL);
CREATE INDEX withdrawals_requested ON withdrawals (requested_at DESC) WHERE by_moderator;

-- What looks odd: bursts of accounts that voted on one project alone. The worker replaces the rows every
-- minute. A burst is known by its project, the vote and its first account.
CREATE TABLE odd_votes (
    project_id   bigint      NOT NULL REFERENCES projects,
    value        smallint    NOT NULL CHECK (value IN (-1, 1)),
    first_id     bigint      NOT NULL,
    user_ids     bigint[]    NOT NULL,
    made_from    timestamptz NOT NULL, -- when the first and the last of the accounts were made
    made_until   timestamptz NOT NULL,
    voted_from   timestamptz NOT NULL,
    voted_until  timestamptz NOT NULL,
    oldest       interval    NOT NULL, -- the greatest age of such an account when its vote was changed last
    votes        bigint      NOT NULL, -- all votes of this value on the project
    other_lone   bigint      NOT NULL, -- votes on other projects by accounts made meanwhile: by those with one vote
    other_votes  bigint      NOT NULL, -- and by all of them
    excess       double precision NOT NULL,
    PRIMARY KEY (project_id, value, first_id)
);

-- migrate:down
-- Forward only: restore a backup instead.
