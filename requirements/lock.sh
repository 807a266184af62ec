#!/usr/bin/env bash
# Makes the hashed locks from pyproject.toml, one set for Python 3.10 to 3.13. Needs uv. Arguments go to uv (--upgrade).
set -euo pipefail
cd "$(dirname "$0")/.."
lock() { # OUTPUT [EXTRA...]
  local output=$1 extras=()
  shift
  for extra; do extras+=(--extra "$extra"); done
  uv pip compile pyproject.toml --quiet --universal --python-version 3.10 --generate-hashes --no-emit-index-url --no-emit-find-links \
    --custom-compile-command requirements/lock.sh --output-file "$output" "${extras[@]}" "${uv_options[@]}"
}
uv_options=("$@")
lock requirements/api.txt
lock requirements.txt cpu
lock requirements/test.txt cpu test
lock requirements/paddle-cpu.txt paddle paddle-cpu
lock requirements/paddle-gpu.txt paddle
lock requirements/paddle-test.txt paddle paddle-cpu paddle-test test
