# Words for the set-up scripts: sourced, never run.
if [ -t 2 ]; then bold=$'\e[1m' red=$'\e[31m' plain=$'\e[0m'; else bold='' red='' plain=''; fi
say() { echo "${bold}$1${plain}" >&2; }
die() { echo "${red}$1${plain}" >&2; exit 1; }
