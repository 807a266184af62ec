#!/usr/bin/env bash
# PaddleOCR-VL Service on this machine.
#
#   ./run.sh                              install what is missing, start the service, print its address
#   ./run.sh parse FILE_OR_URL… -o out/   documents to markdown, without a running service
#   ./run.sh test [PYTEST_ARGUMENT…]      install what the tests need, run them; without arguments all checks, too
#
# PYTHON picks the interpreter (3.10 to 3.13), VENV the folder of the virtual environment.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

fail() { printf '%s\n' "$*" >&2; exit 1; }

find_python() {
  local candidate
  for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python3.10}; do
    if "$candidate" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 14))' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
  fail "No Python 3.10 to 3.13 found${PYTHON:+ at PYTHON=$PYTHON}. Install one (Debian: apt install python3 python3-venv) or name it: PYTHON=/path/to/python3 ./run.sh"
}

# install LOCK: makes $venv hold exactly what LOCK lists; does nothing, without network, where it does already.
install() {
  local lock=$1 python stamp
  stamp=$(sha256sum "$here/$lock" | cut -d' ' -f1)
  [[ -x $venv/bin/python && $(cat "$venv/.lock" 2>/dev/null) == "$stamp" ]] && "$venv/bin/python" -c '' 2>/dev/null && return
  python=$(find_python)
  "$python" -c 'import venv, ensurepip' 2>/dev/null \
    || fail "$python has no venv module. On Debian or Ubuntu: apt install python3-venv (or python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv)"
  echo "Installing into $venv with $("$python" --version) (once; about 500 MB) …" >&2
  "$python" -m venv --clear "$venv"
  "$venv/bin/python" -m pip install --disable-pip-version-check --require-hashes -r "$here/$lock" >&2 \
    || fail "The installation failed; the lines above say where. Run the same command again to retry."
  echo "$stamp" >"$venv/.lock"
}

export PYTHONPATH=$here
case ${1:-serve} in
  test)
    shift
    venv=${VENV:-$here/.venv-test}
    install requirements/test.txt
    cd "$here"
    PATH=$venv/bin:$PATH
    [[ $# == 0 ]] || exec python -m pytest "$@"
    ruff check .
    ruff format --check .
    mypy
    pip-licenses --from=mixed --partial-match --fail-on='AGPL;Affero' >/dev/null
    coverage erase
    coverage run -m pytest
    coverage combine --quiet
    coverage report
    ;;
  *)
    venv=${VENV:-$here/.venv}
    install requirements.txt
    exec "$venv/bin/python" -m app "$@"
    ;;
esac
