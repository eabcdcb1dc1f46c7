#!/usr/bin/env bash
# Starts the built stack and says in one sentence why it could not: the port that is taken, or the container that is not well.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

# Checked before the start: Asterisk comes up without its SIP port, and would only be silent. Our own running containers may hold theirs.
if [ -z "$(docker compose ps -q --status running)" ]; then
  while read -r name port socket; do
    holder=$(ss -Hlnp "$socket" "sport = :$port" | sed -nE 's/.*users:\(\("([^"]+)",pid=([0-9]+).*/\1, process \2/p; t; s/.*/a process of another user/p' | head -n 1)
    [ -z "$holder" ] || die "up: port $port is taken by $holder. Stop it, or choose another with $name=PORT make up"
  done <<PORTS
KC_SIP_PORT ${KC_SIP_PORT:-5060} -u
KC_AMI_PORT ${KC_AMI_PORT:-5038} -t
KC_REDIS_PORT ${KC_REDIS_PORT:-6379} -t
KC_WEB_PORT ${KC_WEB_PORT:-8000} -t
KC_PROMETHEUS_PORT ${KC_PROMETHEUS_PORT:-9090} -t
PORTS
fi

say "up: starting"
docker compose up -d --wait --wait-timeout 120 2>/dev/null && exit 0
docker compose ps -a --format '{{.Service}} {{.State}} {{.Health}}' | while read -r service state health; do
  [ "$state $health" = "running healthy" ] && continue
  say "up: $service is $state${health:+ ($health)}; its last lines:"
  docker compose logs --no-color --no-log-prefix --tail 8 "$service" >&2
done
die "up: not everything is healthy. 'docker compose logs SERVICE' shows all of it, 'make up' tries again"
