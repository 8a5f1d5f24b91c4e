#!/bin/sh
# Roles, databases and rights on the one PostgreSQL server of docker-compose.yml. Safe to run again: it changes
# passwords to those given and leaves data alone.
set -eu

: "${TEMPORAL_DB_PASSWORD:?is not set}" "${VESTIBULE_OWNER_PASSWORD:?is not set}" "${VESTIBULE_APP_PASSWORD:?is not set}"
here=$(dirname "$0")

attempt=1
until pg_isready --quiet; do
  if [ "$attempt" -ge 30 ]; then
    echo "PostgreSQL on ${PGHOST:-this machine} did not answer in $attempt attempts" >&2
    exit 1
  fi
  attempt=$((attempt + 1))
  sleep 2
done

# The passwords are read from the environment inside, so that no process list shows them.
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --dbname=postgres --file="$here/roles.sql"
echo 'Roles and databases are in place'
