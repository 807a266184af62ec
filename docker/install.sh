#!/bin/sh
# Makes /opt/venv of an image: install.sh PROFILE, in a folder with the locks.
#
#   api          the API alone
#   cpu          and the CPU engine
#   paddle-cpu   and PaddleOCR-VL without a GPU, its VLM elsewhere
#   paddle-gpu   and PaddleOCR-VL; PaddlePaddle from PADDLE_INDEX
#
# What the base image has in the right version is used from there. The list of all Python packages (CycloneDX) is
# /opt/venv/sbom.json.
set -eu
case $1 in
  api) lock=requirements/api.txt ;;
  cpu) lock=requirements.txt ;;
  paddle-cpu | paddle-gpu) lock=requirements/$1.txt ;;
  *) echo "There is no profile $1: api, cpu, paddle-cpu, paddle-gpu." >&2 && exit 2 ;;
esac
pip="/opt/venv/bin/python -m pip --disable-pip-version-check --no-cache-dir --quiet"

python3 -m venv --system-site-packages /opt/venv
$pip install --require-hashes -r "$lock"
if [ "$1" = paddle-gpu ]; then
  $pip install --index-url "$PADDLE_INDEX" "$PADDLE"
fi

python3 -m venv /tmp/sbom
/tmp/sbom/bin/python -m pip --disable-pip-version-check --no-cache-dir --quiet install --require-hashes -r requirements/sbom.txt
/tmp/sbom/bin/cyclonedx-py environment --output-reproducible --output-file /opt/venv/sbom.json /opt/venv/bin/python
rm -r /tmp/sbom
/opt/venv/bin/python -m pip list --disable-pip-version-check --format freeze | grep -iE '^(fastapi|rapidocr|paddle)'
$pip uninstall --yes pip setuptools
