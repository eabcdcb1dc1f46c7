#!/usr/bin/env bash
# Builds the stack's images; the arguments choose the Compose project and its files.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
folder=$(docker info --format '{{.DockerRootDir}}')
free=$(df --output=avail -BM "$folder" | tr -dc 0-9)
[ "$free" -gt 2500 ] || die "setup: only $free MB are free in $folder, the images need 2500: free some disk, 'docker image prune' may help"
say "setup: building images"
docker compose "$@" build -q 2>&1 | { grep -v 'level=warning' || true; } >&2
