#!/usr/bin/env bash
# Readies what tests on the rig need and what takes minutes once: Docker, the images of the hosts, a real llama-server.
set -euo pipefail
cd "$(dirname "$0")/.."
export DEBIAN_FRONTEND=noninteractive

.ci/docker.sh

missing=()
for package in cmake g++ make; do
  command -v "$package" >/dev/null || missing+=("$package")
done
command -v pip3 >/dev/null || missing+=(python3-pip)
if ((${#missing[@]} > 0)); then
  apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

npm run --silent rig -- build
npm run --silent rig -- llama-server
