#!/usr/bin/env bash
# Installs the Debian packages of the commands that are named and missing.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
declare -A package=([sipp]=sip-tester [redis-server]=redis-server [espeak-ng]=espeak-ng [sox]=sox)
missing=()
for command in "$@"; do command -v "$command" >/dev/null || missing+=("${package[$command]}"); done
[ ${#missing[@]} = 0 ] && exit 0
[ "$(id -u)" = 0 ] || die "setup: ${missing[*]} are missing and only root can install them: run as root, or install them yourself"
say "setup: installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get -qq -o Acquire::Check-Valid-Until=false update
apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null 2>&1 || die "setup: ${missing[*]} could not be installed: try 'apt-get install ${missing[*]}'"
