#!/usr/bin/env bash
# PaddleOCR-VL Service on this machine: ./run.sh help lists the commands.
#
# PYTHON picks the interpreter (3.10 to 3.13), VENV the folder of the virtual environment. ENGINE=paddleocr_vl has an
# environment of its own, with PaddlePaddle for the GPU where there is one.
set -euo pipefail

# Links to this file are followed: what belongs to it lies beside it.
self=${BASH_SOURCE[0]}
while [[ -L $self ]]; do
  link=$(readlink "$self")
  [[ $link == /* ]] || link=$(dirname "$self")/$link
  self=$link
done
here=$(CDPATH='' cd "$(dirname "$self")" && pwd -P)

# What the user's environment tells Python, pip and uv to do elsewhere is not meant for us; where packages come from is.
for name in "${!PYTHON@}" "${!PIP_@}" "${!UV_@}"; do
  case $name in
    PYTHON | PYTHONDONTWRITEBYTECODE | PYTHONFAULTHANDLER | PYTHONHASHSEED | PYTHONIOENCODING | PYTHONPYCACHEPREFIX) ;;
    PYTHONUNBUFFERED | PYTHONUTF8 | PYTHONWARNINGS) ;;
    PIP_CACHE_DIR | PIP_CERT | PIP_CLIENT_CERT | PIP_CONFIG_FILE | PIP_DEFAULT_TIMEOUT | PIP_EXTRA_INDEX_URL) ;;
    PIP_FIND_LINKS | PIP_INDEX_URL | PIP_KEYRING_PROVIDER | PIP_NO_CACHE_DIR | PIP_NO_INDEX | PIP_PROXY | PIP_RETRIES) ;;
    PIP_TIMEOUT | PIP_TRUSTED_HOST) ;;
    UV_CACHE_DIR | UV_CONCURRENT_* | UV_CONFIG_FILE | UV_DEFAULT_INDEX | UV_EXTRA_INDEX_URL | UV_FIND_LINKS | UV_HTTP_*) ;;
    UV_INDEX | UV_INDEX_* | UV_INSECURE_HOST | UV_KEYRING_PROVIDER | UV_LINK_MODE | UV_NATIVE_TLS | UV_NO_CACHE) ;;
    UV_OFFLINE | UV_REQUEST_TIMEOUT | UV_SYSTEM_CERTS) ;;
    *) unset "$name" ;;
  esac
done
export PIP_USER=0 # pip.conf may say otherwise

fail() { printf '%s\n' "$*" >&2; exit 1; }

find_python() {
  local candidate found candidates=(python3 python3.13 python3.12 python3.11 python3.10)
  [[ -z ${PYTHON:-} ]] || candidates=("$PYTHON")
  for candidate in "${candidates[@]}"; do
    if "$candidate" -I -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 14))' 2>/dev/null; then
      found=$(command -v "$candidate")
      absolute "$found"
      return
    fi
  done
  fail "No Python 3.10 to 3.13 found${PYTHON:+ at PYTHON=$PYTHON}. Install one (Debian: apt install python3 python3-venv) or name it: PYTHON=/path/to/python3 ./run.sh"
}

absolute() { if [[ $1 == /* ]]; then echo "$1"; else echo "$PWD/$1"; fi; }

# any_python: an interpreter for what needs the standard library alone.
any_python() {
  local candidate
  for candidate in ${VENV:+"$VENV/bin/python"} "$here"/.venv*/bin/python; do
    if [[ -x $candidate ]] && "$candidate" -I -S -c '' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
  find_python
}

# read_settings: sets $engine and $device to what the service will read in the environment and in .env.
read_settings() {
  local python settings
  python=$(any_python) || exit 1
  settings=$("$python" -I -S "$here/app/env_file.py" ENGINE,OCR_ENGINE DEVICE) || exit 2
  { IFS= read -r engine && IFS= read -r device || true; } <<<"$settings"
  engine=$(tr '[:upper:]' '[:lower:]' <<<"$engine")
  [[ $engine != vllm ]] || engine=paddleocr_vl
}

# holds VENV FILE…: whether VENV has been installed from these files, and works.
holds() {
  local folder=$1
  shift
  [[ -x $folder/bin/python && $(cat "$folder/.lock" 2>/dev/null) == "$(stamp "$@")" ]] && "$folder/bin/python" -I -c '' 2>/dev/null
}

stamp() { cat "${@/#/$here/}" | sha256sum | cut -d' ' -f1; }

# install_uv PYTHON: the pinned uv, in an environment of its own beside $venv; sets $uv.
install_uv() {
  local folder config pair variable value
  folder=$(dirname "$venv")/.venv-uv
  uv=$folder/bin/uv
  if ! holds "$folder" requirements/uv.txt; then
    "$1" -I -c 'import venv, ensurepip' 2>/dev/null \
      || fail "$1 has no venv module. On Debian or Ubuntu: apt install python3-venv (or python$("$1" -I -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv)"
    "$1" -I -m venv --clear "$folder"
    "$folder/bin/python" -I -m pip install --quiet --disable-pip-version-check --require-hashes -r "$here/requirements/uv.txt" >&2 \
      || fail "uv could not be installed; the lines above say why. Run the same command again to retry."
    [[ -x $uv ]] || fail "pip did not install uv into $folder: its configuration file names another place. See 'pip config list'."
    stamp requirements/uv.txt >"$folder/.lock"
  fi
  # A mirror, certificate or proxy that pip is configured with is used by uv, too.
  config=$("$folder/bin/python" -I -m pip config list 2>/dev/null || true)
  for pair in UV_DEFAULT_INDEX=index-url SSL_CERT_FILE=cert ALL_PROXY=proxy; do
    variable=${pair%=*} value=$(sed -nE "s/^[^.]+\.${pair#*=}='(.*)'$/\1/p" <<<"$config" | head -n 1)
    [[ -n ${!variable:-} || -z $value ]] || export "$variable=$value"
  done
}

# install SIZE LOCK [UNHASHED]: makes $venv hold exactly what LOCK lists, with hashes, and then what UNHASHED does; does
# nothing, without network, where it does already.
install() (
  local size=$1 lock=$2 unhashed=${3:-} python
  holds "$venv" "$lock" ${unhashed:+"$unhashed"} && return
  python=$(find_python)
  echo "Installing into $venv with $("$python" --version) (once; about $size) …" >&2
  install_uv "$python"
  # uv reads pyproject.toml and uv.toml of the current folder.
  cd "$here"
  "$uv" venv --quiet --clear --python "$python" "$venv"
  "$uv" pip install --python "$venv/bin/python" --require-hashes -r "$here/$lock" \
    || fail "The installation failed; the lines above say where. Run the same command again to retry."
  # Paddle's index also has packages that the lock has taken from PyPI: the best of both, as pip does it.
  [[ -z $unhashed ]] || "$uv" pip install --python "$venv/bin/python" --index-strategy unsafe-best-match -r "$here/$unhashed" \
    || fail "The installation of PaddlePaddle failed; the lines above say where. Run the same command again to retry, or set DEVICE=cpu."
  stamp "$lock" ${unhashed:+"$unhashed"} >"$venv/.lock"
)

# The lines that begin with "##" are what ./run.sh help prints.
main() {
  [[ -z ${VENV:-} ]] || VENV=$(absolute "$VENV")
  case ${1:-serve} in
    ## Usage: ./run.sh [COMMAND]
    ##
    ##   serve                           install what is missing, run the service until Ctrl-C (the default)
    ##   parse FILE_OR_URL… [-o FOLDER]  convert documents to markdown, without a running service
    ##   api                             run only the API; workers run elsewhere
    ##   openapi                         print the OpenAPI document of the HTTP API
    ##   --version                       print the version
    serve | parse | api | openapi | --version)
      export UV_COMPILE_BYTECODE=1 # the first start is as quick as any other
      read_settings
      if [[ $engine != paddleocr_vl ]]; then
        venv=${VENV:-$here/.venv}
        install "500 MB" requirements.txt
      elif [[ $device != cpu ]] && nvidia-smi >/dev/null 2>&1; then
        venv=${VENV:-$here/.venv-paddle-gpu}
        install "several GB" requirements/paddle-gpu.txt requirements/paddlepaddle-gpu.txt
      else
        venv=${VENV:-$here/.venv-paddle}
        install "1.8 GB" requirements/paddle-cpu.txt
      fi
      exec "$venv/bin/python" "$here/app/processes/launch.py" -m app "$@" # -m alone would run an "app" of the current folder
      ;;
    ##   gpu [--external-vlm URL] [--check]
    ##                                   check this machine, run the service on its NVIDIA GPU with docker compose
    gpu) shift; exec "$here/docker/gpu.sh" "$@" ;;
    ##   help                            print this text
    help | -h | --help) sed -n 's/^ *## \{0,1\}//p' "$here/run.sh" ;;
    ##
    ## For contributors:
    ##
    ##   setup                           install the tools and what the tests need; add the git hooks
    setup)
      use_tests_environment
      exec pre-commit install
      ;;
    ##   docs [serve]                    build the documentation into site/, or serve it while you edit it
    docs)
      shift
      venv=${VENV:-$here/.venv-docs}
      install "130 MB" requirements/docs.txt
      cd "$here"
      exec "$venv/bin/mkdocs" "${@:-build}"
      ;;
    ##   test [PYTEST_ARGUMENT…]         run pytest; without arguments, the same as check
    test)
      shift
      read_settings
      if [[ $engine == paddleocr_vl ]]; then
        use_paddle_environment "${VENV:-}"
        exec python -m pytest "${@:-tests/paddleocr_vl}"
      elif [[ $# != 0 ]]; then
        use_tests_environment
        exec python -m pytest "$@"
      fi
      main check
      ;;
    ##   check [PART…]                   run these parts of all checks; by default, all but images and compat:
    check)
      shift
      [[ $# != 0 ]] || set -- lint unit integration docs vl coverage
      local part began
      for part; do
        began=$SECONDS
        echo "== $part"
        run_part "$part"
        echo "== $part: $((SECONDS - began)) s"
      done
      ;;
    *)
      echo "Unknown command: $1" >&2
      main help >&2
      exit 2
      ;;
  esac
}

run_part() {
  case $1 in
    ##     lint                          ruff, mypy, licences of the packages
    lint)
      use_tests_environment
      tied ruff check .
      tied ruff format --check .
      tied mypy
      check_licences
      ;;
    ##     unit                          tests/unit; records its coverage
    unit)
      use_tests_environment
      tied coverage erase
      tied coverage run -m pytest "${side_by_side[@]}" tests/unit
      ;;
    ##     integration                   all other tests; records the coverage of the fast ones
    integration)
      use_tests_environment
      tied coverage run -m pytest "${side_by_side[@]}" -m "integration and $fast"
      tied python -m pytest "${side_by_side[@]}" -m "integration and slow and not serial" --ignore "$docs"
      tied python -m pytest -m "integration and serial"
      ;;
    ##     docs                          the commands, links and names in the documents; builds the documentation
    docs)
      use_tests_environment
      tied python -m pytest "$docs"
      tied env -u VENV "$here/run.sh" docs
      ;;
    ##     vl                            the engine paddleocr_vl, in its own environment; records its coverage
    vl)
      use_paddle_environment
      check_licences
      tied coverage run -m pytest "${side_by_side[@]}" tests/paddleocr_vl
      ;;
    ##     coverage                      at least 90 % of the code is covered by unit, integration and vl
    coverage)
      use_tests_environment
      tied coverage combine --quiet
      tied coverage report
      ;;
    ##     images                        build the images and test containers of them; needs root and buildah
    images)
      use_tests_environment
      tied tests/docker/images.sh "$venv/bin/python"
      ;;
    ##     compat                        the fast tests with another interpreter: PYTHON=python3.13 VENV=.venv-3.13
    compat)
      use_tests_environment
      tied python -m pytest -q -m "$fast"
      ;;
    *) fail "Unknown part: $1. ./run.sh help lists the parts." ;;
  esac
}

docs=tests/integration/test_docs.py
fast="not slow and not serial"
side_by_side=(-n logical --maxprocesses 4 --dist loadfile)

use_tests_environment() { use_environment "${VENV:-$here/.venv-test}" "600 MB" requirements/test.txt; }

use_paddle_environment() { use_environment "${1:-$here/.venv-paddle-test}" "1.8 GB" requirements/paddle-test.txt; }

# use_environment VENV SIZE LOCK: installs it where it is missing, and lets the commands that follow use it.
use_environment() {
  venv=$1
  install "$2" "$3"
  cd "$here"
  export PYTHONPATH=$here PATH=$venv/bin:$PATH
}

# tied COMMAND…: COMMAND ends with this script, even if that is killed.
tied() { python -I -S app/processes/die_with_parent.py $$ "$@"; }

check_licences() { tied pip-licenses --from=mixed --partial-match --fail-on='AGPL;Affero' >/dev/null; }

main "$@"
