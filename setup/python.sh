#!/usr/bin/env bash
# .venv with the locked packages, hash by hash.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
[ .venv/installed -nt requirements.lock ] && [ .venv/installed -nt pyproject.toml ] && exit 0
python3 -c 'import ensurepip' 2>/dev/null || { apt-get -qq update; DEBIAN_FRONTEND=noninteractive apt-get -qq install -y python3-venv >/dev/null; }
say "setup: installing Python packages"
python3 -m venv .venv
.venv/bin/pip -q install --require-hashes -r requirements.lock
.venv/bin/pip -q install --no-deps -e .
touch .venv/installed
