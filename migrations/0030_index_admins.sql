-- migrate:up

-- Each web process asks every few seconds who is an admin, for when PostgreSQL is away.
CREATE INDEX users_admins ON users (id) WHERE is_admin;

-- migrate:down
-- Forward only: restore a backup instead.
