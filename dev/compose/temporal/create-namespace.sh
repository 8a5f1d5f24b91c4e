#!/bin/sh
# The namespace of the registrations and what it needs. TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE, which the Temporal CLI
# reads too, say where. Safe to run again.
set -eu

: "${TEMPORAL_ADDRESS:?is not set}" "${TEMPORAL_NAMESPACE:?is not set}"
# 30 days in which support can look back at a closed registration; histories hold ids only, no personal data.
retention=720h

# A server that has just begun to listen refuses for a while, and a new namespace or attribute takes seconds to be known
# to all its parts.
run() {
  attempt=1
  until output=$("$@" 2>&1); do
    if [ "$attempt" -ge 30 ]; then
      echo "$output" >&2
      echo "$* failed $attempt times" >&2
      exit 1
    fi
    attempt=$((attempt + 1))
    sleep 2
  done
}

namespace_exists() {
  temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1
}

create_namespace() {
  namespace_exists || temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$retention"
}

run temporal operator cluster health
run create_namespace
# For one that was made by hand, or with another retention.
run temporal operator namespace update --namespace "$TEMPORAL_NAMESPACE" --retention "$retention"
# Without them every workflow task would fail for ever. Adding one that is there is no error.
run temporal operator search-attribute create --name RegistrationState --type Keyword
run temporal operator search-attribute create --name RegistrationKind --type Keyword
run temporal operator search-attribute create --name RegistrationAttention --type Bool
echo "Namespace $TEMPORAL_NAMESPACE is ready"
