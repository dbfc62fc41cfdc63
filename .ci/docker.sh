#!/usr/bin/env bash
# Makes sure that a Docker daemon answers on this Debian machine, and that what the rig needs is there.
# Run as often as you like: what is there is left alone. Prints only what goes wrong.
set -euo pipefail

answers() { docker version >/dev/null 2>&1; }
log=$(mktemp)
trap 'rm -f "$log"' EXIT

packages=()
command -v dockerd >/dev/null || packages+=(docker.io)
command -v docker >/dev/null || packages+=(docker.io)
command -v iptables >/dev/null || packages+=(iptables)
command -v ip >/dev/null || packages+=(iproute2)
command -v debootstrap >/dev/null || packages+=(debootstrap)
command -v ssh >/dev/null || packages+=(openssh-client)

install() {
  apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
}
if ((${#packages[@]} > 0)); then
  for attempt in 1 2 3; do
    if install "${packages[@]}" >"$log" 2>&1; then break; fi
    if ((attempt == 3)); then
      cat "$log" >&2
      exit 1
    fi
    sleep 5
  done
fi

if answers; then exit 0; fi

# overlay2 where the kernel and the disk allow it; vfs copies every layer, but works anywhere.
start() {
  local options=()
  if [[ -n ${1:-} ]]; then options=(--storage-driver "$1"); fi
  rm -f /var/run/docker.pid
  setsid nohup dockerd "${options[@]}" >/var/log/dockerd.log 2>&1 </dev/null &
  local daemon=$!
  for _ in $(seq 120); do
    if answers; then return 0; fi
    if ! kill -0 "$daemon" 2>/dev/null; then return 1; fi
    sleep 0.5
  done
  kill "$daemon" 2>/dev/null || true
  return 1
}
if ! start && ! start vfs; then
  echo "Docker does not start on this machine:" >&2
  tail -n 20 /var/log/dockerd.log >&2
  exit 1
fi
