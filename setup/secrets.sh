#!/usr/bin/env bash
# Secrets of this installation, made once, readable by the owner alone. None has a default value.
# A file that an interrupted run left without some of them is completed; what stands in it is never changed.
set -euo pipefail
umask 077
for name in KC_AMI_SECRET KC_REDIS_PASSWORD KC_PHONE_SEED; do
  grep -qE "^$name=.{16}" secrets.env 2>/dev/null && continue
  { grep -v "^$name=" secrets.env 2>/dev/null || true; echo "$name=$(head -c 32 /dev/urandom | base64 | tr -dc 'a-zA-Z0-9')"; } > secrets.env.new
  mv secrets.env.new secrets.env
done
