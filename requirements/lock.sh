#!/usr/bin/env bash
# Makes the hashed locks from pyproject.toml, one set for Python 3.10 to 3.13. Arguments go to uv (--upgrade).
#
# uv writes its command into the head of each lock. Renovate (.github/renovate.json) reads it there and runs it again, so
# it has only options that Renovate knows, and "=" between an option and its value.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PATH:$PWD/.venv-uv/bin # made by run.sh
lock() { # OUTPUT [EXTRA...]
  local output=$1
  shift
  compile "$output" pyproject.toml "${@/#/--extra=}"
}
compile() { # OUTPUT SOURCE...
  local output=$1
  shift
  uv pip compile "$@" --universal --python-version=3.10 --generate-hashes --output-file="$output" --quiet "${uv_options[@]}"
}
uv_options=("$@")
lock requirements/api.txt
lock requirements.txt cpu
lock requirements/test.txt cpu test lint
lock requirements/paddle-cpu.txt paddle paddle-cpu
lock requirements/paddle-gpu.txt paddle
lock requirements/paddle-test.txt paddle paddle-cpu paddle-test test
compile requirements/docs.txt --group=docs
compile requirements/sbom.txt --group=sbom
compile requirements/uv.txt --group=installer
