# shellcheck shell=bash
# What the scripts share. Sourced; expects `set -euo pipefail`.

say() { printf '==> %s\n' "$*" >&2; }
die() {
  printf '%s: error: %s\n' "$(basename "$0")" "$1" >&2
  [ -z "${2:-}" ] || printf 'hint: %s\n' "$2" >&2
  exit "${3:-1}"
}

# Runs a command as root, with sudo where we are not.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "this needs root, and sudo is not installed" "run as root: scripts/deps"
  fi
}

# Prints how many compilers may run at once: one a core, and about 2 GB of free memory for each, as the heaviest files
# take that much.
job_count() {
  local kib_free cgroup_max cores jobs
  cores=$(nproc)
  kib_free=$(awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo)
  cgroup_max=$(cat /sys/fs/cgroup/memory.max 2>/dev/null || echo max)
  if [ "$cgroup_max" != max ] && [ $((cgroup_max / 1024)) -lt "$kib_free" ]; then
    kib_free=$((cgroup_max / 1024))
  fi
  jobs=$(((kib_free + 1024 * 1024) / (2 * 1024 * 1024)))
  if [ "$jobs" -gt "$cores" ]; then jobs=$cores; fi
  if [ "$jobs" -lt 1 ]; then jobs=1; fi
  echo "$jobs"
}
