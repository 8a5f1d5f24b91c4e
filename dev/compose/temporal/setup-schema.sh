#!/bin/sh
# Makes and updates the tables in Temporal's two databases. SQL_HOST, SQL_USER and the others say where; the databases
# exist already (database-roles made them). Safe to run again: the tool records the version that it reached.
set -eu

: "${SQL_HOST:?is not set}" "${SQL_USER:?is not set}" "${SQL_PASSWORD:?is not set}" "${SQL_PLUGIN:?is not set}"

run() {
  attempt=1
  until temporal-sql-tool "$@"; do
    if [ "$attempt" -ge 10 ]; then
      echo "temporal-sql-tool $* failed $attempt times" >&2
      exit 1
    fi
    attempt=$((attempt + 1))
    sleep 3
  done
}

for part in temporal visibility; do
  case $part in
    temporal) database=temporal ;;
    visibility) database=temporal_visibility ;;
  esac
  # Version 0.0 makes only the table that holds the version; the update brings the rest, and every later one.
  run --database "$database" setup-schema --version 0.0
  run --database "$database" update-schema --schema-name "postgresql/v12/$part"
done
echo "Temporal's tables are in place"
