#!/bin/sh
# Make the role and the database of the board when the container of PostgreSQL starts for the first time.
set -eu
psql --set=ON_ERROR_STOP=1 --set=password="$POSTGRES_PASSWORD" --username "$POSTGRES_USER" <<'END'
CREATE ROLE upvote LOGIN PASSWORD :'password';
CREATE DATABASE upvote OWNER upvote;
END
