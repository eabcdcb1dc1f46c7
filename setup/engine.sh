#!/usr/bin/env bash
# A working Docker Engine and Compose, installed from Debian's packages where they are missing. Can be repeated.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

apt_get() {
  [ "$(id -u)" = 0 ] || die "setup: $1 is missing and only root can install it: run as root, or install $1 yourself"
  shift
  command -v apt-get >/dev/null || die "setup: no apt-get here: install Docker Engine and Compose yourself"
  say "setup: installing $*"
  DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Check-Valid-Until=false update
  DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@" >/dev/null
}

if ! docker info >/dev/null 2>&1; then
  [ "$(id -u)" = 0 ] || ! command -v docker >/dev/null || die "setup: Docker does not answer this user: run as root, or as a member of the group docker"
  command -v dockerd >/dev/null || apt_get "Docker Engine" docker.io iptables
  if [ -d /run/systemd/system ]; then systemctl start docker; else setsid nohup dockerd >/var/log/dockerd.log 2>&1 & fi
  for _ in $(seq 60); do docker info >/dev/null 2>&1 && break; sleep 0.5; done
  docker info >/dev/null 2>&1 || die "setup: dockerd did not start: see /var/log/dockerd.log"
fi

# Compose 2.40 stands in Debian's next release as one self-contained binary, which also runs on this one.
if ! docker compose version >/dev/null 2>&1; then
  command -v debootstrap >/dev/null || apt_get debootstrap debootstrap
  work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
  mirror=$("$(dirname "$0")/mirror.sh")
  mkdir -p "$work"/{lists/partial,cache/archives/partial}
  echo "deb $mirror forky main" > "$work/sources.list"
  options=(-o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists="$work/lists"
    -o Dir::Cache="$work/cache" -o Acquire::Check-Valid-Until=false -o APT::Sandbox::User=root)
  apt-get -qq "${options[@]}" update
  (cd "$work" && apt-get -qq "${options[@]}" download docker-compose)
  dpkg-deb -x "$work"/docker-compose_*.deb "$work/tree"
  binary=$(find "$work/tree" -type f -name docker-compose -size +1M | head -n 1)
  [ -n "$binary" ] || die "setup: the docker-compose package holds no binary: install Compose 2 yourself"
  install -D -m 755 "$binary" /usr/local/lib/docker/cli-plugins/docker-compose
  docker compose version >/dev/null || die "setup: Compose does not run: install Compose 2 yourself"
fi
