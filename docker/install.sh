#!/bin/sh
# Makes /opt/venv of an image: install.sh PROFILE, in a folder with the locks.
#
#   api          the API alone
#   cpu          and the CPU engine
#   paddle-cpu   and PaddleOCR-VL without a GPU, its VLM elsewhere
#   paddle-gpu   and PaddleOCR-VL; PaddlePaddle from PADDLE_INDEX
#
# The list of all Python packages (CycloneDX) is /opt/venv/sbom.json.
set -eu
case $1 in
  api) lock=requirements/api.txt ;;
  cpu) lock=requirements.txt ;;
  paddle-cpu | paddle-gpu) lock=requirements/$1.txt ;;
  *) echo "There is no profile $1: api, cpu, paddle-cpu, paddle-gpu." >&2 && exit 2 ;;
esac
pip="--disable-pip-version-check --no-cache-dir --quiet"
export UV_NO_CACHE=1 UV_COMPILE_BYTECODE=1 UV_SYSTEM_CERTS=1

python3 -m venv /tmp/tools
# shellcheck disable=SC2086
/tmp/tools/bin/python -m pip install $pip --require-hashes -r requirements/uv.txt
install() { # VENV LOCK
  /tmp/tools/bin/uv pip install --quiet --python "$1/bin/python" --require-hashes -r "$2"
}

case $1 in
  paddle-*) # pip, which uses what Paddle's image has in the right version
    python3 -m venv --system-site-packages /opt/venv
    # shellcheck disable=SC2086
    /opt/venv/bin/python -m pip install $pip --require-hashes -r "$lock"
    if [ "$1" = paddle-gpu ]; then
      # shellcheck disable=SC2086
      /opt/venv/bin/python -m pip install $pip --index-url "$PADDLE_INDEX" "$PADDLE"
    fi
    /opt/venv/bin/python -m pip uninstall --quiet --yes pip setuptools
    ;;
  *)
    python3 -m venv --without-pip /opt/venv
    install /opt/venv "$lock"
    ;;
esac

install /tmp/tools requirements/sbom.txt
/tmp/tools/bin/cyclonedx-py environment --output-reproducible --output-file /opt/venv/sbom.json /opt/venv/bin/python
/tmp/tools/bin/uv pip list --quiet --python /opt/venv/bin/python --format freeze | grep -iE '^(fastapi|rapidocr|paddle)'
rm -r /tmp/tools
