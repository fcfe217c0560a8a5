-- migrate:up

-- title: the one that the project had when an admin acted on it. Entries from before have none: there
-- the log shows the title of today.
-- reason_shared: whether the form told the admin that the person concerned reads the reason, too. The
-- version before said that only admins read it.
ALTER TABLE moderation_actions
    ADD COLUMN title text,
    ADD COLUMN reason_shared boolean NOT NULL DEFAULT false;

-- migrate:down
-- Forward only: restore a backup instead.
