-- migrate:up

-- What an organiser sets while the board runs. Null: the default (app/board/settings.py).
-- `revision` grows with every change. Times are whole milliseconds, as those of events are.
CREATE TABLE board_settings (
    only_row         boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    revision         bigint      NOT NULL DEFAULT 1,
    name             text,
    tagline          text,
    logo             text, -- the digest of its bytes in board_logos
    accent           text,
    welcome          text,
    timezone         text,
    registration     text CHECK (registration IN ('open', 'invited', 'closed')),
    private          boolean,
    submit_from      timestamptz,
    submit_until     timestamptz,
    vote_from        timestamptz,
    vote_until       timestamptz,
    tallies          text CHECK (tallies IN ('public', 'after_voting', 'after_reveal')),
    revealed_at      timestamptz,
    downvotes        boolean,
    self_votes       boolean,
    min_downvote_age integer CHECK (min_downvote_age >= 0),
    budget           integer CHECK (budget >= 0),
    CHECK (submit_from < submit_until),
    CHECK (vote_from < vote_until)
);
INSERT INTO board_settings DEFAULT VALUES;

CREATE TABLE board_logos (
    digest text PRIMARY KEY,
    type   text  NOT NULL CHECK (type IN ('image/png', 'image/jpeg', 'image/webp')),
    bytes  bytea NOT NULL
);

-- A track is a group of projects that are ranked among themselves. A project is in one or none.
CREATE TABLE tracks (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slug       text        NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$'),
    name       text        NOT NULL CHECK (char_length(name) BETWEEN 1 AND 240),
    created_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE projects ADD COLUMN track_id bigint REFERENCES tracks;
CREATE INDEX projects_track ON projects (track_id) WHERE track_id IS NOT NULL;

-- The people whom an author names as members of a project's team; they accept on the board.
CREATE TABLE project_members (
    project_id  bigint      NOT NULL REFERENCES projects,
    user_id     bigint      NOT NULL REFERENCES users,
    invited_at  timestamptz NOT NULL DEFAULT now(),
    accepted_at timestamptz,
    PRIMARY KEY (project_id, user_id)
);
CREATE INDEX project_members_user ON project_members (user_id);

-- Written once all events of the voting are in PostgreSQL and verified. It holds for one end of voting.
CREATE TABLE final_results (
    vote_until  timestamptz PRIMARY KEY,
    events      bigint      NOT NULL, -- how many events the log had then
    votes       bigint      NOT NULL,
    voters      bigint      NOT NULL,
    verified_at timestamptz NOT NULL DEFAULT now()
);

-- The moderation log also holds changes of the board, which concern no project and no user, and changes
-- that were made on the command line, where nobody is signed in.
ALTER TABLE moderation_actions
    ALTER COLUMN admin_id DROP NOT NULL,
    DROP CONSTRAINT moderation_actions_check,
    DROP CONSTRAINT moderation_actions_action_check,
    DROP CONSTRAINT moderation_actions_reason_check,
    ADD CONSTRAINT moderation_actions_reason_check CHECK (char_length(reason) BETWEEN 1 AND 10000),
    ADD CONSTRAINT moderation_actions_concerns_check CHECK (num_nonnulls(project_id, user_id) <= 1);

-- migrate:down
-- Forward only: restore a backup instead.
