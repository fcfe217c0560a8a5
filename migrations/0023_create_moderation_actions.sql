-- migrate:up

-- The moderation log: what admins did, to which project or user, and why. Append-only.
CREATE TABLE moderation_actions (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    admin_id   bigint      NOT NULL REFERENCES users,
    action     text        NOT NULL CHECK (action IN
        ('hide', 'restore', 'lock', 'unlock', 'suspend', 'unsuspend', 'withdraw')),
    project_id bigint      REFERENCES projects,
    user_id    bigint      REFERENCES users,
    reason     text        NOT NULL CHECK (char_length(reason) BETWEEN 1 AND 500),
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK (num_nonnulls(project_id, user_id) = 1)
);
CREATE INDEX moderation_actions_project ON moderation_actions (project_id, id DESC);
CREATE INDEX moderation_actions_user ON moderation_actions (user_id, id DESC);

-- The projects that admins have hidden or locked.
CREATE INDEX projects_closed ON projects (id DESC) WHERE closed <> 0 AND deleted_at IS NULL;

-- migrate:down
-- Forward only: restore a backup instead.
