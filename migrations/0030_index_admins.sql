-- migrate:up

-- Each web process reads the list of admins every few seconds, to know it while PostgreSQL is away.
CREATE INDEX users_admins ON users (id) WHERE is_admin;

-- migrate:down
-- Forward only: restore a backup instead.
