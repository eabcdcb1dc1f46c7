#!/usr/bin/env bash
# .venv/peers with what the bench is held against: packages that cannot stand beside ours, locked hash by hash.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
lock=bench/peers/requirements.lock
[ .venv/peers/installed -nt $lock ] && exit 0
say "setup: installing the bench's peers"
python3 -m venv .venv/peers
.venv/peers/bin/pip -q install --require-hashes -r $lock
touch .venv/peers/installed
