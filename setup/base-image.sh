#!/usr/bin/env bash
# debian:forky-slim: pulled, or made here from the host's own Debian mirror where no image registry is reachable.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
image=debian:forky-slim
docker image inspect "$image" >/dev/null 2>&1 && exit 0
say "setup: pulling $image"
timeout 60 docker pull -q "$image" >/dev/null 2>&1 && exit 0
say "setup: no registry answers, making $image with debootstrap"
command -v debootstrap >/dev/null || { apt-get -qq update; DEBIAN_FRONTEND=noninteractive apt-get -qq install -y debootstrap >/dev/null; }
root=$(mktemp -d); trap 'rm -rf "$root"' EXIT
debootstrap --variant=minbase --include=ca-certificates forky "$root" "$("$(dirname "$0")/mirror.sh")" /usr/share/debootstrap/scripts/sid >/dev/null \
  || { tail -n 5 "$root/debootstrap/debootstrap.log" >&2; die "setup: debootstrap failed: is the Debian mirror in /etc/apt reachable?"; }
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"   # a municipality's proxy may inspect TLS
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
tar -C "$root" -c . | docker import --change 'CMD ["bash"]' - "$image" >/dev/null
