#!/usr/bin/env bash
# Builds images with buildah, which needs no daemon, and runs test_containers.py on them:
#
#   tests/docker/images.sh [PYTHON]         api, worker-cpu and service-cpu
#   GPU=1 tests/docker/images.sh [PYTHON]   worker-gpu, too, with PaddlePaddle for the CPU; PYTHON: .venv-paddle-test/bin/python
#
# As root, on Debian or Ubuntu. Where no registry can be reached, a Debian stands in for python:3.11-slim-bookworm.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
python=${1:-.venv-test/bin/python}
export STORAGE_DRIVER=${STORAGE_DRIVER:-overlay} BUILDAH_ISOLATION=chroot BUILDAH_FORMAT=docker BUILDER=buildah
name=docker.io/library/python:3.11-slim-bookworm

need() { # PACKAGE…: from Debian, where a program of this name is missing
  local package
  for package; do
    command -v "$package" >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$package" >/dev/null; }
  done
}

stand_in() {
  local folder container
  need debootstrap || return
  folder=$(mktemp -d)
  debootstrap --variant=minbase --include=python3,python3-venv,python3-pip,ca-certificates bookworm "$folder" >/dev/null || return
  ln -s /usr/bin/python3 "$folder/usr/local/bin/python"
  rm -f "$folder"/usr/lib/python3*/EXTERNALLY-MANAGED
  # Whom this machine trusts, the image trusts while it is built.
  cp /etc/ssl/certs/ca-certificates.crt "$folder/etc/ssl/certs/"
  printf '[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n' >"$folder/etc/pip.conf"
  container=$(buildah from scratch)
  buildah add -q "$container" "$folder" / >/dev/null
  buildah config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
  buildah commit -q "$container" "$name" >/dev/null
  buildah rm "$container" >/dev/null
  rm -r "$folder"
}

# A container of the base, that does nothing.
probe() {
  local container
  need buildah || return
  buildah images -q "$name" >/dev/null 2>&1 || timeout 60 buildah pull -q "$name" 2>/dev/null || stand_in || return
  container=$(buildah from --pull-never "$name") || return
  buildah run "$container" -- true || return
  buildah rm "$container" >/dev/null
}

probe || { echo "Containers cannot be run here: the images are not tested." >&2; exit 3; }
./build.sh api service-cpu
if [[ -n ${GPU:-} ]]; then
  buildah build --build-arg BASE=python:3.11-slim-bookworm --build-arg PROFILE=paddle-cpu --build-arg WARM_UP= \
    --tag paddleocr-vl-service-worker-gpu:latest --file docker/worker-gpu.Dockerfile .
fi
TEST_IMAGES=1 "$python" -I -S app/processes/die_with_parent.py $$ "$python" -m pytest -ra --timeout 400 tests/docker/test_containers.py
