-- migrate:up

-- A name in any script beside the username, and what it looks like (app/accounts/look_alikes.py), by which
-- another name that looks the same is refused. Usernames are compared by the expression of the second index;
-- it repeats in SQL what look_alikes.py does with their few characters. Neither is unique: names from before
-- this may look alike, and their accounts keep them.
ALTER TABLE users
    ADD COLUMN display_name text CHECK (char_length(display_name) BETWEEN 1 AND 300),
    ADD COLUMN display_skeleton text;

CREATE INDEX users_display_skeleton ON users (display_skeleton) WHERE display_skeleton IS NOT NULL;

CREATE INDEX users_username_skeleton ON users
    (translate(replace(replace(translate(username, '_-', ''), 'rn', 'm'), 'vv', 'w'), '01i', 'oll'))
    WHERE deleted_at IS NULL;

-- migrate:down
-- Forward only: restore a backup instead.
