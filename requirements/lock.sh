#!/usr/bin/env bash
# Makes the hashed locks from pyproject.toml, one set for Python 3.10 to 3.13. Needs uv. Arguments go to uv (--upgrade).
set -euo pipefail
cd "$(dirname "$0")/.."
lock() { # OUTPUT [EXTRA...]
  local output=$1 sources=(pyproject.toml)
  shift
  for extra; do sources+=(--extra "$extra"); done
  compile "$output" "${sources[@]}"
}
compile() { # OUTPUT SOURCE...
  local output=$1
  shift
  uv pip compile "$@" --quiet --universal --python-version 3.10 --generate-hashes --no-emit-index-url --no-emit-find-links \
    --custom-compile-command requirements/lock.sh --output-file "$output" "${uv_options[@]}"
}
uv_options=("$@")
lock requirements/api.txt
lock requirements.txt cpu
lock requirements/test.txt cpu test lint
lock requirements/paddle-cpu.txt paddle paddle-cpu
lock requirements/paddle-gpu.txt paddle
lock requirements/paddle-test.txt paddle paddle-cpu paddle-test test
compile requirements/sbom.txt --group sbom
compile requirements/uv.txt --group installer
